"""How a process stops: what its signals do, when it accepts no more, and an end that nothing can put off."""

import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import inf
from threading import Timer
from types import FrameType

from anyio import current_time, sleep

from hawkapi._types import ASGIApp
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from hawkapi.server.base import ServerOptions

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What tells a process to stop."""

ENOUGH = 3
"""The signal with that number ends the process at once."""

MARGIN = 5.0
"""Seconds that a stop may take beyond the sum of its phases, before the process is ended."""

POLL = 0.1
"""Seconds between two looks at how many signals came: no event loop is sure to be woken by a signal handler."""

_LAYERS = 64  # of middleware: an app that is wrapped round itself is not searched for ever


class Interrupted(BaseException):
    """A signal came while the app was being loaded; like `KeyboardInterrupt` it is no error."""


class Stop:
    """The stop of this process. Its signals count from the first line on, and none is lost.

    The first SIGINT or SIGTERM begins the drain; one that comes while the app is loaded or started breaks that off.
    The second ends the delay, in which new requests are still accepted. The third ends the process at once, with 128
    and its number as the exit code.

    Args:
        options: How the app is served.

    Attributes:
        signals: How many came so far.
        drain: How long each phase may take.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.signals: int = 0
        self.drain: Drain = options.drain or Drain()
        self._options = options
        self._delay = 0.0
        self._app: HawkAPI | None = None
        self._loading = False

    @property
    def limit(self) -> float:
        """Seconds after the first signal at which the process is ended, whatever still runs in it."""
        return self.drain.total + MARGIN

    @property
    def has_lifecycle(self) -> bool:
        """Whether the app is a HawkAPI, maybe with ASGI middleware round it: it has to be started and stopped."""
        return self._app is not None

    @contextmanager
    def handling(self) -> Generator[None, None, None]:
        """Handle the signals during the block, those too that a parent has held back for it. Main thread only."""
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        try:
            yield
        finally:
            for number, former in before.items():
                signal.signal(number, former)

    def load(self, load: Callable[[], ASGIApp]) -> ASGIApp | None:
        """Load the app that is going to be stopped; `None` if a signal broke that off."""
        try:
            self._loading = True
            app = load() if not self.signals else None
            self._loading = False
        except Interrupted:
            return None
        if app is None or self.signals:  # code that catches everything catches an interruption, too
            return None
        self._app = _hawkapi_in(app)
        if self._app is not None and self._options.drain is None:
            self.drain = self._app.options.drain
        return app

    async def begun(self) -> None:
        """Wait for the first signal."""
        await self._come(1)

    async def accepts_no_more(self) -> None:
        """Wait for the first signal, then for the delay or a second signal: now the server shall accept no more."""
        await self.begun()
        if self._app is not None:
            self._app.lifecycle.publish()
        await self._come(2, within=self._delay)
        if self._app is not None:
            self._app.lifecycle.begin_stop()

    async def _come(self, signals: int, within: float = inf) -> None:
        until = current_time() + within
        # A signal handler sets no event: see POLL.
        while self.signals < signals and (left := until - current_time()) > 0:  # noqa: ASYNC110 - see POLL
            await sleep(min(POLL, left))

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal, in between any two lines of the main thread: plain stores, and what is safe there."""
        self.signals += 1
        if self.signals == 1:
            self._begin(number)
        elif self.signals == ENOUGH:
            os._exit(128 + number)
        if self._loading:
            self._loading = False
            raise Interrupted

    def _begin(self, number: int) -> None:
        end_after(self.limit)
        at_terminal = self._options.interactive and number == signal.SIGINT
        self._delay = 0.0 if at_terminal else self.drain.delay
        if self._app is not None:
            self._app.lifecycle.begin_drain(self._delay)


def end_after(seconds: float) -> None:
    """End this process in `seconds`, with code 1, whatever still runs in it."""
    timer = Timer(seconds, _end, (seconds,))
    timer.daemon = True  # else it would itself keep alive a process that is done
    timer.start()


def _end(seconds: float) -> None:
    sys.stderr.write(f"Still running {seconds:g} s after it was told to stop: ended.\n")
    sys.stderr.flush()
    os._exit(1)


def _hawkapi_in(app: object) -> HawkAPI | None:
    """Find the HawkAPI behind ASGI middleware, which by convention keeps what it wraps as `app`."""
    for _ in range(_LAYERS):
        if isinstance(app, HawkAPI):
            return app
        app = getattr(app, "app", None)
    return None
