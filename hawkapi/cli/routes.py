"""`hawkapi routes`: what an app answers to."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from hawkapi.cli.target import load_app
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_route import WebSocketRoute


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("app", metavar="APP", help="the app as module:attribute, e.g. main:app")


def run(arguments: Namespace) -> int:
    """Print one line a route."""
    app = load_app(arguments.app)
    for line in route_table([*app.routes, *app.websocket_routes]):
        print(line)
    return 0


def route_table(routes: Iterable[Route | WebSocketRoute]) -> list[str]:
    """Write routes as aligned columns: methods (`WebSocket` for such a route), path, name, handler."""
    rows = [(",".join(sorted(route.methods)), route.path, route.name, _handler(route.handler)) for route in routes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _handler(handler: object) -> str:
    kind = type(handler)  # a callable object is shown as its class
    module = getattr(handler, "__module__", kind.__module__)
    return f"{module}.{getattr(handler, '__qualname__', kind.__qualname__)}"
