import pytest

from hawkapi.responses.base import BaseResponse
from hawkapi.responses.response import Response
from tests.responses.wire import exchange, refuse


async def test_a_response_is_two_messages_and_receives_nothing():
    answer = await exchange(Response("hé"), receive=refuse)
    assert answer.messages == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"3")],
        },
        {"type": "http.response.body", "body": "hé".encode()},
    ]


async def test_a_response_may_be_sent_again():
    response = Response(b"x")
    first, second = await exchange(response), await exchange(response)
    assert first.messages == second.messages
    assert first.raw is not second.raw


def test_the_attributes_are_as_given():
    response = Response("x", status_code=201, headers={"X-Name": "1"}, content_type="text/css")
    assert (response.body, response.status_code, response.headers, response.content_type) == (
        b"x",
        201,
        {"X-Name": "1"},
        "text/css",
    )


def test_without_headers_there_is_an_empty_dict():
    assert Response().headers == {}


def test_the_headers_given_are_not_changed():
    given = {"a": "1"}
    Response(headers=given).headers["b"] = "2"
    assert given == {"a": "1"}


async def test_headers_changed_before_sending_are_sent():
    response = Response()
    response.headers["X-Late"] = "1"
    assert (await exchange(response)).headers["x-late"] == "1"


@pytest.mark.parametrize("status", [-1, 0, 99, 600, 1000])
def test_a_status_out_of_range_is_refused(status):
    with pytest.raises(ValueError, match=rf"within 100\.\.599, not {status}"):
        Response(status_code=status)


@pytest.mark.parametrize("status", [100, 599])
def test_the_ends_of_the_range_are_in_it(status):
    assert Response(status_code=status).status_code == status


@pytest.mark.parametrize("content", [bytearray(b"x"), memoryview(b"x")])
def test_other_bytes_are_bytes_too(content):
    assert Response(content).body == b"x"


def test_content_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="not dict"):
        Response({})


async def test_a_bad_header_name_is_refused_before_anything_is_sent():
    sent = []
    with pytest.raises(ValueError, match="no header name"):
        await Response(headers={"a b": "1"})({}, refuse, sent.append)
    assert sent == []


async def test_head_gets_the_head_of_get_and_no_body():
    answer = await exchange(Response(b"xyz"), "HEAD")
    assert (answer.headers["content-length"], answer.body, len(answer.messages)) == ("3", b"", 2)


@pytest.mark.parametrize("status", [101, 204, 304])
async def test_a_status_without_content_goes_out_without_body(status):
    assert (await exchange(Response(b"xyz", status_code=status))).body == b""


async def test_a_response_that_does_not_say_how_it_is_sent_is_a_mistake():
    with pytest.raises(NotImplementedError, match="BaseResponse"):
        await exchange(BaseResponse(200, None, None))
