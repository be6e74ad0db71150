import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.sse import EventSourceResponse, ServerSentEvent
from tests.responses.wire import exchange


def test_data_alone():
    assert ServerSentEvent("hi").encode() == b"data: hi\n\n"


def test_the_fields_stand_in_order():
    event = ServerSentEvent("é", event="e", id="1", retry=5)
    assert event.encode() == "id: 1\nevent: e\nretry: 5\ndata: é\n\n".encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_line_of_the_data_is_a_field(end):
    assert ServerSentEvent(f"a{end}{end}b").encode() == b"data: a\ndata: \ndata: b\n\n"


def test_separators_that_end_no_line_in_an_event_stream_are_kept():
    assert ServerSentEvent("a\u2028b\x0bc").encode() == "data: a\u2028b\x0bc\n\n".encode()


@given(st.text(alphabet="\r\nab: "), st.text(alphabet="ab: "))
def test_data_never_becomes_another_field(data, event):
    lines = ServerSentEvent(data, event=event).encode().decode()
    assert lines.endswith("\n\n")
    assert all(line.startswith(("data: ", "event: ")) for line in lines[:-2].split("\n"))


def test_an_empty_id_is_sent():
    assert ServerSentEvent("", id="").encode() == b"id: \ndata: \n\n"


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("end", ["\r", "\n"])
def test_a_name_or_id_of_several_lines_is_refused(field, end):
    with pytest.raises(ValueError, match=f"{field} must be one line"):
        ServerSentEvent("x", **{field: f"a{end}data: forged"})


def test_an_id_that_clients_would_ignore_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        ServerSentEvent("x", id="a\0")


def test_a_negative_retry_is_refused():
    with pytest.raises(ValueError, match="retry must be 0 or more milliseconds, not -1"):
        ServerSentEvent("x", retry=-1)


def test_an_event_cannot_be_changed():
    event = ServerSentEvent("x")
    with pytest.raises(AttributeError):
        event.event = "a\nb"


def test_equal_events_are_equal():
    assert ServerSentEvent("x", id="1") == ServerSentEvent("x", id="1")


async def test_a_stream_of_events_and_texts():
    async def content():
        yield ServerSentEvent("a", event="e")
        yield "b"

    answer = await exchange(EventSourceResponse(content(), status_code=201))
    assert answer.status == 201
    assert answer.chunks == [b"event: e\ndata: a\n\n", b"data: b\n\n", b""]
    assert answer.headers == {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "connection": "keep-alive",
    }


async def test_sync_content_is_fine():
    assert (await exchange(EventSourceResponse(iter(["a"])))).body == b"data: a\n\n"


async def test_given_headers_win():
    answer = await exchange(EventSourceResponse(["a"], headers={"Cache-Control": "no-store"}))
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_is_added_to_the_headers():
    assert EventSourceResponse([], headers={"A": "1"}).headers == {"A": "1"}


async def test_http_2_gets_no_connection_header():
    assert "connection" not in (await exchange(EventSourceResponse(["a"]), http_version="2")).headers
