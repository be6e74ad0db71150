import os
import socket
from contextlib import ExitStack
from stat import S_IMODE

import pytest

from hawkapi.server import listener
from hawkapi.server.listener import BindError, bind, bind_unix, listening


def connected(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        client.connect(address)
        return True


def test_port_0_takes_a_free_port_and_connections_queue_at_once():
    with listening("127.0.0.1", 0) as server:
        assert server.getsockname()[1] != 0
        assert connected(server.getsockname())


def test_an_ipv6_address_is_listened_on():
    with bind("::1", 0) as server:
        assert server.family == socket.AF_INET6


def test_a_port_in_use_is_an_error_that_names_the_address():
    with bind("127.0.0.1", 0) as server:
        port = server.getsockname()[1]
        with pytest.raises(BindError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 100 + ".example"])
def test_an_unknown_host_is_an_error_that_names_it(host):
    with pytest.raises(BindError, match=f"^cannot listen on {host}:80: unknown host"):
        bind(host, 80)


def test_connections_inherit_the_limit_for_silent_peers():
    with bind("127.0.0.1", 0) as server:
        assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == listener.USER_TIMEOUT


def test_a_system_without_that_limit_is_served_too(monkeypatch):
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    bind("127.0.0.1", 0).close()


def test_a_unix_socket_is_there_for_owner_and_group_and_removed_at_the_end(tmp_path):
    path = tmp_path / "app.sock"
    with listening("", 0, path):
        assert connected(str(path))
        assert S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


def test_the_umask_stays_as_it_was(tmp_path):
    before = os.umask(0o022)
    bind_unix(tmp_path / "app.sock").close()
    assert os.umask(before) == 0o022


def test_the_file_of_a_process_that_was_killed_is_replaced(tmp_path):
    path = tmp_path / "app.sock"
    bind_unix(path).close()
    assert path.exists()
    with listening("", 0, path):
        assert connected(str(path))


def test_a_unix_socket_in_use_is_an_error(tmp_path):
    path = tmp_path / "app.sock"
    with listening("", 0, path), pytest.raises(BindError, match=f"^cannot listen on {path}: Address already in use$"):
        bind_unix(path)


def test_a_file_that_is_no_socket_is_an_error_and_kept(tmp_path):
    path = tmp_path / "app.sock"
    path.write_text("mine")
    with pytest.raises(BindError, match="Address already in use"):
        bind_unix(path)
    assert path.read_text() == "mine"


def test_a_path_that_is_too_long_is_an_error(tmp_path):
    with pytest.raises(BindError, match="too long"):
        bind_unix(tmp_path / ("x" * 200))


@pytest.mark.parametrize("newer", [True, False])
def test_what_another_process_has_put_there_meanwhile_is_kept(newer, tmp_path):
    path = tmp_path / "app.sock"
    with ExitStack() as stack:
        with listening("", 0, path):
            path.unlink()
            if newer:
                stack.enter_context(bind_unix(path))
        assert path.exists() == newer
