"""`hawkapi dev`: an app, served while it is being written."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from socket import AF_INET6, socket

from hawkapi._types import ASGIApp
from hawkapi.app.application import HawkAPI
from hawkapi.cli.routes import route_table
from hawkapi.cli.target import load_asgi
from hawkapi.server.base import BACKENDS, ServerOptions, require_backend, serve
from hawkapi.server.process import bind
from hawkapi.server.reload import supervise


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("app", metavar="APP", help="the app as module:attribute, e.g. main:app")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port, 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--reload",
        action=BooleanOptionalAction,
        help="restart when a Python file in this folder changes (default: on where watchfiles is installed)",
    )
    parser.add_argument(
        "--backend", choices=list(BACKENDS), default="auto", help="event loop (default: auto, the server's own choice)"
    )


def run(arguments: Namespace) -> int:
    """Serve until Ctrl-C; return the exit code of the server."""
    require_backend(arguments.backend)
    reload = find_spec("watchfiles") is not None if arguments.reload is None else arguments.reload
    listener = bind(arguments.host, arguments.port)
    url = _url(arguments.host, listener)
    print(f"Starting HawkAPI dev server: {arguments.app}")
    print(f"  URL      {url}")
    print(f"  Backend  {arguments.backend} ({BACKENDS[arguments.backend].server})")
    print(f"  Reload   {'on' if reload else 'off'}", flush=True)
    options = ServerOptions(backend=arguments.backend)
    load = partial(load_and_show, arguments.app, url)
    if reload:
        return supervise(load, options, listener, Path.cwd())
    with listener:
        return serve(load(), options, listener)


def load_and_show(reference: str, url: str) -> ASGIApp:
    """Import the app, in the process that is going to serve it, and print what it answers to.

    Args:
        reference: The app as `module:attribute`.
        url: Where it will be served.

    Raises:
        TargetError: If the reference leads to no app.
    """
    app = load_asgi(reference)
    if isinstance(app, HawkAPI):
        docs: str | None = getattr(app, "docs_url", None)
        if any(route.path == docs for route in app.routes):
            print(f"  Docs     {url}{docs}")
        print("\n".join(["", *route_table(app.routes), ""]), flush=True)
    return app


def _url(host: str, listener: socket) -> str:
    shown = f"[{host}]" if listener.family == AF_INET6 else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)
