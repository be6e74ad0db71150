"""The signal chain under a foreign server (runtime.md 11)."""

import signal
import threading

import pytest

from hawkapi.runtime import signals


@pytest.fixture
def handlers(monkeypatch):
    """The process's handlers, as a dict; nothing real is touched."""
    table = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.SIG_IGN}
    monkeypatch.setattr(signal, "getsignal", table.get)
    monkeypatch.setattr(signal, "signal", table.__setitem__)
    monkeypatch.setattr(signals, "_claims", [])
    return table


def test_the_drain_begins_before_the_server_s_handler_runs(handlers):
    calls = []
    handlers[signal.SIGTERM] = lambda number, frame: calls.append((number, frame))
    with signals.chain(lambda: calls.append("begin")) as chained:
        assert chained
        handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert calls == ["begin", (signal.SIGTERM, None)]


def test_both_signals_are_chained_and_what_stood_there_is_back_at_the_end(handlers):
    def former(number, frame):
        """The server's."""

    handlers.update({signal.SIGTERM: former, signal.SIGINT: former})
    with signals.chain(print):
        assert former not in handlers.values()
    assert list(handlers.values()) == [former, former]


def test_it_is_back_after_an_error_too(handlers):
    former = handlers[signal.SIGTERM] = lambda number, frame: None
    with pytest.raises(OSError, match="x"), signals.chain(print):
        raise OSError("x")
    assert handlers[signal.SIGTERM] is former


@pytest.mark.parametrize("former", [signal.SIG_DFL, signal.SIG_IGN, None], ids=["default", "ignored", "foreign"])
def test_what_is_no_function_stays(handlers, former):
    handlers.update({signal.SIGTERM: former, signal.SIGINT: former})
    with signals.chain(print) as chained:
        assert not chained
        assert list(handlers.values()) == [former, former]


def test_a_handler_that_somebody_put_over_ours_stays(handlers):
    handlers[signal.SIGTERM] = lambda number, frame: None
    with signals.chain(print):
        theirs = handlers[signal.SIGTERM] = lambda number, frame: None
    assert handlers[signal.SIGTERM] is theirs


def test_a_process_of_our_runner_is_left_alone(handlers):
    former = handlers[signal.SIGTERM] = lambda number, frame: None
    assert not signals.claimed()
    signals.claim_process()
    assert signals.claimed()
    with signals.chain(print) as chained:
        assert not chained
        assert handlers[signal.SIGTERM] is former


def test_other_threads_than_the_main_one_chain_nothing(handlers):
    handlers[signal.SIGTERM] = lambda number, frame: None
    seen = []

    def chain():
        with signals.chain(print) as chained:
            seen.append(chained)

    thread = threading.Thread(target=chain)
    thread.start()
    thread.join()
    assert seen == [False]


def test_two_apps_in_one_process_chain_in_turn(handlers):
    calls = []
    former = handlers[signal.SIGTERM] = lambda number, frame: calls.append("server")
    with signals.chain(lambda: calls.append("outer")), signals.chain(lambda: calls.append("inner")):
        handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert calls == ["inner", "outer", "server"]
    assert handlers[signal.SIGTERM] is former


def test_a_real_signal_takes_that_way():
    calls = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: calls.append("server"))
    try:
        with signals.chain(lambda: calls.append("begin")):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert calls == ["begin", "server"]
