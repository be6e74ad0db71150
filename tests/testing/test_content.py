import msgspec
import pytest

from hawkapi.testing.content import encode_content, request_messages


def content_of(method="POST", *, json=None, body=None, data=None, files=None):
    return encode_content(method, json=json, body=body, data=data, files=files)


def test_json_is_encoded_by_msgspec():
    class User(msgspec.Struct):
        name: str

    content = content_of(json=User("Ada"))
    assert content.body == b'{"name":"Ada"}'
    assert content.headers == [("content-length", "14"), ("content-type", "application/json")]


@pytest.mark.parametrize(("body", "sent"), [("é", "é".encode()), (b"\xff", b"\xff"), (b"", b"")])
def test_text_and_bytes_are_sent_with_their_length(body, sent):
    content = content_of(body=body)
    assert content.body == sent
    assert content.headers == [("content-length", str(len(sent)))]


def test_pieces_are_sent_without_a_length():
    assert content_of(body=[b"a"]).headers == [("transfer-encoding", "chunked")]


@pytest.mark.parametrize("method", ["POST", "put", "PATCH"])
def test_a_missing_body_is_announced_where_one_is_expected(method):
    content = content_of(method)
    assert (content.body, content.headers) == (b"", [("content-length", "0")])


def test_a_missing_body_is_not_announced_elsewhere():
    assert content_of("GET").headers == []


def test_data_is_an_urlencoded_form():
    content = content_of(data={"a": ["1", 2], "b": "x y"})
    assert content.body == b"a=1&a=2&b=x+y"
    assert dict(content.headers)["content-type"] == "application/x-www-form-urlencoded"


def test_empty_data_is_an_empty_form():
    content = content_of(data={})
    assert content.body == b""
    assert dict(content.headers)["content-type"] == "application/x-www-form-urlencoded"


def test_files_make_the_form_multipart():
    content = content_of(
        data={"tag": ["x", "y"]},
        files={"a": b"1", "b": ("b.txt", b"2"), "c": [("c.png", b"3", "image/png"), b"4"]},
    )
    boundary = dict(content.headers)["content-type"].removeprefix("multipart/form-data; boundary=")
    text = content.body.decode().replace(boundary, "B")
    assert text.replace("content-disposition: form-data; ", "") == (
        '--B\r\nname="tag"\r\n\r\nx\r\n'
        '--B\r\nname="tag"\r\n\r\ny\r\n'
        '--B\r\nname="a"; filename="a"\r\ncontent-type: application/octet-stream\r\n\r\n1\r\n'
        '--B\r\nname="b"; filename="b.txt"\r\ncontent-type: application/octet-stream\r\n\r\n2\r\n'
        '--B\r\nname="c"; filename="c.png"\r\ncontent-type: image/png\r\n\r\n3\r\n'
        '--B\r\nname="c"; filename="c"\r\ncontent-type: application/octet-stream\r\n\r\n4\r\n'
        "--B--\r\n"
    )


def test_a_name_cannot_end_its_line_in_a_part():
    body = content_of(files={'n"\r\n': ('f"\r\n', b"")}).body
    assert b'name="n%22%0D%0A"; filename="f%22%0D%0A"' in body


def test_cve_2026_22779_a_line_break_in_the_content_type_of_a_part_is_refused():
    with pytest.raises(ValueError, match="no line break"):
        content_of(files={"a": ("a", b"", "text/plain\r\nx: y")})


@pytest.mark.parametrize(
    "given", [{"json": 1, "body": b""}, {"json": 1, "data": {}}, {"body": b"", "files": {"a": b""}}]
)
def test_two_bodies_are_refused(given):
    with pytest.raises(ValueError, match="a request has one body, not"):
        content_of(**given)


async def bodies(body):
    return [(message["body"], message["more_body"]) async for message in request_messages(body)]


async def test_bytes_are_one_message():
    assert await bodies(b"ab") == [(b"ab", False)]


async def test_an_iterable_is_one_message_a_chunk_and_a_last_one():
    assert await bodies(["a", b"b"]) == [(b"a", True), (b"b", True), (b"", False)]


async def test_an_async_iterable_is_one_message_a_chunk_and_a_last_one():
    async def chunks():
        yield "a"
        yield b"b"

    assert await bodies(chunks()) == [(b"a", True), (b"b", True), (b"", False)]


async def test_an_async_iterable_need_be_no_generator():
    class Chunks:
        def __init__(self):
            self.left = [b"a"]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    assert await bodies(Chunks()) == [(b"a", True), (b"", False)]


async def test_an_async_generator_is_closed_where_it_stands():
    closed = []

    async def chunks():
        try:
            yield b"a"
        finally:
            closed.append(True)

    messages = request_messages(chunks())
    await anext(messages)
    await messages.aclose()
    assert closed == [True]
