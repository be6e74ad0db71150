"""Each server on each of its event loops, as a real process: what it carries, and how it stops."""

import signal
import socket
import time
from http.client import HTTPConnection
from types import SimpleNamespace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.conftest import hawkapi

SERVERS = ["uvicorn-asyncio", "uvicorn-uvloop", "anycorn-trio", "granian-uvloop"]


def run(name, *arguments, app="app", **environment):
    server, backend = name.split("-")
    return hawkapi("run", f"tests.e2e.app:{app}", "--server", server, "--backend", backend, *arguments, **environment)


def websocket(server):
    return connect("ws://{}:{}/ws".format(*server.address), open_timeout=20)


@pytest.fixture(params=SERVERS)
def name(request):
    return request.param


@pytest.fixture(scope="class", params=SERVERS)
def server(request):
    with run(request.param) as server:
        yield server


class TestServing:
    def test_a_request_is_answered(self, server):
        status, headers, body = server.ask("GET", "/")
        assert (status, headers["content-type"], body) == (200, "application/json", b'"hello"')

    def test_a_sync_handler_answers(self, server):
        assert server.ask("GET", "/sync")[2] == b'"from a thread"'

    def test_what_the_lifespan_yields_reaches_requests(self, server):
        assert server.ask("GET", "/state")[2] == b'"hello"'

    def test_a_body_arrives_whole(self, server):
        assert server.ask("POST", "/size", bytes(3_000_000))[2] == b"3000000"

    def test_a_connection_is_kept_for_the_next_request(self, server):
        connection = server.connect()
        for _ in range(3):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b'"hello"'
            assert connection.sock is not None  # the client has not closed it, as it does when the server will
        connection.close()

    def test_the_first_chunk_arrives_before_there_is_a_second(self, server):
        connection = server.connect()
        connection.request("GET", "/two")
        response = connection.getresponse()
        assert response.read(3) == b"one"
        assert server.ask("POST", "/go")[0] == 201
        assert response.read() == b"two"
        connection.close()

    def test_an_event_arrives_at_once(self, server):
        connection = server.connect()
        connection.request("GET", "/events")
        response = connection.getresponse()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.readline() == b"data: first\n"
        connection.close()

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_request_with_a_length_and_chunks_too_is_the_last_of_its_connection(self, server, order):
        framing = ["Content-Length: 4", "Transfer-Encoding: chunked"][::order]
        head = "\r\n".join(["GET / HTTP/1.1", "Host: localhost", *framing])
        with socket.create_connection(server.address, timeout=20) as connection:
            connection.sendall(f"{head}\r\n\r\n0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in answer.lower()

    def test_a_websocket_echoes(self, server):
        with websocket(server) as ws:
            for text in ("one", "two"):
                ws.send(text)
                assert ws.recv(20) == f"echo: {text}"

    def test_a_background_task_runs_after_the_response(self, server):
        assert server.ask("POST", "/task")[0] == 201
        assert server.ask("GET", "/done")[2] == b"true"

    def test_a_generator_is_cleaned_up_within_a_second_of_the_disconnect(self, server):
        connection = server.connect()
        connection.request("GET", "/endless")
        connection.getresponse().read(1000)
        connection.sock.close()
        connection.close()
        assert server.ask("GET", "/cleaned")[2] == b"true"


def test_an_answer_to_a_request_from_before_the_signal_ends_its_connection_during_the_delay_too(name):
    with run(name, DELAY="60") as server:
        connection = server.connect()
        connection.request("GET", "/slow")
        server.wait_for("app: slow request")
        server.signal()
        answer = connection.getresponse()
        answer.close()
        connection.close()
        assert answer.headers["connection"] == "close"
        server.signal()
        assert server.wait() == 0


@pytest.fixture(scope="class", params=SERVERS)
def stopped(request):
    """Stop a server while all kinds of requests are open; return what their clients saw."""
    with run(request.param, DELAY="1.2") as server:
        assert server.ask("GET", "/")[0] == 200
        events, slow = server.connect(), server.connect()
        events.request("GET", "/events")
        event_stream = events.getresponse()
        assert event_stream.readline() == b"data: first\n"
        slow.request("GET", "/slow")
        server.wait_for("app: slow request")
        with websocket(server) as ws:
            server.signal()
            server.wait_for("app: drain hook")
            seen = SimpleNamespace(ready=server.ask("GET", "/readyz"), late=server.ask("GET", "/"))
            with pytest.raises(ConnectionClosed) as closed:
                ws.recv(20)
        seen.close = closed.value.rcvd
        seen.rest_of_events = event_stream.read()
        response = slow.getresponse()
        seen.slow = response.status, response.headers["connection"], response.read()
        seen.code = server.wait()
        seen.output = server.output
        events.close()
        slow.close()
        return seen


class TestStop:
    def test_the_readiness_probe_fails_at_once(self, stopped):
        status, _, body = stopped.ready
        assert status == 503
        assert b'"draining"' in body

    def test_new_requests_are_served_during_the_delay(self, stopped):
        assert stopped.late[0] == 200

    def test_clients_are_told_to_leave_the_connection(self, stopped):
        assert stopped.late[1]["connection"] == "close"
        assert stopped.slow[1] == "close"

    def test_a_websocket_is_closed_as_for_a_restart(self, stopped):
        assert stopped.close.code == 1012

    def test_an_event_stream_ends_as_if_complete(self, stopped):
        assert stopped.rest_of_events.startswith(b"\n")  # and the read raised nothing

    def test_a_request_of_two_seconds_is_answered(self, stopped):
        assert (stopped.slow[0], stopped.slow[2]) == (200, b'"slow"')

    def test_the_hooks_run_in_their_order(self, stopped):
        said = [line for line in stopped.output.splitlines() if line.startswith("app: ")]
        assert said == ["app: slow request", "app: drain hook", "app: lifespan left", "app: shutdown hook"]

    def test_the_exit_code_is_0(self, stopped):
        assert stopped.code == 0

    def test_nothing_is_said_of_an_error(self, stopped):
        assert "Traceback" not in stopped.output
        assert "rror" not in stopped.output


def test_a_second_signal_skips_the_delay(name):
    with run(name, DELAY="60") as server:
        assert server.ask("GET", "/")[0] == 200
        server.signal()
        server.wait_for("app: drain hook")
        server.signal()
        assert server.wait() == 0
        assert "app: shutdown hook" in server.output


def test_a_third_signal_ends_the_process_at_once(name):
    with run(name, DELAY="0", GRACE="60") as server:
        stuck = server.connect()
        stuck.request("GET", "/stuck")
        server.wait_for("app: stuck request")
        server.signal()
        server.wait_for("app: drain hook")
        server.signal(signal.SIGINT)
        server.signal()
        code = server.wait()
        stuck.close()
    assert code in (128 + signal.SIGINT, 128 + signal.SIGTERM)  # two at the same moment come in either order


def test_a_request_that_outlives_the_grace_does_not_hold_the_stop(name):
    with run(name, DELAY="0", GRACE="0.3") as server:
        stuck = server.connect()
        stuck.request("GET", "/stuck")
        server.wait_for("app: stuck request")
        server.signal()
        assert server.wait() == 0
        assert "app: shutdown hook" in server.output
        stuck.close()


def test_a_client_that_stops_reading_does_not_hold_the_stop(name):
    with run(name, DELAY="0", GRACE="0.3") as server, socket.create_connection(server.address) as stalled:
        stalled.sendall(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        stalled.recv(1)
        time.sleep(0.5)  # until no buffer takes more; nobody tells when that is
        server.signal()
        assert server.wait() in (0, 1)  # 1: the process had to be ended


def test_a_failed_start_is_told_by_the_exit_code(name):
    with run(name, FAILING_START="1") as server:
        assert server.wait() == 3
        assert "The app did not start: the database is away" in server.output


def test_a_signal_breaks_off_a_start_in_order(name):
    with run(name, SLOW_START="1") as server:
        server.wait_for("app: starting")
        server.signal()
        assert server.wait() == 0
        assert "app: lifespan left" in server.output


def test_an_app_that_is_wrapped_drains_too(name):
    with run(name, app="wrapped") as server:
        assert server.ask("GET", "/")[0] == 200
        server.signal()
        server.wait_for("app: drain hook")
        assert server.ask("GET", "/readyz")[0] == 503
        assert server.wait() == 0


class UnixConnection(HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


def test_a_unix_socket_is_listened_on_and_removed_at_the_end(name, tmp_path):
    path = tmp_path / "app.sock"
    with run(name, "--uds", str(path)) as server:
        connection = UnixConnection(str(path))
        connection.request("GET", "/", headers={"host": "x"})
        assert connection.getresponse().read() == b'"hello"'
        connection.close()
        server.signal()
        assert server.wait() == 0
        assert not path.exists()


def test_workers_share_the_port_and_stop_as_one(name):
    with run(name, "--workers", "2") as server:
        assert server.ask("GET", "/")[0] == 200
        server.signal()
        assert server.wait() == 0


def test_workers_whose_parent_was_killed_stop_too():
    with run("uvicorn-asyncio", "--workers", "2", DELAY="0") as server:
        assert server.ask("GET", "/")[0] == 200
        server.signal(signal.SIGKILL)
        server.wait()  # until nobody holds its output any more
        assert "app: shutdown hook" in server.output  # of the one that answered; the other may still have been starting
