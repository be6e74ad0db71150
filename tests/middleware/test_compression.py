import sys

import pytest

from hawkapi.middleware.compression import CompressionMiddleware
from tests.middleware.answers import TEXT, answering, everywhere, get, read
from tests.middleware.edges import BARE, pass_on

EVENTS = [("content-type", "text/event-stream")]


def test_all_that_is_installed_is_offered():
    made = CompressionMiddleware(answering(b""))
    assert (made.encodings, made.minimum_size) == (["zstd", "br", "gzip"], 500)


def test_what_is_not_installed_is_not_offered(monkeypatch):
    for name in ("brotli", "brotlicffi", "zstandard", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert CompressionMiddleware(answering(b"")).encodings == ["gzip"]
    for name, package in (("br", "brotli"), ("zstd", "zstandard")):
        with pytest.raises(ValueError, match=f"encodings: '{name}' needs a library: pip install {package}"):
            CompressionMiddleware(answering(b""), encodings=[name])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"minimum_size": "1"}, TypeError),
        ({"minimum_size": -1}, ValueError),
        ({"encodings": "gzip"}, TypeError),
        ({"encodings": []}, ValueError),
        ({"encodings": ["gzip", "deflate"]}, ValueError),
    ],
)
def test_a_bad_argument_is_named(options, error):
    with pytest.raises(error, match=next(iter(options))):
        CompressionMiddleware(answering(b""), **options)


@everywhere
@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0.9, zstd;q=0.8", "gzip"),
        ("*, zstd;q=0", "br"),
    ],
)
async def test_the_client_decides_and_then_our_preference(wrap, accept, coding):
    wire = await get(wrap(answering(TEXT), CompressionMiddleware), accept)
    assert wire.headers["content-encoding"] == coding
    assert read(wire) == [TEXT]


async def test_the_preference_can_be_given():
    app = CompressionMiddleware(answering(TEXT), encodings=["gzip", "br"])
    assert app.encodings == ["gzip", "br"]
    for accept, coding in (("zstd, br, gzip", "gzip"), ("zstd, br", "br"), ("zstd", None)):
        assert (await get(app, accept)).headers.get("content-encoding") == coding


async def test_events_are_coded_with_what_keeps_least_memory():
    app = CompressionMiddleware(answering(b"data: 1\n\n", b"data: 2\n\n", headers=EVENTS))
    for accept, coding in (("zstd, br, gzip", "gzip"), ("zstd, br", "zstd"), ("br", "br"), ("br, gzip;q=0.5", "br")):
        wire = await get(app, accept)
        assert wire.headers["content-encoding"] == coding
        assert read(wire) == [b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(CompressionMiddleware, scope) is scope
