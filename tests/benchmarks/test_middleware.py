"""The prices of the built-in middleware."""

import hawkapi.middleware
from benchmarks.asgi import Answer
from benchmarks.bench_middleware import CASES, WITH, WITHOUT, price_table, prices
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.gzip import GZipMiddleware


async def test_each_middleware_is_checked_and_timed_beside_the_app_without_it():
    results = await prices(rounds=1)
    assert {title: list(timings) for title, timings in results.items()} == {title: [WITHOUT, WITH] for title in CASES}


def test_each_built_in_middleware_has_a_row():
    public = {getattr(hawkapi.middleware, name) for name in hawkapi.middleware.__all__}
    built_in = {cls for cls in public if isinstance(cls, type) and issubclass(cls, Middleware)} - {Middleware}
    assert built_in <= {case.middleware for case in CASES.values()}
    assert all(title.startswith(case.middleware.__name__) for title, case in CASES.items() if case.middleware in public)


def test_an_answer_that_shows_nothing_of_the_middleware_is_a_mistake():
    case = next(case for case in CASES.values() if case.middleware is GZipMiddleware and case.adds)
    plain = Answer(200, {"content-type": "text/plain"}, b"body")
    coded = Answer(200, {"content-encoding": "gzip"}, b"coded")
    assert case.mistake(coded, plain) is None
    assert case.mistake(plain, plain) == "no header content-encoding"
    assert case.mistake(coded, coded) == "header content-encoding without it"
    assert case.mistake(Answer(200, coded.headers, plain.body), plain) == "body b'body'"
    assert case.mistake(Answer(500), plain) == "status 500, and 200 without it"


def test_a_price_is_a_difference_and_a_ratio_of_neighbours():
    table = price_table({"some": {WITHOUT: [1000, 2000, 4000], WITH: [1100, 2300, 4200]}})
    assert table.splitlines()[-1].split() == ["some", "200", "1.10"]
