"""What an exception becomes (contract 2.4, 2.7; runtime.md 5)."""

import threading

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.exceptions import HTTPException
from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.request import Request, RequestEntityTooLarge
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.validation.errors import RequestValidationError, ValidationErrorDetail
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call

PROBLEM = "https://hawkapi.ashimov.com/errors/"
PLAIN_500 = {
    "type": PROBLEM + "internal",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "Internal Server Error",
}


def raising_app(exc, **options):
    app = HawkAPI(**options)

    @app.get("/")
    async def handler():
        raise exc

    @app.get("/sync")
    def sync_handler():
        raise exc

    return app


def answer_with(text, status=400):
    async def handle(request, exc):
        return PlainTextResponse(text, status_code=status)

    return handle


@pytest.mark.parametrize("path", ["/", "/sync"])
async def test_an_unhandled_exception_is_a_500_that_tells_nothing_and_is_logged_once(path, caplog):
    answer = await call(raising_app(ValueError("secret")), "GET", path)
    assert (answer.status, answer.json()) == (500, PLAIN_500)
    assert answer.headers["content-type"] == "application/problem+json"
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info[1].args == ("secret",)
    assert record.getMessage() == f"Unhandled exception in GET {path}"


async def test_debug_shows_the_text_of_the_exception(caplog):
    assert (await call(raising_app(ValueError("the text"), debug=True), "GET", "/")).json()["detail"] == "the text"


async def test_debug_shows_the_class_of_an_exception_without_text(caplog):
    assert (await call(raising_app(ValueError(), debug=True), "GET", "/")).json()["detail"] == "ValueError"


@pytest.mark.parametrize("path", ["/", "/sync"])
async def test_an_http_exception_is_a_problem_with_its_headers(path, caplog):
    app = raising_app(HTTPException(401, detail="Token expired", headers={"WWW-Authenticate": "Bearer"}))
    answer = await call(app, "GET", path)
    assert answer.json() == {
        "type": PROBLEM + "http",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Token expired",
    }
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert caplog.records == []


async def test_an_http_exception_without_detail_leaves_that_member_out():
    assert (await call(raising_app(HTTPException(499)), "GET", "/")).json() == {
        "type": PROBLEM + "http",
        "title": "Error",
        "status": 499,
    }


async def test_the_handler_of_the_most_specific_class_wins():
    app = raising_app(KeyError("x"))
    app.exception_handler(Exception)(answer_with("exception"))
    app.exception_handler(LookupError)(answer_with("lookup"))
    assert (await call(app, "GET", "/")).body == b"lookup"
    app = raising_app(KeyError("x"))
    app.exception_handler(KeyError)(answer_with("key"))
    app.exception_handler(LookupError)(answer_with("lookup"))
    assert (await call(app, "GET", "/")).body == b"key"


async def test_a_handler_for_exception_takes_what_has_no_other():
    app = raising_app(ValueError("x"))
    app.exception_handler(Exception)(answer_with("exception"))
    assert (await call(app, "GET", "/")).body == b"exception"


@pytest.mark.parametrize(
    ("exc", "status"), [(HTTPException(404), 404), (RequestValidationError([]), 400), (RequestEntityTooLarge(1), 413)]
)
async def test_a_handler_for_exception_leaves_the_clients_errors_to_the_framework(exc, status):
    app = raising_app(exc)
    app.exception_handler(Exception)(answer_with("broken", 500))
    assert (await call(app, "GET", "/")).status == status


async def test_a_handler_of_another_class_is_not_asked(caplog):
    app = raising_app(ValueError("x"))
    app.exception_handler(LookupError)(answer_with("lookup"))
    assert (await call(app, "GET", "/")).status == 500


async def test_a_handler_gets_the_request_with_its_path_parameters_and_state():
    app = HawkAPI()

    @app.get("/{name}")
    async def handler(request: Request, name: str):
        request.state.user = "me"
        raise ValueError(name)

    @app.exception_handler(ValueError)
    async def handle(request, exc):
        return PlainTextResponse(f"{request.path_params['name']} {request.state.user} {exc}")

    assert (await call(app, "GET", "/x")).body == b"x me x"


async def test_a_value_from_a_handler_is_json_with_status_500():
    app = raising_app(ValueError("x"))

    @app.exception_handler(ValueError)
    async def handle(request, exc):
        return {"error": str(exc)}

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (500, b'{"error":"x"}', "application/json")


async def test_a_sync_handler_runs_in_a_worker_thread():
    app = raising_app(ValueError("x"))

    @app.exception_handler(ValueError)
    def handle(request, exc):
        return PlainTextResponse(str(threading.get_ident()))

    answer = await call(app, "GET", "/")
    assert int(answer.body) != threading.get_ident()


@pytest.mark.parametrize("sync", [False, True])
async def test_a_handler_that_raises_itself_is_the_plain_500(sync, caplog):
    app = raising_app(ValueError("x"))

    async def broken(request, exc):
        raise HTTPException(418, "secret")

    def broken_sync(request, exc):
        raise LookupError("secret")

    app.exception_handler(ValueError)(broken_sync if sync else broken)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (500, PLAIN_500)
    (record,) = caplog.records
    assert "broken" in record.getMessage()
    assert record.exc_info[1].__context__.args == ("x",)


async def test_a_handler_whose_value_cannot_be_encoded_is_the_plain_500(caplog):
    app = raising_app(ValueError("x"))
    app.exception_handler(ValueError)(lambda request, exc: object())
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (500, PLAIN_500)


async def test_a_handler_whose_response_cannot_be_sent_is_the_plain_500(caplog):
    app = raising_app(ValueError("x"))

    @app.exception_handler(ValueError)
    async def handle(request, exc):
        return Response(headers={"no token": "x"})

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (500, PLAIN_500)
    assert any("The answer to an error of GET / failed" in record.getMessage() for record in caplog.records)


async def test_a_handler_for_http_exception_replaces_the_built_in_answer():
    app = raising_app(HTTPException(409, "x"))

    @app.exception_handler(HTTPException)
    async def handle(request, exc):
        return PlainTextResponse(f"mine: {exc.detail}", status_code=exc.status_code)

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body) == (409, b"mine: x")


async def test_a_handler_for_http_exception_takes_the_404_and_405_of_the_router():
    app = raising_app(ValueError())

    @app.exception_handler(HTTPException)
    async def handle(request, exc):
        return PlainTextResponse(f"{exc.status_code} {exc.detail}", headers=exc.headers, status_code=exc.status_code)

    missing, wrong = await call(app, "GET", "/missing"), await call(app, "POST", "/")
    assert (missing.status, missing.body) == (404, b"404 No route matches GET /missing")
    assert (wrong.status, wrong.body) == (405, b"405 Method POST not allowed. Allowed: GET, HEAD")
    assert wrong.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("status", [404, 405])
async def test_a_handler_for_a_status_takes_every_http_exception_of_it_and_the_routers_own(status):
    app = HawkAPI()

    @app.get("/{code}")
    async def handler(code: int):
        raise HTTPException(code)

    app.exception_handler(status)(answer_with("mine", status))
    assert (await call(app, "GET", f"/{status}")).body == b"mine"
    assert (await call(app, "GET", "/403")).json()["status"] == 403
    missing, wrong = await call(app, "GET", "/x/y"), await call(app, "POST", "/404")
    assert (missing.body == b"mine", wrong.body == b"mine") == (status == 404, status == 405)


async def test_a_handler_for_a_subclass_of_http_exception_goes_before_one_for_its_status():
    class Gone(HTTPException):
        pass

    app = raising_app(Gone(410))
    app.exception_handler(410)(answer_with("status"))
    app.exception_handler(HTTPException)(answer_with("class"))
    assert (await call(app, "GET", "/")).body == b"status"
    app = raising_app(Gone(410))
    app.exception_handler(410)(answer_with("status"))
    app.exception_handler(Gone)(answer_with("subclass"))
    assert (await call(app, "GET", "/")).body == b"subclass"


async def test_a_404_handler_whose_response_fails_is_the_plain_500(caplog):
    app = HawkAPI()

    @app.exception_handler(404)
    async def handle(request, exc):
        return Response(headers={"no token": "x"})

    answer = await call(app, "GET", "/missing")
    assert (answer.status, answer.json()) == (500, PLAIN_500)


async def test_validation_errors_are_all_reported_with_the_status_of_the_app():
    app = HawkAPI(validation_error_status=422)

    @app.get("/")
    async def handler(a: int, b: int):
        return a + b

    answer = await call(app, "GET", "/", query=b"a=x&b=y")
    problem = answer.json()
    assert (answer.status, problem["status"], problem["type"]) == (422, 422, PROBLEM + "validation")
    assert (problem["title"], problem["detail"]) == ("Validation Error", "2 validation errors")
    assert [error["field"] for error in problem["errors"]] == ["a", "b"]


async def test_a_handler_for_request_validation_error_replaces_the_built_in_answer():
    app = HawkAPI()

    @app.get("/")
    async def handler(a: int):
        return a

    @app.post("/")
    async def post(request: Request):
        return await request.json()

    @app.exception_handler(RequestValidationError)
    async def handle(request, exc):
        return PlainTextResponse(exc.errors[0].field, status_code=418)

    assert (await call(app, "GET", "/")).body == b"a"
    assert (await call(app, "POST", "/", body=b"{")).body == b"$"


async def test_a_validation_error_that_the_user_raises_is_the_same_problem():
    app = raising_app(RequestValidationError([ValidationErrorDetail("f", "is wrong", 1)]), validation_error_status=422)
    answer = await call(app, "GET", "/")
    assert answer.status == 422
    assert answer.json()["errors"] == [{"field": "f", "message": "is wrong", "value": 1}]


async def test_malformed_json_out_of_request_json_is_a_validation_problem(caplog):
    app = HawkAPI(validation_error_status=422)

    @app.post("/")
    async def handler(request: Request):
        return await request.json()

    answer = await call(app, "POST", "/", body=b'{"a":')
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "$")
    assert caplog.records == []


async def test_a_handler_for_a_request_error_gets_it_with_its_data():
    app = HawkAPI(max_body_size=1)

    @app.post("/")
    async def handler(request: Request):
        return await request.json()

    @app.exception_handler(RequestEntityTooLarge)
    async def handle(request, exc):
        return PlainTextResponse(str(exc.max_size), status_code=413)

    assert (await call(app, "POST", "/", body=b"[]")).body == b"1"


def group_app(*excs):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        async def fail(exc):
            raise exc

        async with anyio.create_task_group() as outer:
            outer.start_soon(anyio.sleep_forever)
            async with anyio.create_task_group() as group:
                for exc in excs:
                    group.start_soon(fail, exc)

    return app


async def test_an_exception_out_of_a_users_task_group_is_answered_as_itself():
    assert (await call(group_app(HTTPException(409, "x")), "GET", "/")).status == 409
    app = group_app(ValueError("x"))
    app.exception_handler(ValueError)(answer_with("mine"))
    assert (await call(app, "GET", "/")).body == b"mine"


async def test_an_unhandled_exception_out_of_a_users_task_group_is_logged_as_itself(caplog):
    answer = await call(group_app(ValueError("x")), "GET", "/")
    assert (answer.status, answer.json()) == (500, PLAIN_500)
    assert [type(record.exc_info[1]) for record in caplog.records] == [ValueError]


async def test_a_group_whose_exceptions_have_one_handler_is_answered_by_it():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        raise ExceptionGroup("two", [KeyError(1), ExceptionGroup("inner", [IndexError(2)])])

    app.exception_handler(LookupError)(answer_with("lookup"))
    assert (await call(app, "GET", "/")).body == b"lookup"


async def test_a_group_of_http_exceptions_is_answered_by_the_first():
    app = raising_app(ExceptionGroup("two", [HTTPException(404), HTTPException(409)]))
    assert (await call(app, "GET", "/")).status == 404


async def test_a_group_of_mixed_exceptions_is_a_500_and_logged_as_the_group(caplog):
    group = ExceptionGroup("two", [HTTPException(404), ValueError("x")])
    assert (await call(raising_app(group), "GET", "/")).status == 500
    assert [record.exc_info[1] for record in caplog.records] == [group]


async def test_a_group_of_unhandled_exceptions_is_a_500_and_logged_as_the_group(caplog):
    group = ExceptionGroup("two", [ValueError("x"), TypeError("y")])
    assert (await call(raising_app(group), "GET", "/")).status == 500
    assert [record.exc_info[1] for record in caplog.records] == [group]


async def test_malformed_json_in_a_users_task_group_is_a_validation_problem():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        async with anyio.create_task_group() as group:
            group.start_soon(request.json)

    assert (await call(app, "POST", "/", body=b"{")).status == 400


async def test_a_group_of_input_errors_is_one_validation_problem():
    malformed, invalid = MalformedBody("$", "broken"), RequestValidationError([ValidationErrorDetail("f", "is wrong")])
    answer = await call(raising_app(ExceptionGroup("two", [malformed, invalid])), "GET", "/")
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (400, ["$"])


async def test_a_header_name_that_is_no_token_is_a_500(caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return Response(headers={"bad name": "x"})

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (500, PLAIN_500)
    assert len(caplog.records) == 1


async def test_a_stream_that_fails_before_its_head_is_answered_as_an_error(caplog):
    app = HawkAPI()

    class Refusing(Response):
        async def __call__(self, scope, receive, send):
            raise HTTPException(409)

    @app.get("/")
    async def handler():
        return Refusing()

    assert (await call(app, "GET", "/")).status == 409


async def test_a_stream_that_fails_in_the_middle_is_raised_on_and_never_ends_as_if_complete(caplog):
    app = HawkAPI()

    async def content():
        yield b"a"
        raise ValueError("late")

    @app.get("/")
    async def handler():
        return StreamingResponse(content())

    wire = Wire()
    wire.receive = anyio.sleep_forever
    with pytest.raises(ValueError, match="late"):
        await exchange(app, "GET", "/", wire=wire)
    assert [m.get("more_body") for m in wire.sent] == [None, True]
    (record,) = caplog.records
    assert record.getMessage() == "The response to GET / broke off"


@pytest.mark.parametrize("kind", ["value", "response", "error", "404", "405", "stream", "sync", "invalid"])
@pytest.mark.parametrize("nth", [1, 2])
async def test_what_send_raises_passes_as_it_is(kind, nth, caplog):
    app = HawkAPI()

    async def content():
        yield b"a"
        yield b"b"

    @app.get("/value")
    async def value():
        return 1

    @app.get("/sync")
    def sync():
        return 1

    @app.get("/response")
    async def response():
        return Response("x")

    @app.get("/error")
    async def error():
        raise ValueError

    @app.get("/stream")
    async def stream():
        return StreamingResponse(content())

    @app.get("/invalid")
    async def invalid(q: int):
        return q

    wire = Wire(break_send=nth)
    wire.receive = anyio.sleep_forever
    with pytest.raises(Broken, match="send"):
        await exchange(app, "POST" if kind == "405" else "GET", "/value" if kind == "405" else f"/{kind}", wire=wire)
    assert wire.sends == nth
    assert [r for r in caplog.records if "Unhandled" in r.getMessage()] == caplog.records
    assert len(caplog.records) == (kind == "error")


async def test_an_error_of_receive_is_an_error_of_the_handler(caplog):
    app = HawkAPI()

    @app.post("/")
    async def handler(body: list[int]):
        return body

    wire = Wire(*chunks(b"[1,", b"2]"), break_receive=2)
    await exchange(app, "POST", "/", wire=wire)
    assert (wire.status, len(caplog.records)) == (500, 1)


async def test_control_characters_of_the_path_are_escaped_in_the_log(caplog):
    app = HawkAPI()

    @app.get("/{name}")
    async def handler(name: str):
        raise ValueError

    await call(app, "GET", "/a\r\nb\x1b[31m")
    assert caplog.records[0].getMessage() == r"Unhandled exception in GET /a\r\nb\x1b[31m"


async def test_cancellation_is_not_answered():
    app = HawkAPI()
    started = anyio.Event()
    wire = Wire()

    @app.get("/")
    async def handler():
        started.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/", wire=wire))
        await started.wait()
        group.cancel_scope.cancel()
    assert wire.sent == []


@pytest.mark.parametrize("key", ["404", ValueError("x"), int, 99, 600, None, len])
def test_a_key_that_can_never_be_raised_is_refused_at_once(key):
    with pytest.raises((TypeError, ValueError), match="exception class or"):
        HawkAPI().exception_handler(key)
