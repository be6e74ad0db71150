"""Whatever is registered, what is promised of lifecycles, closing, checks and overrides holds."""

from inspect import Parameter, Signature

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from hawkapi.di import Container, Depends, Lifecycle

SINGLETON, SCOPED, TRANSIENT = Lifecycle
TYPES = [type(f"Service{i}", (), {}) for i in range(6)]


class Instance:
    def __init__(self, closed, number, parts, fake):
        self.closed, self.number, self.parts, self.fake = closed, number, parts, fake

    def close(self):
        self.closed.append(self)

    def whole(self):
        return [self, *(one for part in self.parts for one in part.whole())]


class Plan:
    """The lifecycles of some services, and which of the earlier ones each needs."""

    def __init__(self, lifecycles, needs, asynchronous):
        self.lifecycles, self.needs, self.asynchronous = lifecycles, needs, asynchronous
        self.closed = []
        self.container = Container()
        for i, lifecycle in enumerate(lifecycles):
            self.container.register(TYPES[i], factory=self.factory(i), lifecycle=lifecycle)

    def __repr__(self):
        return f"Plan({self.lifecycles}, {self.needs}, {self.asynchronous})"

    def factory(self, i, fake=False):
        def make(**parts):
            return Instance(self.closed, i, list(parts.values()), fake)

        async def make_async(**parts):
            await anyio.lowlevel.checkpoint()
            return make(**parts)

        factory = make_async if self.asynchronous else make
        factory.__signature__ = Signature(
            [Parameter(f"n{need}", Parameter.KEYWORD_ONLY, default=Depends(TYPES[need])) for need in self.needs[i]]
        )
        return factory

    def reaches_scoped(self, i):
        """Tell whether one instance would keep something scoped."""
        return self.lifecycles[i] is SCOPED or (
            self.lifecycles[i] is TRANSIENT and any(map(self.reaches_scoped, self.needs[i]))
        )

    def kept_by_singletons(self):
        """Give the pairs of a singleton and what it needs but must not keep."""
        return [
            (i, need)
            for i, lifecycle in enumerate(self.lifecycles)
            if lifecycle is SINGLETON
            for need in self.needs[i]
            if self.reaches_scoped(need)
        ]

    def depends(self, i, on):
        return i == on or any(self.depends(need, on) for need in self.needs[i])


@st.composite
def plans(draw):
    lifecycles = draw(st.lists(st.sampled_from(list(Lifecycle)), min_size=1, max_size=len(TYPES)))
    needs = [sorted(draw(st.sets(st.integers(0, i - 1), max_size=3))) if i else [] for i in range(len(lifecycles))]
    return Plan(lifecycles, needs, draw(st.booleans()))


sound_plans = plans().filter(lambda plan: not plan.kept_by_singletons())


@given(plans())
def test_a_mistake_is_reported_for_each_singleton_and_what_it_must_not_keep(plan):
    mistakes = plan.container.mistakes()
    assert sorted(mistake.split(" (")[0] for mistake in mistakes) == sorted(
        f"Service{i}" for i, _ in plan.kept_by_singletons()
    )


async def resolve_all(plan, scope):
    return [one for i in range(len(plan.lifecycles)) for one in (await scope.resolve(TYPES[i])).whole()]


@settings(deadline=None)
@given(sound_plans)
def test_instances_are_shared_as_their_lifecycles_say_and_closed_in_order(plan):
    async def use():
        async with plan.container.scope() as scope:
            return await resolve_all(plan, scope)

    async def use_twice():
        return [await use(), await use()]

    first, second = anyio.run(use_twice)
    for i, lifecycle in enumerate(plan.lifecycles):
        in_first, in_second = ({one for one in seen if one.number == i} for seen in (first, second))
        if lifecycle is SINGLETON:
            assert len(in_first | in_second) == 1
        elif lifecycle is SCOPED:
            assert (len(in_first), len(in_second), len(in_first & in_second)) == (1, 1, 0)
        else:
            assert (in_first | in_second).isdisjoint(plan.closed)
    assert len(plan.closed) == len(set(plan.closed)) == 2 * plan.lifecycles.count(SCOPED)
    for position, instance in enumerate(plan.closed):
        assert not set(instance.whole()[1:]) & set(plan.closed[:position])


@settings(deadline=None)
@given(sound_plans, st.data())
def test_an_override_is_seen_by_all_that_depend_on_it_and_leaves_no_trace(plan, data):
    replaced = data.draw(st.integers(0, len(plan.lifecycles) - 1))

    async def use(scope):
        return [await scope.resolve(TYPES[i]) for i in range(len(plan.lifecycles))]

    async def use_three_times():
        async with plan.container.scope() as scope:
            before = await use(scope)
            with plan.container.override(TYPES[replaced], factory=plan.factory(replaced, fake=True)):
                inside = await use(scope)
            return before, inside, await use(scope)

    before, inside, after = anyio.run(use_three_times)
    for i, lifecycle in enumerate(plan.lifecycles):
        assert any(one.fake for one in inside[i].whole()) == plan.depends(i, replaced)
        assert not any(one.fake for one in before[i].whole() + after[i].whole())
        if lifecycle is not TRANSIENT:
            assert after[i] is before[i]
            assert (inside[i] is before[i]) is not plan.depends(i, replaced)
