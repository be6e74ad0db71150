import pytest
from anyio import Event, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.reader import MessageReader
from hawkapi.runtime.tasks import Supervisor

LEFT = {"type": "http.disconnect"}


def part(body):
    return {"type": "http.request", "body": body, "more_body": True}


def last(body):
    return {"type": "http.request", "body": body, "more_body": False}


class Server:
    """A `receive` that gives messages when they are there; it checks that one task at a time calls it."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.receiving = self.cancelled = 0
        self.arrived = Event()

    def say(self, message):
        self.messages.append(message)
        self.arrived.set()
        self.arrived = Event()

    async def receive(self):
        assert self.receiving == 0
        self.receiving += 1
        try:
            await checkpoint()
            while not self.messages:
                await self.arrived.wait()
            message = self.messages.pop(0)
        finally:
            self.receiving -= 1
        if isinstance(message, Exception):
            raise message
        return message


class running:
    """A supervisor that runs during the block; what still reads at its end is cancelled."""

    def __init__(self):
        self.supervisor = Supervisor(grace=0)
        self.run = self.supervisor.run()

    async def __aenter__(self):
        await self.run.__aenter__()
        return self.supervisor

    async def __aexit__(self, *exc):
        return await self.run.__aexit__(*exc)


async def test_messages_pass_as_they_come():
    reader = MessageReader(Server(part(b"1"), last(b"2"), LEFT).receive)
    assert [await reader.receive() for _ in range(3)] == [part(b"1"), last(b"2"), LEFT]


async def test_a_disconnect_is_given_again_and_again():
    server = Server(LEFT)
    reader = MessageReader(server.receive)
    assert [await reader.receive() for _ in range(3)] == [LEFT] * 3
    assert reader.gone


async def test_an_error_of_receive_is_raised_to_who_reads():
    error = OSError("broken")
    reader = MessageReader(Server(error, LEFT).receive)
    with pytest.raises(OSError, match="broken") as caught:
        await reader.receive()
    assert caught.value is error
    assert not reader.gone
    assert await reader.receive() == LEFT


async def test_reading_ahead_holds_one_message_and_waits_until_it_is_taken():
    server = Server(part(b"1"), part(b"2"), last(b"3"))
    reader = MessageReader(server.receive)
    async with create_task_group() as group:
        group.start_soon(reader.run)
        await wait_all_tasks_blocked()
        assert len(server.messages) == 2
        assert [(await reader.receive())["body"] for _ in range(3)] == [b"1", b"2", b"3"]
        group.cancel_scope.cancel()


async def test_behind_the_last_message_it_reads_on_until_the_client_leaves():
    server = Server(last(b""))
    reader = MessageReader(server.receive)
    async with create_task_group() as group:
        group.start_soon(reader.run)
        await wait_all_tasks_blocked()
        assert not reader.gone
        server.say(part(b"what stands behind the end"))
        server.say(LEFT)
        await wait_all_tasks_blocked()
        assert reader.gone
    assert [await reader.receive() for _ in range(2)] == [last(b""), LEFT]


async def test_who_waits_for_a_message_gets_it_from_the_reading_ahead():
    server, got = Server(), []
    reader = MessageReader(server.receive)

    async def take():
        got.append(await reader.receive())

    async with create_task_group() as group:
        group.start_soon(reader.run)
        await wait_all_tasks_blocked()
        group.start_soon(take)
        await wait_all_tasks_blocked()
        server.say(part(b"1"))
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert got == [part(b"1")]


async def test_of_two_who_wait_each_gets_a_message():
    server, got = Server(), []
    reader = MessageReader(server.receive)

    async def take():
        got.append((await reader.receive())["body"])

    async with create_task_group() as group:
        group.start_soon(reader.run)
        await wait_all_tasks_blocked()
        group.start_soon(take)
        group.start_soon(take)
        await wait_all_tasks_blocked()
        server.say(part(b"1"))
        server.say(part(b"2"))
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert sorted(got) == [b"1", b"2"]


async def test_reading_ahead_waits_until_who_reads_already_has_its_message():
    server, got = Server(), []
    reader = MessageReader(server.receive)

    async def take():
        got.append(await reader.receive())

    async with create_task_group() as group:
        group.start_soon(take)
        await wait_all_tasks_blocked()
        group.start_soon(reader.run)
        await wait_all_tasks_blocked()
        server.say(last(b"1"))
        server.say(LEFT)
    assert got == [last(b"1")]
    assert reader.gone


async def test_when_the_reading_ahead_ends_who_waits_reads_itself():
    server, got = Server(), []
    reader = MessageReader(server.receive)

    async def take():
        got.append(await reader.receive())

    async with create_task_group() as group:
        async with create_task_group() as inner:
            inner.start_soon(reader.run)
            await wait_all_tasks_blocked()
            group.start_soon(take)
            await wait_all_tasks_blocked()
            inner.cancel_scope.cancel()
        await wait_all_tasks_blocked()
        assert server.receiving == 1
        server.say(part(b"1"))
    assert got == [part(b"1")]


async def test_an_error_while_reading_ahead_counts_as_the_clients_leaving():
    reader = MessageReader(Server(OSError("broken")).receive)
    assert await reader.run() == LEFT
    assert reader.gone


async def test_a_server_that_always_has_a_message_does_not_freeze_the_loop():
    async def receive():
        return last(b"")

    async with create_task_group() as group:
        group.start_soon(MessageReader(receive).run)
        await checkpoint()
        group.cancel_scope.cancel()


# looks


async def test_a_look_sees_that_the_client_has_left():
    async with running() as supervisor:
        assert await MessageReader(Server(last(b""), LEFT).receive).look(supervisor, bodyless=False)
        assert not await MessageReader(Server(last(b"")).receive).look(supervisor, bodyless=False)


async def test_after_the_first_look_the_client_is_watched():
    server = Server()
    reader = MessageReader(server.receive)
    async with running() as supervisor:
        assert not await reader.look(supervisor, bodyless=False)
        server.say(last(b""))
        assert not await reader.look(supervisor, bodyless=False)
        server.say(LEFT)
        await wait_all_tasks_blocked()
        assert await reader.look(supervisor, bodyless=False)


async def test_a_look_loses_nothing_of_the_body():
    server = Server(part(b"1"), part(b"2"))
    reader = MessageReader(server.receive)
    async with running() as supervisor:
        for body in (b"1", b"2"):
            assert not await reader.look(supervisor, bodyless=False)
            assert await reader.receive() == part(body)


async def test_the_watch_ends_when_it_is_stopped():
    server = Server()
    reader = MessageReader(server.receive)
    reader.stop()
    async with running() as supervisor:
        await reader.look(supervisor, bodyless=False)
        assert server.receiving == 1
        reader.stop()
        await wait_all_tasks_blocked()
        assert server.receiving == 0


async def test_without_a_supervisor_a_look_reads_a_request_without_a_body():
    server = Server()
    reader = MessageReader(server.receive)
    assert not await reader.look(None, bodyless=True)
    assert server.receiving == 0
    server.say(LEFT)
    assert await reader.look(None, bodyless=True)


async def test_without_a_supervisor_a_look_does_not_touch_a_body_that_is_outstanding():
    server = Server(part(b"1"), last(b"2"), LEFT)
    reader = MessageReader(server.receive)
    for _ in range(2):
        assert not await reader.look(None, bodyless=False)
        await reader.receive()
    assert await reader.look(None, bodyless=False)


async def test_after_the_end_of_the_supervisor_looks_go_on_without_it():
    server = Server()
    reader = MessageReader(server.receive)
    async with running() as supervisor:
        await reader.look(supervisor, bodyless=True)
    assert server.receiving == 0
    server.say(LEFT)
    assert await reader.look(supervisor, bodyless=True)


async def test_while_another_task_waits_for_the_body_a_look_does_not_read():
    server = Server()
    reader = MessageReader(server.receive)
    async with create_task_group() as group, running() as supervisor:
        group.start_soon(reader.receive)
        await wait_all_tasks_blocked()
        assert not await reader.look(supervisor, bodyless=False)
        server.say(LEFT)
        await wait_all_tasks_blocked()
        assert await reader.look(supervisor, bodyless=False)


async def test_a_look_that_is_cancelled_leaves_the_reader_usable():
    server = Server()
    reader = MessageReader(server.receive)
    async with create_task_group() as group:
        group.start_soon(lambda: reader.look(None, bodyless=True))
        await checkpoint()
        group.cancel_scope.cancel()
        await sleep_forever()
    server.say(LEFT)
    assert await reader.receive() == LEFT
