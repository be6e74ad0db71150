import gc
import logging
from functools import partial

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.di import Container, Depends, Scope
from hawkapi.di import scope as scope_module

closed = []


@pytest.fixture(autouse=True)
def nothing_closed():
    closed.clear()


class Sync:
    def close(self):
        closed.append(type(self).__name__)


class Async:
    async def aclose(self):
        await checkpoint()
        closed.append(type(self).__name__)


class AsyncClose:
    async def close(self):
        await checkpoint()
        closed.append("AsyncClose")


class Both(Async):
    def close(self):
        raise AssertionError("aclose() goes first")


class Failing:
    def close(self):
        closed.append("Failing")
        raise OSError("cannot close")


class AsyncFailing:
    async def aclose(self):
        await checkpoint()
        closed.append("AsyncFailing")
        raise LookupError("cannot close either")


class Hanging:
    async def aclose(self):
        closed.append("Hanging")
        await sleep_forever()


def container_of(*kinds):
    """Register classes, each of which needs the one before."""
    container = Container()
    for before, kind in zip([None, *kinds], kinds, strict=False):
        if before is None:
            container.scoped(kind, factory=kind)
        else:
            container.scoped(kind, factory=partial(lambda kind, _: kind(), kind, _=Depends(before)))
    return container


async def resolve_all(scope, container):
    for provider in container.providers():
        await scope.resolve(provider.service_type)


async def test_what_a_scope_made_is_closed_in_reverse_order():
    container = container_of(Sync, Async, AsyncClose, Both)
    async with container.scope() as scope:
        await scope.resolve(Both)
        assert closed == []
    assert closed == ["Both", "AsyncClose", "Async", "Sync"]


async def test_a_scope_is_closed_by_hand_as_well_and_once():
    scope = Scope(container_of(Sync))
    await scope.resolve(Sync)
    await scope.close()
    await scope.close()
    assert closed == ["Sync"]


async def test_an_unused_scope_closes_nothing():
    async with container_of(Sync).scope():
        pass
    assert closed == []


async def test_all_are_closed_and_the_first_error_is_raised(caplog):
    container = container_of(Sync, Failing, AsyncFailing, Async)
    with pytest.raises(LookupError, match="cannot close either"):
        async with container.scope() as scope:
            await resolve_all(scope, container)
    assert closed == ["Async", "AsyncFailing", "Failing", "Sync"]
    assert [record.getMessage() for record in caplog.records] == [
        "Closing AsyncFailing failed",
        "Closing Failing failed",
    ]
    assert all(record.exc_info for record in caplog.records)


async def test_what_the_block_failed_with_stands_before_an_error_of_the_closing(caplog):
    container = container_of(Sync, Failing)
    with pytest.raises(ValueError, match="of the block"):
        async with container.scope() as scope:
            await resolve_all(scope, container)
            raise ValueError("of the block")
    assert closed == ["Failing", "Sync"]
    assert "Closing Failing failed" in caplog.text


async def test_a_scope_that_is_left_by_a_cancellation_closes_what_it_made():
    container = container_of(Sync, Async)
    with CancelScope() as cancelled:
        async with container.scope() as scope:
            await resolve_all(scope, container)
            cancelled.cancel()
            await checkpoint()
    assert cancelled.cancelled_caught
    assert closed == ["Async", "Sync"]


async def test_what_takes_too_long_to_close_is_given_up(monkeypatch, caplog):
    monkeypatch.setattr(scope_module, "shielded", lambda: anyio.move_on_after(0, shield=True))
    container = container_of(Sync, Hanging)
    with pytest.raises(TimeoutError, match="given up after 5 s"):
        async with container.scope() as scope:
            await resolve_all(scope, container)
    assert closed == ["Hanging", "Sync"]
    assert "Closing Hanging failed" in caplog.text


async def test_a_cancellation_that_goes_through_the_shield_ends_nothing_before_all_are_closed(caplog):
    class Interrupted:
        async def aclose(self):
            closed.append("Interrupted")
            raise KeyboardInterrupt

    container = container_of(Failing, Interrupted, AsyncFailing)
    scope = container.scope()
    await resolve_all(scope, container)
    with pytest.raises(KeyboardInterrupt):
        await scope.close()
    assert closed == ["AsyncFailing", "Interrupted", "Failing"]


async def test_what_is_known_by_several_types_is_closed_once_after_what_needs_it():
    class Base: ...

    class User(Sync): ...

    container = Container()
    container.scoped(Sync, factory=Sync)
    container.scoped(User, factory=lambda _=Depends(Sync): User())
    container.scoped(Base, factory=lambda it=Depends(Sync), _=Depends(User): it)
    async with container.scope() as scope:
        assert await scope.resolve(Base) is await scope.resolve(Sync)
    assert closed == ["User", "Sync"]


async def test_a_singleton_that_a_scoped_factory_hands_on_is_not_closed():
    container = Container()
    container.singleton(Sync, factory=Sync)
    container.singleton(int, factory=lambda: 1)
    container.scoped(object, factory=lambda _=Depends(int), it=Depends(Sync): it)
    container.scoped(Async, factory=lambda _=Depends(Sync): Async())
    async with container.scope() as scope:
        await scope.resolve(object)
        await scope.resolve(Async)
    assert closed == ["Async"]


async def test_singletons_and_transient_services_are_not_closed():
    container = Container()
    container.singleton(Sync, factory=Sync)
    container.transient(Async, factory=Async)
    async with container.scope() as scope:
        await scope.resolve(Sync)
        await scope.resolve(Async)
    assert closed == []


async def test_what_cannot_be_closed_is_left_alone():
    class NoMethod:
        close = "door"

    container = Container()
    container.scoped(type, factory=lambda: Sync)
    container.scoped(int, factory=lambda: 1)
    container.scoped(NoMethod, factory=NoMethod)
    async with container.scope() as scope:
        await resolve_all(scope, container)
    assert closed == []


async def test_what_close_returns_is_awaited_only_if_it_can_be():
    class Chatty:
        def close(self):
            closed.append("Chatty")
            return "bye"

    async with container_of(Chatty).scope() as scope:
        await scope.resolve(Chatty)
    assert closed == ["Chatty"]


async def test_what_failed_to_be_made_is_made_anew_and_closed_once():
    def factory():
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError
        return Sync()

    container, attempts = Container(), []
    container.scoped(Sync, factory=factory)
    async with container.scope() as scope:
        with pytest.raises(OSError):  # noqa: PT011 - it has no text
            await scope.resolve(Sync)
        await scope.resolve(Sync)
    assert closed == ["Sync"]


async def test_a_closed_scope_makes_nothing():
    container = container_of(Sync)
    async with container.scope() as scope:
        pass
    with pytest.raises(RuntimeError, match="this scope is closed"):
        await scope.resolve(Sync)


async def test_what_is_made_while_its_scope_is_closed_is_closed_too():
    async def slow():
        await gate.wait()
        return Sync()

    async def resolve_late():
        with pytest.raises(RuntimeError, match="the scope was closed while Sync was made"):
            await scope.resolve(Sync)

    container, gate = Container(), Event()
    container.scoped(Sync, factory=slow)
    async with create_task_group() as group:
        async with container.scope() as scope:
            group.start_soon(resolve_late)
            await wait_all_tasks_blocked()
        gate.set()
    assert closed == ["Sync"]


async def test_a_failed_closing_makes_no_reference_cycle(caplog):
    class Watched(OSError): ...

    class Failing:
        def close(self):
            raise Watched

    caplog.set_level(logging.CRITICAL + 1, "hawkapi")
    scope = Scope(container_of(Failing))
    await scope.resolve(Failing)
    gc.collect()
    gc.disable()
    try:
        try:
            await scope.close()
        except Watched:
            pass
        assert not [thing for thing in gc.get_objects() if type(thing) is Watched]
    finally:
        gc.enable()
