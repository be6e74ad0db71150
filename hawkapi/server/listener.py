"""The listening socket: bound before any app is loaded, shared by all processes that serve."""

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISSOCK

from hawkapi._errors import HawkAPIError

BACKLOG = 2048
"""Connections that may wait to be accepted: while an app reloads, they queue here."""

USER_TIMEOUT = 20_000
"""Milliseconds after which a peer that acknowledges nothing is given up (TCP_USER_TIMEOUT)."""

NOT_FOR_OTHERS = 0o117
"""The umask of a UNIX socket: owner and group may connect, so a proxy joins the group."""


class BindError(HawkAPIError):
    """The address cannot be listened on.

    Args:
        address: As given.
        reason: The system's own words.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"cannot listen on {address}: {reason}")
        self.address: str = address
        self.reason: str = reason


@contextmanager
def listening(host: str, port: int, path: Path | None = None) -> Generator[socket.socket, None, None]:
    """Listen during a block: on a UNIX socket if there is a path for one, else on host and port.

    The file of a UNIX socket is removed at the end, unless another process has put its own there meanwhile.

    Raises:
        BindError: If that is not possible.
    """
    if path is None:
        with bind(host, port) as listener:
            yield listener
        return
    with bind_unix(path) as listener:
        made = path.stat()
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), made):
                    path.unlink()


def bind(host: str, port: int) -> socket.socket:
    """Open the listening TCP socket of `host` and `port`; port 0 takes a free one.

    Connections queue from now on, so servers may come and go behind it. What is set here, they inherit.

    Raises:
        BindError: If the address is taken, unknown or not of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
    except (socket.gaierror, UnicodeError) as error:
        raise BindError(f"{host}:{port}", f"unknown host ({error})") from error
    except OSError as error:
        raise BindError(f"{host}:{port}", os.strerror(error.errno or 0)) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux. Writes on trio are shielded: only the kernel ends a silent peer's
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
    return listener


def bind_unix(path: Path) -> socket.socket:
    """Open the listening UNIX socket at `path`; owner and group may connect.

    The file of a process that was killed, where nobody listens any more, is replaced.

    Raises:
        BindError: If the path is taken, or a socket cannot be made there.
    """
    if _is_stale(path):
        path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(NOT_FOR_OTHERS)  # a later chmod would leave a moment for others
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise BindError(str(path), error.strerror or str(error)) from error
    finally:
        os.umask(mask)
    return listener


def _is_stale(path: Path) -> bool:
    try:
        if not S_ISSOCK(path.lstat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            client.connect(str(path))
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False
