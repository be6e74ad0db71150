import os
import sys
from types import ModuleType

import pytest
import zstandard

from hawkapi.middleware import codings
from tests.middleware.answers import TEXT, reader


class StandardZstd(ModuleType):
    """What Python 3.14 brings as `compression.zstd`, as far as it is used, made of `zstandard`."""

    class CompressionParameter:
        compression_level, window_log, hash_log, chain_log = "level", "window_log", "hash_log", "chain_log"

    class ZstdCompressor:
        FLUSH_BLOCK, FLUSH_FRAME = 1, 2

        def __init__(self, *, options):
            parameters = zstandard.ZstdCompressionParameters.from_level(options.pop("level"), **options)
            self._made = zstandard.ZstdCompressor(compression_params=parameters).compressobj()

        def compress(self, data):
            return self._made.compress(data)

        def flush(self, mode=FLUSH_FRAME):
            modes = {1: zstandard.COMPRESSOBJ_FLUSH_BLOCK, 2: zstandard.COMPRESSOBJ_FLUSH_FINISH}
            return self._made.flush(modes[mode])

    @staticmethod
    def compress(data, level=None):
        return zstandard.ZstdCompressor(level=level).compress(data)


def standard_zstd(monkeypatch):
    monkeypatch.setitem(sys.modules, "compression", ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", StandardZstd("compression.zstd"))
    return codings.zstd()


def installed_zstd(monkeypatch):
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    return codings.zstd()


def installed_brotli(monkeypatch):
    return codings.brotli()


def gzip(monkeypatch):
    return codings.gzip(6)


every_coding = pytest.mark.parametrize("make", [gzip, installed_brotli, installed_zstd, standard_zstd])


@every_coding
@pytest.mark.parametrize("size", [0, 1, 10, 300, 70_000, 300_000])
def test_a_whole_body_comes_back(make, size, monkeypatch):
    coding = make(monkeypatch)
    body = (TEXT * 100)[: size // 2] + os.urandom(size - size // 2)
    for _ in range(2):
        assert reader(coding.name.decode())(coding.whole(body)) == body


@every_coding
@pytest.mark.parametrize("way", ["stream", "events"])
def test_each_part_of_a_stream_can_be_read_when_it_comes(make, way, monkeypatch):
    coding = make(monkeypatch)
    encoder = getattr(coding, way)()
    decode = reader(coding.name.decode())
    parts = [b"one", TEXT, b"three", os.urandom(200_000)]
    assert [decode(encoder.part(part)) for part in parts] == parts
    assert decode(encoder.last(b"the end")) == b"the end"


@every_coding
@pytest.mark.parametrize("way", ["stream", "events"])
def test_a_stream_of_like_parts_gets_smaller(make, way, monkeypatch):
    encoder = getattr(make(monkeypatch), way)()
    first = encoder.part(TEXT[:105])
    assert len(encoder.part(TEXT[:105])) < len(first) < 105


def test_the_level_of_gzip_tells():
    body = b"".join(b'{"id": %d, "tag": "%d"}' % (n, n * 7919 % 1009) for n in range(2000))
    assert len(codings.gzip(9).whole(body)) < len(codings.gzip(1).whole(body))


def test_equal_bodies_are_coded_alike():
    assert codings.gzip(6).whole(TEXT) == codings.gzip(6).whole(TEXT)


def test_brotli_may_come_from_another_library(monkeypatch):
    other = ModuleType("brotlicffi")
    other.compress = lambda data, *, quality: b"other"
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setitem(sys.modules, "brotlicffi", other)
    assert codings.brotli().whole(b"x") == b"other"


def test_without_its_library_there_is_no_coding(monkeypatch):
    for name in ("brotli", "brotlicffi", "zstandard", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert codings.brotli() is None
    assert codings.zstd() is None
