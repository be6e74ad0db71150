import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.exceptions import HTTPException
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.plugins import Plugin
from hawkapi.requests.errors import RequestEntityTooLarge
from hawkapi.responses.response import Response
from hawkapi.validation.errors import RequestValidationError, ValidationErrorDetail
from tests.app.wire import Broken, Wire, exchange
from tests.asgi import call, http_scope
from tests.middleware.answers import answering
from tests.middleware.edges import BARE, pass_on


def raising(exc):
    async def app(scope, receive, send):
        raise exc

    return app


def alone(exc, **options):
    return ErrorHandlerMiddleware(raising(exc), **options)


def in_app(exc, **options):
    """Put it round a middleware that raises: what handlers raise is answered further in."""

    class Raising(Middleware):
        async def before_request(self, request):
            raise exc

    app = HawkAPI()
    app.add_middleware(ErrorHandlerMiddleware, **options)
    app.add_middleware(Raising)
    return app


everywhere = pytest.mark.parametrize("wrap", [alone, in_app])


@everywhere
async def test_an_exception_is_a_500_that_says_nothing_of_it(wrap, caplog):
    answer = await call(wrap(KeyError("the secret")), "GET", "/here")
    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "https://hawkapi.ashimov.com/errors/internal",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal Server Error",
    }


@everywhere
async def test_it_is_logged_once(wrap, caplog):
    error = KeyError("the secret")
    await call(wrap(error), "GET", "/a\r\n\x1b[2J")
    (record,) = caplog.records
    assert record.getMessage() == "Unhandled exception in GET /a\\r\\n\\x1b[2J"
    assert record.exc_info[1] is error


@everywhere
async def test_debug_shows_the_traceback(wrap, caplog):
    answer = await call(wrap(KeyError("the secret"), debug=True), "GET", "/")
    assert answer.status == 500
    assert "Traceback" in answer.json()["detail"]
    assert "KeyError: 'the secret'" in answer.json()["detail"]
    assert __name__.rpartition(".")[2] in answer.json()["detail"]


def test_the_argument_is_kept():
    assert ErrorHandlerMiddleware(answering(b"")).debug is False
    assert ErrorHandlerMiddleware(answering(b""), debug=True).debug is True


@everywhere
async def test_validation_errors_are_a_400(wrap, caplog):
    answer = await call(wrap(RequestValidationError([ValidationErrorDetail("age", "too young", 3)])), "GET", "/")
    assert answer.status == 400
    assert answer.json()["title"] == "Validation Error"
    assert answer.json()["errors"] == [{"field": "age", "message": "too young", "value": 3}]
    assert caplog.records == []


@everywhere
@pytest.mark.parametrize(
    ("exc", "status"),
    [
        (HTTPException(418, "tea"), 418),
        (RequestEntityTooLarge(10), 413),
        (ExceptionGroup("one", [HTTPException(404)]), 404),
    ],
)
async def test_what_has_a_status_of_its_own_keeps_it(wrap, exc, status, caplog):
    for debug in (False, True):
        assert (await call(wrap(exc, debug=debug), "GET", "/")).status == status
    assert caplog.records == []


@everywhere
async def test_head_gets_the_head(wrap, caplog):
    answer = await call(wrap(KeyError()), "HEAD", "/")
    assert (answer.status, answer.body) == (500, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_an_exception_after_the_head_is_raised_on(caplog):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        raise KeyError

    wire = Wire()
    with pytest.raises(KeyError):
        await ErrorHandlerMiddleware(app)(http_scope("GET", "/"), wire.receive, wire.send)
    assert wire.types == ["http.response.start"]
    assert caplog.records == []


async def test_an_error_of_the_server_is_raised_on():
    wire = Wire(break_send=1)
    with pytest.raises(Broken):
        await ErrorHandlerMiddleware(answering(b""))(http_scope("GET", "/"), wire.receive, wire.send)
    assert wire.sends == 1


@everywhere
async def test_an_error_of_the_server_in_the_answer_to_an_error_is_raised_on(wrap, caplog):
    for at in (1, 2):
        wire = Wire(break_send=at)
        with pytest.raises(Broken):
            await exchange(wrap(KeyError()), "GET", "/", wire=wire)
        assert wire.sends == at


async def test_answers_pass():
    wire = await exchange(ErrorHandlerMiddleware(answering(b"one", b"two")), "GET", "/")
    assert [message["body"] for message in wire.sent[1:]] == [b"one", b"two"]


async def test_a_bare_scope_is_enough(caplog):
    wire = Wire()
    await alone(KeyError())({"type": "http"}, wire.receive, wire.send)
    assert wire.status == 500


async def test_what_is_raised_on_other_scopes_is_raised_on():
    with pytest.raises(KeyError):
        await alone(KeyError())({"type": "websocket"}, None, None)


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(ErrorHandlerMiddleware, scope) is scope


# Inside an app of ours


class Late(Exception):
    """Is known to an app."""


def asking(exc, *, around_route=False, debug=False, **options):
    """Make an app that answers exceptions itself, with a middleware inside of this one that raises."""

    class Raising(Middleware):
        async def before_request(self, request):
            raise exc

    app = HawkAPI(**options)

    @app.exception_handler(Late)
    async def late(request, exc):
        return Response(await request.body(), status_code=418)

    entries = [(ErrorHandlerMiddleware, {"debug": debug}), Raising]

    @app.post("/", middleware=entries if around_route else [])
    async def handler():
        return 1

    if not around_route:
        app.add_middleware(ErrorHandlerMiddleware, debug=debug)
        app.add_middleware(Raising)
    return app


everywhere_in_app = pytest.mark.parametrize("options", [{}, {"around_route": True}, {"debug": True}])


@everywhere_in_app
async def test_the_handlers_of_the_app_are_asked(options):
    answer = await call(asking(Late(), **options), "POST", "/", body=b"late")
    assert (answer.status, answer.body) == (418, b"late")


@everywhere_in_app
async def test_the_app_says_which_status_a_validation_error_has(options):
    app = asking(RequestValidationError([]), validation_error_status=422, **options)
    assert (await call(app, "POST", "/")).status == 422


@everywhere_in_app
async def test_the_limits_of_the_app_hold_for_its_handlers(options):
    app = asking(Late(), max_body_size=3, **options)
    assert (await call(app, "POST", "/", body=b"late")).status == 500


@everywhere_in_app
async def test_who_observes_the_app_sees_what_nobody_expected(options, caplog):
    seen = []

    class Watching(Plugin):
        async def on_exception(self, request, exc):
            seen.append(exc)

    error = KeyError("the secret")
    app = asking(error, **options)
    app.add_plugin(Watching())
    answer = await call(app, "POST", "/")
    assert seen == [error]
    assert len(caplog.records) == 1
    assert answer.status == 500
    assert (b"the secret" in answer.body) == options.get("debug", False)


async def test_the_handler_of_the_app_for_all_that_nobody_expected_is_asked_in_debug_too():
    app = asking(KeyError(), debug=True)

    @app.exception_handler(Exception)
    async def sorry(request, exc):
        return Response("sorry", status_code=503)

    assert (await call(app, "POST", "/")).body == b"sorry"


async def test_round_an_app_in_an_app_the_inner_one_answers():
    outer = HawkAPI()
    outer.mount("/inner", asking(Late()))
    outer.add_middleware(ErrorHandlerMiddleware)
    assert (await call(outer, "POST", "/inner/")).status == 418
