"""`hawkapi run`: an app, served in production."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from functools import partial
from pathlib import Path

from hawkapi.cli.serving import add_arguments, url_of
from hawkapi.cli.target import load_asgi
from hawkapi.server.base import AUTO, SERVERS, BackendError, ServerOptions, choose
from hawkapi.server.life import serve
from hawkapi.server.listener import listening
from hawkapi.server.parent import supervise


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add_arguments(parser)
    parser.add_argument("--uds", type=Path, metavar="PATH", help="listen on a UNIX socket there instead")
    parser.add_argument("--workers", type=_workers, default=1, metavar="N", help="processes (default: %(default)s)")
    parser.add_argument(
        "--server",
        choices=[AUTO, *SERVERS],
        default=AUTO,
        help="what speaks HTTP (default: auto, uvicorn, for trio anycorn)",
    )


def run(arguments: Namespace) -> int:
    """Serve until a signal comes; return 0 after a stop in order, 2 if the server does not run the backend."""
    try:
        server, backend = choose(arguments.server, arguments.backend)
    except BackendError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    options = ServerOptions(
        server=server,
        backend=backend,
        access_log=False,  # one line a request is the app's to write: it knows more of it
        interactive=sys.stdin is not None and sys.stdin.isatty(),
    )
    with listening(arguments.host, arguments.port, arguments.uds) as listener:
        workers = f"{arguments.workers} worker{'s' if arguments.workers > 1 else ''}"
        place = url_of(arguments.host, listener)
        print(f"Serving {arguments.app} on {place} ({backend}, {server}, {workers})", flush=True)
        load = partial(load_asgi, arguments.app)
        if arguments.workers > 1:
            return supervise(load, options, listener, workers=arguments.workers)
        return serve(load, options, listener)


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is no number of workers: 1 or more")
    return int(text)
