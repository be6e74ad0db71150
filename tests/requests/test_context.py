from hawkapi.requests.context import RequestContext, SharedRequest
from hawkapi.requests.request import read_messages
from hawkapi.runtime.runtime import Runtime
from tests.requests.feeds import Feed


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
    assert (context.messages, context.deadline) == (None, None)


def test_requests_without_a_context_share_the_same_things():
    shared = SharedRequest()
    assert (shared.form, shared.reader, shared.state) == (None, None, None)


async def test_the_first_receive_is_the_one_that_is_read():
    shared, first, second = SharedRequest(), Feed(b"1"), Feed(b"2")
    messages = read_messages(shared, first)
    assert read_messages(shared, second) is messages
    assert (await messages.receive())["body"] == b"1"
