import pytest

from hawkapi.requests.body import BodyReader, check_content_length, check_framing, read_rest
from hawkapi.requests.errors import BadRequest, ClientDisconnected, RequestEntityTooLarge
from tests.requests.feeds import Feed

LIMIT = 10


def reader_of(feed, headers=()):
    return BodyReader(feed, list(headers), LIMIT)


async def test_a_body_in_one_message_is_given_as_it_came():
    body = b"0123456789"
    assert await reader_of(Feed(body)).read() is body


async def test_a_body_in_chunks_is_joined_and_kept():
    feed = Feed(b"01", b"", b"23", b"")
    reader = reader_of(feed)
    body = await reader.read()
    assert body == b"0123"
    assert await reader.read() is body
    assert feed.calls == 4


async def test_a_message_without_body_and_more_body_is_an_empty_body():
    async def receive():
        return {"type": "http.request"}

    assert await reader_of(receive).read() == b""


async def test_a_stream_gives_the_chunks_that_are_not_empty():
    stream = reader_of(Feed(b"01", b"", b"23", b"")).stream()
    assert [chunk async for chunk in stream] == [b"01", b"23"]
    assert [chunk async for chunk in stream] == []


async def test_a_stream_of_an_empty_body_gives_nothing():
    assert [chunk async for chunk in reader_of(Feed()).stream()] == []


async def test_after_a_stream_the_body_is_gone():
    reader = reader_of(Feed(b"01"))
    async for _ in reader.stream():
        pass
    with pytest.raises(RuntimeError, match=r"Body already consumed by stream\(\)"):
        await reader.read()
    with pytest.raises(RuntimeError, match=r"Body already consumed by stream\(\)"):
        reader.stream()


async def test_a_body_that_was_read_can_be_streamed_as_one_chunk_again_and_again():
    reader = reader_of(Feed(b"01", b"23"))
    body = await reader.read()
    for _ in range(2):
        assert [chunk async for chunk in reader.stream()] == [body]


async def test_an_empty_body_that_was_read_streams_nothing():
    reader = reader_of(Feed())
    await reader.read()
    assert [chunk async for chunk in reader.stream()] == []


@pytest.mark.parametrize("chunks", [[b"0123456789"], [b"01234", b"56789"], [b"0"] * 10])
async def test_exactly_the_limit_is_fine(chunks):
    assert len(await reader_of(Feed(*chunks)).read()) == LIMIT
    assert len([chunk async for chunk in reader_of(Feed(*chunks)).stream()]) == len(chunks)


@pytest.mark.parametrize("chunks", [[b"0123456789a"], [b"01234", b"567890"], [b"0"] * 11])
async def test_one_byte_more_than_the_limit_is_too_much(chunks):
    with pytest.raises(RequestEntityTooLarge) as refused:
        await reader_of(Feed(*chunks)).read()
    assert refused.value.max_size == LIMIT
    with pytest.raises(RequestEntityTooLarge):
        async for _ in reader_of(Feed(*chunks)).stream():
            pass


async def test_cve_2026_5766_a_content_length_that_lies_is_not_believed():
    feed = Feed(b"0123456789a")
    with pytest.raises(RequestEntityTooLarge):
        await reader_of(feed, [(b"content-length", b"1")]).read()


async def test_a_content_length_over_the_limit_is_refused_unread():
    feed = Feed(b"0")
    reader = reader_of(feed, [(b"content-length", b"11")])
    for _ in range(2):
        with pytest.raises(RequestEntityTooLarge):
            await reader.read()
        with pytest.raises(RequestEntityTooLarge):
            reader.stream()
    assert feed.calls == 0


async def test_a_refused_body_stays_refused_and_is_read_no_further():
    feed = Feed(b"0123456789", b"a", b"b")
    reader = reader_of(feed)
    for _ in range(2):
        with pytest.raises(RequestEntityTooLarge):
            await reader.read()
    assert feed.calls == 2


async def test_a_stream_ends_where_it_was_refused():
    feed = Feed(b"0123456789a", b"b")
    stream = reader_of(feed).stream()
    with pytest.raises(RequestEntityTooLarge):
        await anext(stream)
    assert [chunk async for chunk in stream] == []
    assert feed.calls == 1


async def test_a_disconnect_is_never_taken_for_the_end():
    reader = reader_of(Feed(b"01", complete=False))
    for _ in range(2):
        with pytest.raises(ClientDisconnected):
            await reader.read()
    stream = reader_of(Feed(b"01", complete=False)).stream()
    assert await anext(stream) == b"01"
    with pytest.raises(ClientDisconnected):
        await anext(stream)


async def test_a_read_that_was_interrupted_is_not_taken_up_again():
    async def receive():
        raise OSError("gone")

    reader = reader_of(receive)
    with pytest.raises(OSError, match="gone"):
        await reader.read()
    with pytest.raises(RuntimeError, match=r"Body already consumed by a body\(\) that did not finish"):
        await reader.read()


async def test_cve_2025_69229_many_small_chunks_are_read_once_each():
    feed = Feed(*[b"x"] * 1000)
    assert await BodyReader(feed, [], 1000).read() == b"x" * 1000
    assert feed.calls == 1000


async def test_trailers_that_a_server_appends_to_the_headers_are_not_seen():
    headers = [(b"host", b"x")]

    async def receive():
        headers.append((b"authorization", b"forged"))
        return {"type": "http.request", "body": b"0"}

    await BodyReader(receive, headers, LIMIT).read()
    assert headers == [(b"host", b"x")]


async def test_the_rest_of_a_body_is_read_after_its_first_message():
    first, feed = {"type": "http.request", "body": b"01", "more_body": True}, Feed(b"23")
    assert await read_rest(first, feed, LIMIT) == b"0123"
    with pytest.raises(ClientDisconnected):
        await read_rest({"type": "http.disconnect"}, feed, LIMIT)
    with pytest.raises(RequestEntityTooLarge):
        await read_rest({"type": "http.request", "body": b"0123456789a"}, feed, LIMIT)
    assert feed.calls == 1


def test_a_content_length_at_the_limit_is_fine():
    check_content_length(b"10", LIMIT)
    check_content_length(b"0000000010", LIMIT)
    check_framing([(b"host", b"x"), (b"content-length", b"10")], LIMIT)
    check_framing([(b"transfer-encoding", b"chunked")], LIMIT)


@pytest.mark.parametrize("value", [b"11", b"1" * 19, b"9" * 100_000])
def test_a_content_length_over_the_limit_is_too_large(value):
    with pytest.raises(RequestEntityTooLarge):
        check_content_length(value, LIMIT)


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b"1 ", b"0x1", b"1_0", b"1, 1", b"\xd9\xa1"])
def test_cve_2023_47627_a_content_length_that_is_no_number_is_a_bad_request_and_ends_the_connection(value):
    with pytest.raises(BadRequest, match="Invalid Content-Length header") as refused:
        check_content_length(value, LIMIT)
    assert refused.value.headers == {"connection": "close"}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"chunked"), (b"content-length", b"1")],
        [(b"content-length", b"1"), (b"content-length", b"1")],
    ],
)
def test_cve_2023_47641_and_2023_37276_a_body_with_two_ends_is_a_bad_request_and_ends_the_connection(headers):
    with pytest.raises(BadRequest) as refused:
        check_framing(headers, LIMIT)
    assert refused.value.headers == {"connection": "close"}
