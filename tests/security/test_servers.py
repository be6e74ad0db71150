"""Rows of security.md about servers and parsers under us: what is required of them, and what they are run with."""

import tomllib
from contextlib import contextmanager
from pathlib import Path

import h11
import pytest
from packaging.requirements import Requirement
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from tests.e2e.conftest import hawkapi

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
MIB = 1024 * 1024

app = HawkAPI(drain=Drain(delay=0))


@app.websocket("/ws", max_size=1024 * MIB)
async def size(ws):
    await ws.accept()
    while True:
        await ws.send_text(str(len(await ws.receive_bytes())))


@contextmanager
def connection(server):
    """Serve the app above, which itself refuses no message, and connect to it; compression is offered."""
    with (
        hawkapi("run", "tests.security.test_servers:app", "--server", server) as process,
        connect("ws://{}:{}/ws".format(*process.address), open_timeout=20) as ws,
    ):
        yield ws


@pytest.mark.parametrize("server", ["uvicorn", "anycorn"])
def test_cve_2018_1000518_a_message_of_16_kib_that_grows_beyond_16_mib_is_refused_by_the_server(server):
    with connection(server) as ws:
        ws.send(bytes(16 * MIB))
        assert ws.recv(20) == str(16 * MIB)
        with pytest.raises(ConnectionClosed) as closed:
            ws.send(bytes(16 * MIB + 1))
            ws.recv(20)
    assert closed.value.rcvd.code == 1009


def test_cve_2018_1000518_granian_takes_no_compressed_message_at_all():
    with connection("granian") as ws:
        assert ws.protocol.extensions == []


@pytest.mark.parametrize("server", ["uvicorn", "anycorn"])
def test_cve_2025_43859_who_installs_a_server_on_h11_gets_one_that_is_not_vulnerable(server):
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"].values()
    required = [{found.name: found.specifier for found in map(Requirement, extra)} for extra in extras]
    with_server = [extra for extra in required if server in extra]
    assert with_server
    assert not any("0.15" in extra["h11"] for extra in with_server)


@pytest.mark.parametrize("end", [b"XX", b"\nX", b"\r\r", b"X\n", b"0\r"])
def test_cve_2025_43859_a_chunk_that_ends_otherwise_than_with_a_line_break_is_refused(end):
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    server.receive_data(b"5\r\naaaaa" + end + b"2\r\nbb\r\n0\r\n\r\n")
    assert isinstance(server.next_event(), h11.Request)
    with pytest.raises(h11.RemoteProtocolError):
        while not isinstance(server.next_event(), h11.EndOfMessage):
            pass
