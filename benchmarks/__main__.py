"""`python -m benchmarks`: every scenario, every contestant, one table a backend, and a verdict on ours."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace

from benchmarks.comparison import (
    BACKENDS,
    ROUNDS,
    WrongAnswerError,
    compare,
    installed_backends,
    machine,
    ratio_table,
    verdicts,
)
from benchmarks.contestants import FLOOR, OURS, PEERS, load
from benchmarks.scenarios import SCENARIOS


def main(argv: list[str] | None = None) -> int:
    """Run the comparison; give the exit code: 1 for a wrong answer, and with `--strict` for a missed target."""
    options = _options(argv)
    builds, absent = load([FLOOR, OURS, *(PEERS if options.peers else ())])
    for name in absent:
        print(f"{name} is not installed and left out")
    all_met = True
    for backend in options.backend or [name for name in ("asyncio", "trio") if name in installed_backends()]:
        try:
            results = compare(builds, options.only, backend=backend, rounds=0 if options.smoke else options.rounds)
        except WrongAnswerError as error:
            print(f"wrong answers on {backend}:\n{error}", file=sys.stderr)
            return 1
        if options.smoke:
            print(f"{backend}: {', '.join(builds)} answer {', '.join(options.only)} right")
            continue
        lines, met = verdicts(results)
        all_met = all_met and met
        print(f"\n{machine(backend)}: CPU time to the floor's, in brackets microseconds a request\n")
        print(ratio_table(results, list(builds)), *lines, sep="\n")
    return 1 if options.strict and not all_met else 0


def _options(argv: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--backend", action="append", choices=BACKENDS, help="may be given several times (default: asyncio and trio)"
    )
    parser.add_argument("--only", type=_letters, default=list(SCENARIOS), metavar="a,b", help="letters of scenarios")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--peers", action=BooleanOptionalAction, default=True, help="other frameworks too")
    parser.add_argument("--smoke", action="store_true", help="check the answers and measure nothing")
    parser.add_argument("--strict", action="store_true", help="exit code 1 if a target is missed")
    return parser.parse_args(argv)


def _letters(text: str) -> list[str]:
    letters = text.split(",")
    if unknown := [letter for letter in letters if letter not in SCENARIOS]:
        raise ArgumentTypeError(f"no scenario {unknown[0]!r}, there are {', '.join(SCENARIOS)}")
    return letters


if __name__ == "__main__":
    sys.exit(main())
