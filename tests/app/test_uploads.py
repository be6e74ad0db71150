"""Files that come with a form, from the wire to the handler and away again."""

from typing import Annotated

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.exceptions import HTTPException
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.validation.constraints import File, Form
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call

TYPE = [("content-type", "multipart/form-data; boundary=b")]


def part(name, content, filename=None, content_type=None):
    head = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    head += f"\r\nContent-Type: {content_type}" if content_type else ""
    return f"--b\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--b--\r\n"


BODY = form(part("title", b"T"), part("f", b"x" * 100, "a.txt", "text/plain"))


def spooling_app(kept, outcome=lambda: {"ok": True}):
    """An app that keeps what it was given, all of it on disk, so that one sees whether it was closed."""
    app = HawkAPI(limits=Limits(spool=0))

    @app.post("/parameter")
    async def by_parameter(f: UploadFile):
        kept.append(f)
        return outcome()

    @app.post("/sync")
    def in_thread(f: UploadFile, title: Annotated[str, Form()]):
        kept.append(f)
        return outcome()

    @app.post("/request")
    async def by_request(request: Request):
        kept.append((await request.form()).get("f"))
        return outcome()

    @app.exception_handler(LookupError)
    async def by_exception_handler(request, exc):
        kept.append((await request.form()).get("f"))
        return {"handled": True}

    @app.post("/handler")
    async def by_nobody():
        raise LookupError

    return app


KINDS = ["parameter", "sync", "request", "handler"]


async def test_a_handler_gets_files_and_fields():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile, title: Annotated[str, Form()], more: Annotated[list[UploadFile], File()] = ()):
        return [title, f.filename, f.content_type, f.size, (await f.read()).decode(), len(more)]

    answer = await call(app, "POST", "/", body=BODY, headers=TYPE)
    assert answer.json() == ["T", "a.txt", "text/plain", 100, "x" * 100, 0]


async def test_a_form_in_pieces_is_the_same_form():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile):
        return f.size

    pieces = [BODY[i : i + 7] for i in range(0, len(BODY), 7)]
    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(*pieces)), headers=TYPE)
    assert (wire.status, wire.body) == (201, b"100")


async def test_several_files_of_a_name_are_a_list():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: list[UploadFile]):
        return [one.filename for one in f]

    answer = await call(app, "POST", "/", body=form(part("f", b"1", "a"), part("f", b"2", "b")), headers=TYPE)
    assert answer.json() == ["a", "b"]


async def test_an_urlencoded_form_is_read_too():
    app = HawkAPI()

    @app.post("/")
    async def handler(a: Annotated[int, Form()], b: Annotated[list[str], Form()]):
        return [a, b]

    headers = [("content-type", "application/x-www-form-urlencoded")]
    assert (await call(app, "POST", "/", body=b"a=1&b=x&b=y", headers=headers)).json() == [1, ["x", "y"]]


async def test_all_errors_of_a_form_are_reported_at_once():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile, title: Annotated[str, Form()], n: Annotated[int, Form()], q: int):
        raise AssertionError("not called")

    answer = await call(app, "POST", "/", body=form(part("n", b"x")), headers=TYPE)
    assert answer.status == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"f", "title", "n", "q"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", []),
        (b"{}", [("content-type", "application/json")]),
        (b"", TYPE),
        (BODY[:-10], TYPE),
        (BODY, [("content-type", "multipart/form-data")]),
        (b"--b\r\n\r\n\r\n--b--\r\n", TYPE),
    ],
)
async def test_what_is_no_form_is_a_400(body, headers):
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile):
        raise AssertionError("not called")

    answer = await call(app, "POST", "/", body=body, headers=headers)
    assert (answer.status, answer.json()["title"]) == (400, "Validation Error")


@pytest.mark.parametrize("kind", KINDS)
async def test_files_are_closed_when_the_request_is_over(kind):
    kept = []
    wire = Wire(*chunks(BODY))
    await exchange(spooling_app(kept), "POST", f"/{kind}", wire=wire, headers=TYPE)
    assert wire.types == ["http.response.start", "http.response.body"]
    (file,) = kept
    assert file.spooled.closed
    with pytest.raises(ValueError, match="closed"):
        await file.read()


@pytest.mark.parametrize("kind", KINDS)
async def test_files_are_closed_under_a_root_path_and_under_a_mount(kind):
    kept = []
    app, outer = spooling_app(kept), HawkAPI()
    outer.mount("/inner", app)
    await exchange(app, "POST", f"/api/{kind}", wire=Wire(*chunks(BODY)), headers=TYPE, root_path="/api")
    await exchange(outer, "POST", f"/api/inner/{kind}", wire=Wire(*chunks(BODY)), headers=TYPE, root_path="/api")
    assert [file.spooled.closed for file in kept] == [True, True]


@pytest.mark.parametrize("exc", [HTTPException(409), ValueError()])
@pytest.mark.parametrize("kind", KINDS[:3])
async def test_files_are_closed_when_the_handler_fails(kind, exc, caplog):
    def fail():
        raise exc

    kept = []
    await exchange(spooling_app(kept, fail), "POST", f"/{kind}", wire=Wire(*chunks(BODY)), headers=TYPE)
    assert [file.spooled.closed for file in kept] == [True]


@pytest.mark.parametrize("kind", KINDS)
async def test_files_are_closed_when_the_response_cannot_be_sent(kind):
    kept = []
    with pytest.raises(Broken):
        await exchange(spooling_app(kept), "POST", f"/{kind}", wire=Wire(*chunks(BODY), break_send=1), headers=TYPE)
    assert [file.spooled.closed for file in kept] == [True]


async def test_files_are_closed_when_the_request_is_cancelled():
    kept, reached = [], anyio.Event()
    app = HawkAPI(limits=Limits(spool=0))

    @app.post("/")
    async def handler(f: UploadFile):
        kept.append(f)
        reached.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "POST", "/", wire=Wire(*chunks(BODY)), headers=TYPE))
        await reached.wait()
        group.cancel_scope.cancel()
    assert [file.spooled.closed for file in kept] == [True]
