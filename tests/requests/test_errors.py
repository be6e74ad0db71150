from msgspec import UNSET

from hawkapi._errors import HawkAPIError
from hawkapi.requests.errors import (
    BadRequest,
    ClientDisconnected,
    HeaderFieldsTooLarge,
    MalformedBody,
    RequestEntityTooLarge,
    RequestError,
    URITooLong,
)


def test_every_error_knows_the_problem_it_is_answered_with():
    answers = [
        (error.status, error.suffix, error.title)
        for error in (
            BadRequest("x"),
            ClientDisconnected(),
            RequestEntityTooLarge(1),
            URITooLong("x"),
            HeaderFieldsTooLarge("x"),
        )
    ]
    assert answers == [
        (400, "http", "Bad Request"),
        (400, "http", "Bad Request"),
        (413, "payload-too-large", "Payload Too Large"),
        (414, "http", "URI Too Long"),
        (431, "http", "Request Header Fields Too Large"),
    ]


def test_a_body_that_is_too_large_says_what_is_allowed():
    error = RequestEntityTooLarge(10)
    assert error.max_size == 10
    assert error.detail == str(error) == "Request body exceeds maximum size of 10 bytes"


def test_headers_of_the_answer_are_carried_along():
    assert RequestError(400, "Bad Request", "x", headers={"connection": "close"}).headers == {"connection": "close"}


def test_a_malformed_body_names_field_and_reason():
    error = MalformedBody("$", "no JSON")
    assert isinstance(error, HawkAPIError)
    assert (error.field, error.message, error.value, str(error)) == ("$", "no JSON", UNSET, "$: no JSON")
