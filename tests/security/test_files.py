"""Rows of security.md about files, those that are served and those that are sent: each test bears the row's name."""

import tempfile

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.spool import SpooledFile
from hawkapi.staticfiles import StaticFiles
from tests.app.test_uploads import TYPE, form, part
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call
from tests.requests.feeds import pieces

CHUNK = 1024


@pytest.mark.parametrize("name", ["CON.txt.html", "nul.tar.gz", "aux .txt", "LPT9 ", "com1..", "COM¹.a.b"])
@pytest.mark.parametrize("folder", ["", "docs/", "docs/more/"])
async def test_cve_2026_21860_and_2026_27199_a_windows_device_is_absent_with_any_ending_in_any_folder(
    tmp_path, folder, name
):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / name).write_bytes(b"x")
    assert (await exchange(StaticFiles(directory=tmp_path), "GET", f"/{folder}{name}")).status == 404


@pytest.mark.parametrize("name", ["evil", "../evil", "{}/evil", "..\\\\evil", "evil/"])
async def test_cve_2026_24486_no_path_is_built_from_a_filename(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app, found = HawkAPI(limits=Limits(spool=0)), []

    @app.post("/")
    async def handler(f: UploadFile):
        assert f.spooled is not None
        found.extend([*tmp_path.rglob("*evil*"), *tmp_path.parent.glob("evil")])

    body = form(part("f", b"x", name.format(tmp_path)))
    assert (await call(app, "POST", "/", body=body, headers=TYPE)).status == 201
    assert found == []


class Watching(Wire):
    """A server that notes before each message how many bytes of the former ones are not on disk yet."""

    def __init__(self, written, *messages):
        super().__init__(*messages)
        self.written, self.waiting = written, []

    async def receive(self):
        self.waiting.append(self.receives * CHUNK - sum(self.written))
        return await super().receive()


@pytest.mark.parametrize("beginning", [b"", b"\r", b"\n", b"\r\n", b"\r\n--"])
async def test_cve_2023_46136_and_2024_52581_a_file_goes_to_disk_as_it_comes(monkeypatch, beginning):
    """What looks for the end of a file in all of it that has come takes all the memory, and the square of the time."""
    app, written, append = HawkAPI(limits=Limits(spool=64 * 1024)), [], SpooledFile.append

    def watched(self, data):
        written.append(len(data))
        append(self, data)

    monkeypatch.setattr(SpooledFile, "append", watched)

    @app.post("/")
    async def handler(f: UploadFile):
        return f.size

    data = beginning + bytes(4 * 1024 * 1024)
    wire = Watching(written, *chunks(*pieces(form(part("f", data, "f")), CHUNK)))
    assert (await exchange(app, "POST", "/", wire=wire, headers=TYPE)).body == b"%d" % len(data)
    assert max(wire.waiting) < 70_000
