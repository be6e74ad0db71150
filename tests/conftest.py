"""What every test may use: the three backends."""

import pytest

BACKENDS = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys())
def anyio_backend(request):
    """Run each async test on asyncio, asyncio+uvloop and trio."""
    return request.param


@pytest.fixture(autouse=True)
def unclaimed_process(monkeypatch):
    """Have each test begin in a process whose signals nobody has claimed, as tests of the runner do."""
    monkeypatch.setattr("hawkapi.runtime.signals._claims", [])


@pytest.fixture
def clock(monkeypatch):
    """Have the time limits of requests go by a clock that stands still until a test moves `now`."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("hawkapi.runtime.deadlines.monotonic", lambda: Clock.now)
    return Clock
