"""`hawkapi dev`: an app, served while it is being written."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from hawkapi._types import ASGIApp
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from hawkapi.cli.routes import route_table
from hawkapi.cli.serving import add_arguments, url_of
from hawkapi.cli.target import load_asgi
from hawkapi.server.base import ServerOptions, choose
from hawkapi.server.life import serve
from hawkapi.server.listener import listening
from hawkapi.server.parent import supervise

QUICK = Drain(delay=0.0, request_grace=0.5, background_grace=0.0, hook_grace=0.0)
"""Nobody polls a readiness probe here, and somebody waits for the reload."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add_arguments(parser)
    parser.add_argument(
        "--reload",
        action=BooleanOptionalAction,
        help="restart when a Python file in this folder changes (default: on where watchfiles is installed)",
    )


def run(arguments: Namespace) -> int:
    """Serve until Ctrl-C; return the exit code of the server."""
    server, backend = choose(backend=arguments.backend)
    reload = find_spec("watchfiles") is not None if arguments.reload is None else arguments.reload
    with listening(arguments.host, arguments.port) as listener:
        url = url_of(arguments.host, listener)
        print(f"Starting HawkAPI dev server: {arguments.app}")
        print(f"  URL      {url}")
        print(f"  Backend  {backend} ({server})")
        print(f"  Reload   {'on' if reload else 'off'}", flush=True)
        options = ServerOptions(server=server, backend=backend, drain=QUICK)
        load = partial(load_and_show, arguments.app, url)
        if reload:
            return supervise(load, options, listener, directory=Path.cwd())
        return serve(load, options, listener)


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
        docs = app.options.docs_url
        if any(route.path == docs for route in app.routes):
            print(f"  Docs     {url}{docs}")
        print("\n".join(["", *route_table([*app.routes, *app.websocket_routes]), ""]), flush=True)
    return app
