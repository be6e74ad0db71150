"""Real processes: `hawkapi dev` and `hawkapi run` as a user starts them."""

import os
import re
import signal
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import pytest

ROOT = Path(__file__).parents[2]
BACKENDS = ["asyncio", "uvloop", "trio"]


class Server:
    """A running `hawkapi`; its output is read line by line, and kept in `output`."""

    def __init__(self, process):
        self.process = process
        self.output = ""
        self.address = self.wait_for("http://([0-9.]+):([0-9]+)|unix:").groups()

    def wait_for(self, pattern):
        """Read on to the line that `pattern` is found in, and return the match."""
        for line in self.process.stdout:
            self.output += line
            match = re.search(pattern, line)
            if match:
                return match
        raise AssertionError(f"the server ended before it said {pattern!r}; it said:\n{self.output}")

    def connect(self):
        """Open a connection; it waits in the queue until the app is served."""
        return HTTPConnection(*self.address, timeout=20)

    def ask(self, method, path, body=None, **headers):
        """Send one request; return status, headers and body."""
        connection = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        answer = response.status, response.headers, response.read()
        connection.close()
        return answer

    def signal(self, number=signal.SIGTERM):
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    def wait(self):
        """Wait for the end; return the exit code."""
        self.output += self.process.stdout.read()
        return self.process.wait(timeout=20)

    def interrupt(self):
        """Press Ctrl-C; return the exit code."""
        self.signal(signal.SIGINT)
        return self.wait()


@contextmanager
def hawkapi(command, *arguments, folder=ROOT, **environment):
    """Run a command that serves, on a free port; whatever happens, it is gone afterwards."""
    program = Path(sys.executable).with_name("hawkapi")
    process = Popen(
        [program, command, *arguments, "--port", "0"],
        cwd=folder,
        stdout=PIPE,
        stderr=STDOUT,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield Server(process)
    finally:
        process.terminate()  # a parent ends those that it has started
        process.wait(timeout=20)
        process.stdout.close()


@pytest.fixture(scope="module", params=BACKENDS)
def quickstart(request):
    """Serve the example, once for all tests of a module and backend."""
    with hawkapi("dev", "examples.quickstart:app", "--no-reload", "--backend", request.param) as server:
        yield server
