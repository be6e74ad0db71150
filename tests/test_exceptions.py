import pickle

import pytest

from hawkapi._errors import HawkAPIError
from hawkapi.exceptions import HTTPException
from tests.responses.wire import exchange


async def test_the_answer_is_a_problem_document():
    answer = await exchange(HTTPException(404, "Item not found", headers={"X-A": "1"}).to_response())
    assert (answer.status, answer.headers["content-type"], answer.headers["x-a"]) == (
        404,
        "application/problem+json",
        "1",
    )
    assert answer.body == (
        b'{"type":"https://hawkapi.ashimov.com/errors/http","title":"Not Found","status":404,"detail":"Item not found"}'
    )


def test_without_a_detail_the_document_has_none():
    assert b"detail" not in HTTPException(400).to_response().body


def test_a_status_without_phrase_is_titled_error():
    assert b'"title":"Error"' in HTTPException(499).to_response().body


def test_the_response_has_just_the_given_headers():
    assert HTTPException(401, headers={"WWW-Authenticate": "Bearer"}).to_response().headers == {
        "WWW-Authenticate": "Bearer"
    }


def test_the_attributes_are_as_given():
    exc = HTTPException(404, detail="x")
    assert (exc.status_code, exc.detail, exc.headers) == (404, "x", None)


@pytest.mark.parametrize("status", [99, 600])
def test_a_status_out_of_range_is_refused(status):
    with pytest.raises(ValueError, match=rf"within 100\.\.599, not {status}"):
        HTTPException(status)


@pytest.mark.parametrize(("exc", "text"), [(HTTPException(404, "x"), "404: x"), (HTTPException(404), "404: Not Found")])
def test_as_text_it_says_status_and_reason(exc, text):
    assert str(exc) == text


def test_it_is_an_error_of_the_framework():
    assert issubclass(HTTPException, HawkAPIError)


def test_it_survives_pickling():
    exc = pickle.loads(pickle.dumps(HTTPException(404, "x", headers={"a": "1"})))
    assert (exc.status_code, exc.detail, exc.headers) == (404, "x", {"a": "1"})
