import functools
import inspect
import os
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Optional

import msgspec
import pytest

from hawkapi._signature import (
    EMPTY,
    UnreadableSignature,
    call_kind,
    caller_location,
    describe,
    is_async_callable,
    location,
    never_waits,
    qualified_name,
    read_signature,
    without_manager,
)

HERE = os.path.relpath(__file__)


def plain(a: int, b="x", *, c: Annotated[str, "note"] = "y") -> bool: ...


async def coroutine(a: int): ...


class Service:
    def __init__(self, size: int) -> None: ...

    def method(self, a: int) -> str: ...

    async def async_method(self, a: int): ...

    @classmethod
    def of_class(cls, a: int): ...

    @staticmethod
    def static(a: int): ...


class Caller:
    def __call__(self, a: int) -> str: ...


class AsyncCaller:
    async def __call__(self, a: int): ...


def annotations(fn):
    return {p.name: p.annotation for p in read_signature(fn).parameters}


def test_parameters_come_with_hint_default_and_kind():
    a, b, c = read_signature(plain).parameters
    assert (a.name, a.annotation, a.default, a.keyword_only, a.variadic) == ("a", int, EMPTY, False, False)
    assert (b.annotation, b.default) == (EMPTY, "x")
    assert (c.annotation, c.default, c.keyword_only) == (Annotated[str, "note"], "y", True)


def test_the_result_is_read_too():
    assert read_signature(plain).returns is bool
    assert read_signature(coroutine).returns is EMPTY


def test_args_and_kwargs_are_variadic():
    def handler(*args: int, **kwargs: str): ...

    assert [p.variadic for p in read_signature(handler).parameters] == [True, True]


@pytest.mark.parametrize(
    "fn",
    [
        Service(1).method,
        Service.of_class,
        Service.static,
        Service(1).async_method,
        Caller(),
        AsyncCaller(),
        functools.partial(Caller()),
        functools.partial(Service(1).method),
        coroutine,
    ],
)
def test_every_kind_of_callable_gives_its_own_parameters(fn):
    assert annotations(fn) == {"a": int}


def test_a_class_gives_the_parameters_of_its_init():
    assert annotations(Service) == {"size": int}


def test_a_struct_gives_its_fields():
    class Point(msgspec.Struct):
        x: int

    assert [p.name for p in read_signature(Point).parameters] == ["x"]


def test_a_partial_lacks_what_it_was_given():
    assert annotations(functools.partial(plain, 1)) == {"b": EMPTY, "c": Annotated[str, "note"]}


def test_a_partial_of_a_partial_is_read_through():
    assert annotations(functools.partial(functools.partial(plain, 1), b="z"))["c"] == Annotated[str, "note"]


def test_a_wrapped_function_keeps_its_parameters():
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs): ...

        return wrapper

    assert annotations(decorate(plain)) == annotations(plain)


def test_text_annotations_are_evaluated():
    def handler(a: "int", b: "str | None" = None): ...

    assert annotations(handler) == {"a": int, "b": Optional[str]}  # noqa: UP045  # as it was written


def test_text_annotations_may_name_what_stands_in_the_enclosing_function():
    class Local(msgspec.Struct):
        x: int

    def handler(a: "Local"):
        return Local

    assert annotations(handler) == {"a": Local}


def test_a_name_of_the_enclosing_function_that_is_not_bound_yet_is_no_obstacle():
    def handler(a: "int"):
        return later

    assert annotations(handler) == {"a": int}
    later = 1


def test_an_annotation_that_names_nothing_is_reported_with_its_error():
    def handler(a: "Nowhere"): ...  # noqa: F821  # the point

    with pytest.raises(UnreadableSignature, match=r"annotations cannot be evaluated: NameError: .*'Nowhere'"):
        read_signature(handler)


def test_a_callable_without_a_signature_is_reported():
    with pytest.raises(UnreadableSignature, match=r"its parameters cannot be read"):
        read_signature(dict.update)


@pytest.mark.parametrize(
    "fn",
    [
        coroutine,
        Service(1).async_method,
        AsyncCaller(),
        functools.partial(coroutine, 1),
        functools.partial(AsyncCaller()),
    ],
)
def test_what_gives_a_coroutine_is_async(fn):
    assert is_async_callable(fn)


@pytest.mark.parametrize("fn", [plain, Service, AsyncCaller, Service(1).method, Caller(), functools.partial(plain)])
def test_what_gives_its_result_at_once_is_not_async(fn):
    assert not is_async_callable(fn)


def test_a_location_is_file_and_line_below_the_current_folder():
    line = inspect.getsourcelines(plain)[1]
    assert location(plain) == f"{HERE}:{line}"


def test_a_location_elsewhere_keeps_its_whole_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert location(plain).startswith(os.path.abspath(__file__))


def test_a_built_in_has_no_location():
    assert location(len) == "<built-in>"


def test_a_caller_is_found_by_its_distance():
    def outer():
        return caller_location(1)

    line = inspect.currentframe().f_lineno + 1
    assert outer() == f"{HERE}:{line}"


def test_a_caller_beyond_the_stack_is_unknown():
    assert caller_location(10_000) == "<unknown>"


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (plain, "plain"),
        (Service.of_class, "Service.of_class"),
        (Caller(), "Caller"),
        (functools.partial(plain), "plain"),
        (Service, "Service"),
    ],
)
def test_a_callable_is_named_as_its_reader_knows_it(fn, name):
    assert qualified_name(fn) == name


def test_a_local_function_is_named_without_its_surroundings():
    def handler(): ...

    assert qualified_name(handler) == "handler"


def test_a_description_is_name_and_place():
    assert describe(plain) == f"plain ({location(plain)})"


def test_what_a_partial_gives_by_keyword_is_marked():
    def fn(a: int, *, role: str, b: int = 1): ...

    twice = functools.partial(functools.partial(fn, role="admin"), b=2)
    assert {p.name: p.given for p in read_signature(twice).parameters} == {"a": False, "role": True, "b": True}


def wrapped(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


async def coroutine(): ...
async def async_generator():
    yield


def generator():
    yield


async def waiting_generator():
    yield
    await coroutine()


@pytest.mark.parametrize(
    ("fn", "kind"),
    [
        (coroutine, "async"),
        (async_generator, "async generator"),
        (generator, "generator"),
        (print, "sync"),
        (Caller, "class"),
        (functools.partial(Caller), "class"),
        (wrapped(Caller), "sync"),
        (functools.partial(wrapped(coroutine)), "wrapped async"),
        (wrapped(generator), "generator"),
        (wrapped(async_generator), "async generator"),
    ],
)
def test_the_kind_of_a_call_is_seen_through_partials_and_wrappers(fn, kind):
    assert call_kind(fn) == kind


@pytest.mark.parametrize(
    ("fn", "knows"),
    [
        (async_generator, True),
        (waiting_generator, False),
        (wrapped(async_generator), False),
        (print, False),
    ],
)
def test_a_generator_without_an_await_is_known_to_wait_for_nothing(fn, knows):
    assert never_waits(fn) is knows


def test_what_contextlib_has_decorated_is_found():
    assert without_manager(contextmanager(generator)) is generator
    assert without_manager(asynccontextmanager(async_generator)) is async_generator
    assert without_manager(functools.partial(contextmanager(generator), 1)).func is generator
    unmanaged = functools.partial(generator)
    assert without_manager(unmanaged) is unmanaged
    assert without_manager(wrapped(generator)) is not generator
    assert without_manager(Caller()).__class__ is Caller


class Manages:
    @contextmanager
    def method(self):
        yield self


def test_a_method_that_contextlib_has_decorated_keeps_its_object():
    owner = Manages()
    assert next(without_manager(owner.method)()) is owner
