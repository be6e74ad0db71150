"""Small ASGI apps that real servers run."""

import signal
import socket
import threading
from os import _exit, getpid

from hawkapi._errors import HawkAPIError
from hawkapi.runtime.lifespan import conversation


def hello(text: str = "hello"):
    """Make an app with a lifespan that answers everything with `text`."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await conversation(receive, send, startup=nothing, shutdown=nothing)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


async def nothing() -> None:
    pass


async def unable_to_start(scope, receive, send):
    async def startup():
        raise RuntimeError("the database is away")

    await conversation(receive, send, startup=startup, shutdown=nothing)


def load_file(path, bell=None):
    """Make the app that the text of a file describes, and ring the bell by the number of the process."""
    text = path.read_text()
    if text == "deaf":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    if bell is not None:
        with socket.create_connection(bell) as connection:
            connection.sendall(b"%d" % getpid())
    if text in ("deaf", "slow"):
        threading.Event().wait()
    if text.startswith("error: "):
        raise HawkAPIError(text)
    return unable_to_start if text == "unable to start" else hello(text)


def load_and_die():
    _exit(7)
