import os
import signal
import socket
import threading

import pytest

from hawkapi.server import process
from hawkapi.server.process import BindError, bind, end_after, stop_signals


def test_port_0_takes_a_free_port_and_connections_queue_at_once():
    with bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5):
        assert listener.getsockname()[1] != 0


def test_an_ipv6_address_is_listened_on():
    with bind("::1", 0) as listener:
        assert listener.family == socket.AF_INET6


def test_a_port_in_use_is_an_error_that_names_the_address():
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(BindError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 100 + ".example"])
def test_an_unknown_host_is_an_error_that_names_it(host):
    with pytest.raises(BindError, match=f"^cannot listen on {host}:80: unknown host"):
        bind(host, 80)


def test_connections_inherit_the_limit_for_silent_peers(monkeypatch):
    with bind("127.0.0.1", 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == process.USER_TIMEOUT


def test_a_system_without_that_limit_is_served_too(monkeypatch):
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    bind("127.0.0.1", 0).close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_is_acted_on_and_the_former_handler_comes_back(number):
    before = signal.getsignal(number)
    seen = []
    with stop_signals(lambda: seen.append("stop")):
        signal.raise_signal(number)
    assert seen == ["stop"]
    assert signal.getsignal(number) is before


def test_a_process_that_goes_on_is_ended_with_code_1(monkeypatch, capsys):
    ended = threading.Event()
    codes = []
    monkeypatch.setattr(os, "_exit", lambda code: (codes.append(code), ended.set()))
    end_after(0.0)
    assert ended.wait(5)
    assert codes == [1]
    assert "told to stop: ended" in capsys.readouterr().err


def test_without_a_limit_nothing_is_ended(monkeypatch):
    monkeypatch.setattr(process, "Timer", None)
    end_after(None)
