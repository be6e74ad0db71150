"""What the commands that serve an app have in common: their arguments, and how they name where they listen."""

from argparse import ArgumentParser, ArgumentTypeError
from socket import AF_INET6, AF_UNIX, socket

from hawkapi.server.base import AUTO, BACKENDS


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the app, the address and the event loop."""
    parser.add_argument("app", metavar="APP", help="the app as module:attribute, e.g. main:app")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port, 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--backend",
        choices=[AUTO, *BACKENDS],
        default=AUTO,
        help="event loop (default: auto, uvloop where it is installed)",
    )


def url_of(host: str, listener: socket) -> str:
    """Name where a socket listens, as `http://host:port` or `unix:path`; the host as given."""
    if listener.family == AF_UNIX:
        return f"unix:{listener.getsockname()}"
    shown = f"[{host}]" if listener.family == AF_INET6 else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)
