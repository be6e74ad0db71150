"""Sessions in memory: bounded, expiring, and never brought back."""

import tracemalloc

import pytest

from hawkapi.middleware.session_store import MemorySessionStore


async def test_what_was_saved_is_loaded():
    store = MemorySessionStore()
    assert await store.save("key", b"data", 10, new=True) is True
    assert await store.load("key") == b"data"
    assert await store.load("other") is None


async def test_saving_again_takes_the_place_of_the_former_data():
    now = 0.0
    store = MemorySessionStore(clock=lambda: now)
    await store.save("key", b"data", 10, new=True)
    now = 8.0
    assert await store.save("key", b"more", 10, new=False) is True
    now = 18.0
    assert (await store.load("key"), len(store)) == (b"more", 1)


async def test_data_is_there_until_its_time_is_over():
    now = 0.0
    store = MemorySessionStore(clock=lambda: now)
    await store.save("key", b"data", 10, new=True)
    now = 10.0
    assert await store.load("key") == b"data"
    now = 10.1
    assert (await store.load("key"), len(store)) == (None, 0)


async def test_what_is_gone_is_not_brought_back():
    now = 0.0
    store = MemorySessionStore(clock=lambda: now)
    assert await store.save("key", b"data", 10, new=False) is False
    await store.save("key", b"data", 10, new=True)
    now = 11.0
    assert await store.save("key", b"data", 10, new=False) is False
    assert len(store) == 0


async def test_deleting_tells_whether_there_was_something():
    now = 0.0
    store = MemorySessionStore(clock=lambda: now)
    await store.save("a", b"data", 10, new=True)
    await store.save("b", b"data", 10, new=True)
    assert [await store.delete("a"), await store.delete("a")] == [True, False]
    now = 11.0
    assert await store.delete("b") is False


async def test_those_unused_for_longest_are_forgotten_for_new_ones():
    store = MemorySessionStore(max_size=128 * 1024)
    for key in "abc":
        await store.save(key, b"x" * 40_000, 10, new=True)
    assert await store.load("a") is not None
    await store.save("d", b"x" * 40_000, 10, new=True)
    assert [await store.load(key) is not None for key in "abcd"] == [True, False, True, True]


async def test_a_million_visitors_take_no_more_than_one_has_allowed():
    store = MemorySessionStore(max_size=1024 * 1024)
    tracemalloc.start()
    for number in range(20_000):
        await store.save(f"{number:064}", b'{"number":%d}' % number, 10, new=True)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1000 < len(store) < 2100
    assert taken < 1024 * 1024


@pytest.mark.parametrize(("size", "error"), [(1024, ValueError), ("1 MiB", TypeError), (1e9, TypeError)])
def test_a_size_that_cannot_work_is_refused_by_name(size, error):
    with pytest.raises(error, match="max_size"):
        MemorySessionStore(max_size=size)
