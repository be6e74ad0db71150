import re
from functools import partial
from types import SimpleNamespace

import pytest

from hawkapi.middleware.base import Middleware
from hawkapi.middleware.entry import MiddlewareEntry
from hawkapi.middleware.stack import build_stack


class Named(Middleware):
    def __init__(self, app, name="?", made=None):
        super().__init__(app)
        self.name, self.made = name, made
        if made is not None:
            made.append(name)

    async def __call__(self, scope, receive, send):
        scope["seen"].append(self.name)
        await self.app(scope, receive, send)


class Foreign:
    def __init__(self, app):
        self.inner = app

    async def __call__(self, scope, receive, send):
        scope["seen"].append("foreign")
        await self.inner(scope, receive, send)


def as_function(app):
    async def layer(scope, receive, send):
        scope["seen"].append("function")
        await app(scope, receive, send)

    return layer


async def app(scope, receive, send):
    scope["seen"].append("app")


async def seen(items):
    stack, mistakes = build_stack(items, app)
    assert mistakes == []
    scope = {"type": "http", "seen": []}
    await stack(scope, None, None)
    return scope["seen"]


async def test_the_first_item_is_the_outermost():
    items = [Named, (Named, {"name": "b"}), MiddlewareEntry(Named, {"name": "c"})]
    assert await seen(items) == ["?", "b", "c", "app"]


async def test_hooks_run_in_a_stack_too():
    class Hooked(Middleware):
        async def before_request(self, request):
            request.scope["seen"].append("hook")

    assert await seen([Named, Hooked, Named]) == ["?", "hook", "?", "app"]


async def test_without_items_there_is_the_app_only():
    assert build_stack([], app) == (app, [])


async def test_any_class_that_takes_an_app_will_do():
    assert await seen([Foreign, as_function, partial(Named, name="p")]) == ["foreign", "function", "p", "app"]


async def test_instances_are_made_once():
    made = []
    stack, _ = build_stack([(Named, {"name": "a", "made": made})], app)
    for _ in range(2):
        await stack({"type": "http", "seen": []}, None, None)
    assert made == ["a"]


def test_an_entry_is_a_class_and_its_options_and_cannot_be_changed():
    assert MiddlewareEntry(Named) == MiddlewareEntry(cls=Named, kwargs={})
    with pytest.raises(AttributeError):
        MiddlewareEntry(Named).cls = Foreign


def test_options_are_left_as_they_were_given():
    options = {"name": "a"}
    build_stack([(Named, options)], app)
    assert options == {"name": "a"}


class Failing(Middleware):
    def __init__(self, app):
        raise ValueError("no such limit")


class SyncHook(Middleware):
    def before_request(self, request):
        return request


class SyncAfter(Middleware):
    def after_response(self, request, response):
        return response


def not_callable(app):
    return SimpleNamespace()


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (3, r"middleware 3 must be a class, or a pair \(class, \{options\}\)"),
        ("Named", "middleware 'Named' must be a class"),
        ((Named, 3), r"middleware \(.*, 3\) must be a class, or a pair"),
        ((Named, {}, 1), r"middleware \(.*\) must be a class"),
        (Named(app), "middleware <.*Named object.*> must be a class"),
        ((Named, {"nam": 1}), r"middleware Named \(.*test_stack.py:\d+\): TypeError: .*argument 'nam'"),
        (Failing, r"middleware Failing \(.*test_stack.py:\d+\): ValueError: no such limit"),
        (SyncHook, r"middleware SyncHook \(.*\): TypeError: SyncHook.before_request \(.*\) is .*make it 'async def'"),
        (SyncAfter, r"middleware SyncAfter \(.*\): TypeError: SyncAfter.after_response \(.*\) is awaited"),
        (not_callable, r"middleware not_callable \(.*\): it has no __call__\(scope, receive, send\)"),
        (dict, r"middleware dict \(.*\): TypeError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_item_that_is_no_middleware_is_named(item, text):
    stack, mistakes = build_stack([item], app)
    assert stack is app
    assert len(mistakes) == 1
    assert re.match(text, mistakes[0])


def test_all_mistakes_are_told_in_order():
    _, mistakes = build_stack([1, Named, 2], app)
    assert [mistake.partition(" must")[0] for mistake in mistakes] == ["middleware 1", "middleware 2"]
