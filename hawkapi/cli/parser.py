"""The commands, and how one is found, parsed and run."""

import argparse
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from hawkapi._errors import HawkAPIError
from hawkapi._version import __version__


class Command(NamedTuple):
    """One command of `hawkapi`.

    Args:
        name: As it is typed.
        help: One line for the list of commands.
        module: Where its `configure` and `run` are; imported only when the command is used.
    """

    name: str
    help: str
    module: str


COMMANDS = (
    Command("dev", "serve an app for development, reloading on changes", "hawkapi.cli.dev"),
    Command("run", "serve an app in production", "hawkapi.cli.run"),
    Command("routes", "list the routes of an app", "hawkapi.cli.routes"),
)


class CommandModule(Protocol):
    """What the module of a command holds."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it, and return the exit code."""
        ...


def main(argv: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        argv: The arguments after the program's name; those of the process by default.

    Raises:
        SystemExit: With the exit code, whenever it is not 0 or only help or the version was asked for.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        raise SystemExit(1)
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # a console script has the folder of the script there instead
    try:
        code = arguments.run(arguments)
    except HawkAPIError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if code:
        raise SystemExit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hawkapi", description="Typed APIs on msgspec and AnyIO.")
    parser.add_argument("--version", action="version", version=f"hawkapi {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_LazyParser)
    for command in COMMANDS:
        commands.add_parser(command.name, help=command.help, description=command.help).module = command.module
    return parser


class _LazyParser(argparse.ArgumentParser):
    """The parser of one command: its module is imported when its arguments are parsed, that is when it was chosen."""

    module: str

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] - the stubs split it into overloads
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Take the arguments from the command's module, then parse."""
        module = cast(CommandModule, import_module(self.module))
        module.configure(self)
        self.set_defaults(run=module.run)
        return super().parse_known_args(args, namespace)
