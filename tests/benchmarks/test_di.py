"""The prices of dependencies."""

from benchmarks.bench_di import KINDS, price_table, prices


async def test_each_kind_of_dependency_is_checked_and_timed_beside_the_route_without_it():
    results = await prices(rounds=1)
    assert {title: list(timings) for title, timings in results.items()} == {
        title: [kind.without, kind.path] for title, kind in KINDS.items()
    }


def test_a_price_is_a_difference_and_a_ratio_of_neighbours():
    title, kind = next(iter(KINDS.items()))
    table = price_table({title: {kind.without: [1000, 2000, 4000], kind.path: [1100, 2300, 4200]}})
    assert table.splitlines()[-1].split() == [*title.split(), "200", "1.10", "200"]
