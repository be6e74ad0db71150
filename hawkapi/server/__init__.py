"""Running an app: the servers behind one function, the listening socket, reloading."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.server.base import BACKENDS as BACKENDS
    from hawkapi.server.base import ServerOptions as ServerOptions
    from hawkapi.server.base import serve as serve
    from hawkapi.server.process import BindError as BindError
    from hawkapi.server.process import bind as bind
    from hawkapi.server.reload import supervise as supervise

__all__ = ["BACKENDS", "BindError", "ServerOptions", "bind", "serve", "supervise"]

_TABLE = {
    "BACKENDS": "hawkapi.server.base",
    "BindError": "hawkapi.server.process",
    "ServerOptions": "hawkapi.server.base",
    "bind": "hawkapi.server.process",
    "serve": "hawkapi.server.base",
    "supervise": "hawkapi.server.reload",
}
__getattr__, __dir__ = attach(__name__, _TABLE)
