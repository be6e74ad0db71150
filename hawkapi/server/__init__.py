"""Running an app: the servers behind one function, the listening socket, processes, reloading, the stop."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.server.base import BACKENDS as BACKENDS
    from hawkapi.server.base import BackendError as BackendError
    from hawkapi.server.base import ServerOptions as ServerOptions
    from hawkapi.server.base import choose as choose
    from hawkapi.server.life import serve as serve
    from hawkapi.server.listener import BindError as BindError
    from hawkapi.server.listener import listening as listening
    from hawkapi.server.parent import LoadError as LoadError
    from hawkapi.server.parent import supervise as supervise

__all__ = [
    "BACKENDS",
    "BackendError",
    "BindError",
    "LoadError",
    "ServerOptions",
    "choose",
    "listening",
    "serve",
    "supervise",
]

_TABLE = {
    "BACKENDS": "hawkapi.server.base",
    "BackendError": "hawkapi.server.base",
    "ServerOptions": "hawkapi.server.base",
    "choose": "hawkapi.server.base",
    "serve": "hawkapi.server.life",
    "BindError": "hawkapi.server.listener",
    "listening": "hawkapi.server.listener",
    "LoadError": "hawkapi.server.parent",
    "supervise": "hawkapi.server.parent",
}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)
