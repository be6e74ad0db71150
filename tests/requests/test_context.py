from hawkapi.requests.context import RequestContext, SharedRequest
from hawkapi.runtime.runtime import Runtime


class App:
    def __init__(self, runtime):
        self._runtime = runtime

    def runtime(self):
        return self._runtime


async def test_a_context_asks_its_app_for_the_runtime():
    runtime = Runtime()
    assert RequestContext(App(runtime)).runtime is runtime


def test_a_context_begins_with_nothing_read():
    context = RequestContext(App(None))
    assert (context.form, context.reader, context.state) == (None, None, None)


def test_requests_without_a_context_share_the_same_three_things():
    shared = SharedRequest()
    assert (shared.form, shared.reader, shared.state) == (None, None, None)
