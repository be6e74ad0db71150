"""The responses that differ from `Response` in what they are made of."""

import pytest

from hawkapi.responses.html_response import HTMLResponse
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.responses.problem import phrase, problem_body, problem_response
from hawkapi.responses.response import Response
from tests.responses.wire import exchange, refuse


@pytest.mark.parametrize(
    ("response", "content_type", "body"),
    [
        (JSONResponse({"a": 1}), "application/json", b'{"a":1}'),
        (JSONResponse(), "application/json", b"null"),
        (HTMLResponse("<p>"), "text/html; charset=utf-8", b"<p>"),
        (HTMLResponse(), "text/html; charset=utf-8", b""),
        (PlainTextResponse("a"), "text/plain; charset=utf-8", b"a"),
        (PlainTextResponse(), "text/plain; charset=utf-8", b""),
    ],
)
async def test_each_has_its_content_type(response, content_type, body):
    answer = await exchange(response, receive=refuse)
    assert isinstance(response, Response)
    assert (answer.headers["content-type"], answer.body, len(answer.messages)) == (content_type, body, 2)


@pytest.mark.parametrize("cls", [JSONResponse, HTMLResponse, PlainTextResponse])
def test_each_takes_status_and_headers(cls):
    response = cls("x", status_code=201, headers={"A": "1"})
    assert (response.status_code, response.headers) == (201, {"A": "1"})


def test_json_that_cannot_be_encoded_is_a_type_error():
    with pytest.raises(TypeError, match="no JSON representation"):
        JSONResponse(object())


def test_a_problem_leaves_out_what_is_none():
    assert problem_body("x", "X", 400) == b'{"type":"https://hawkapi.ashimov.com/errors/x","title":"X","status":400}'


def test_a_problem_holds_errors_that_are_encoded_already():
    assert problem_body("x", "X", 400, detail="d", errors=b"[1]").endswith(b',"detail":"d","errors":[1]}')


def test_a_lone_surrogate_in_the_detail_is_a_question_mark():
    assert problem_body("x", "X", 400, detail="/\ud800").endswith(b'"detail":"/?"}')


@pytest.mark.parametrize(("status", "text"), [(404, "Not Found"), (599, "Error")])
def test_the_phrase_of_a_status(status, text):
    assert phrase(status) == text


async def test_a_problem_response_bears_its_status_and_headers():
    answer = await exchange(problem_response("x", "X", 409, headers={"A": "1"}))
    assert (answer.status, answer.headers["content-type"], answer.headers["a"]) == (
        409,
        "application/problem+json",
        "1",
    )
