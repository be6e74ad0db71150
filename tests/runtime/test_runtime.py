from types import SimpleNamespace

import anyio
import pytest

from hawkapi.runtime import runtime as module
from hawkapi.runtime.runtime import DEFAULT_THREADS, Runtime, current, of


async def test_the_default_pools_have_their_default_sizes():
    runtime = Runtime()
    sizes = {name: runtime.limiter(name).total_tokens for name in DEFAULT_THREADS}
    assert sizes == {"handlers": 40, "files": 8, "internal": 4, "cleanup": 4}


async def test_the_default_pools_are_attributes():
    runtime = Runtime()
    assert runtime.handlers is runtime.limiter("handlers")
    assert runtime.files is runtime.limiter("files")
    assert runtime.internal is runtime.limiter("internal")
    assert runtime.cleanup is runtime.limiter("cleanup")


async def test_a_mapping_changes_sizes_and_adds_pools_and_the_rest_keeps_its_defaults():
    runtime = Runtime({"handlers": 2, "reports": 1})
    assert runtime.handlers.total_tokens == 2
    assert runtime.limiter("reports").total_tokens == 1
    assert runtime.files.total_tokens == 8


async def test_an_unknown_pool_is_a_lookup_error_that_names_the_known_ones():
    with pytest.raises(LookupError, match="no thread pool 'nope'; known are cleanup, files, handlers, internal"):
        Runtime().limiter("nope")


async def test_a_pool_without_a_thread_is_refused():
    with pytest.raises(ValueError, match="'files' needs at least 1 thread, not 0"):
        Runtime({"files": 0})


async def test_one_loop_has_one_default_runtime():
    assert current() is current()


def test_each_loop_has_its_own_default_runtime():
    async def main():
        return current()

    runtimes = [
        anyio.run(main, backend=backend, backend_options=options)
        for backend, options in [("asyncio", {}), ("asyncio", {"use_uvloop": True}), ("trio", {}), ("asyncio", {})]
    ]
    assert len(set(runtimes)) == 4


async def test_a_bare_scope_has_the_loops_runtime():
    assert of({}) is current()
    assert of({"hawkapi": None}) is current()


async def test_a_scope_that_an_app_serves_has_the_apps_runtime():
    runtime = Runtime()
    assert of({"hawkapi": SimpleNamespace(runtime=runtime)}) is runtime


def test_the_face_gives_the_public_names():
    from hawkapi import runtime as face

    assert face.Runtime is module.Runtime
    assert face.current is module.current
    assert set(face.__all__) <= set(dir(face))
