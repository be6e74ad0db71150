"""The cyclic garbage collector, kept off where much is made that stays."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Generator[None, None, None]:
    """Collect nothing during the block, in any thread; whoever has turned the collector off finds it off afterwards.

    A seal makes hundreds of objects a route, and all of them stay: the collector, which is called again and again as
    their number grows, walks over them in vain, and takes as long as the seal itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
