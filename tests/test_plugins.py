"""The hooks of `Plugin` itself, and which of a plugin's hooks are its own."""

from hawkapi.plugins import HOOKS, Plugin, own_hooks
from hawkapi.routing.route import Route

ROUTE = Route(path="/", handler=print, methods=frozenset({"GET"}))


def test_there_are_six_hooks():
    assert HOOKS == (
        "on_route_registered",
        "on_schema_generated",
        "on_startup",
        "on_shutdown",
        "on_exception",
        "on_middleware_added",
    )


def test_the_hooks_of_the_base_give_back_what_they_were_given():
    spec = {}
    assert Plugin().on_route_registered(ROUTE) is ROUTE
    assert Plugin().on_schema_generated(spec) is spec


def test_the_other_hooks_of_the_base_do_nothing():
    plugin = Plugin()
    assert [
        plugin.on_startup(),
        plugin.on_shutdown(),
        plugin.on_exception(None, ValueError()),
        plugin.on_middleware_added(dict, {}),
    ] == [None] * 4


def test_a_plugin_without_hooks_has_none_of_its_own():
    assert list(own_hooks(Plugin())) == []


def test_the_hooks_of_a_class_its_base_and_its_instance_are_its_own():
    class Base(Plugin):
        def on_startup(self): ...

    class Child(Base):
        async def on_shutdown(self): ...

    plugin = Child()
    plugin.on_exception = print
    assert dict(own_hooks(plugin)) == {
        "on_startup": plugin.on_startup,
        "on_shutdown": plugin.on_shutdown,
        "on_exception": print,
    }
