"""Form parameters and files, through an app."""

from dataclasses import dataclass
from typing import Annotated, TypedDict

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.form_data import UploadFile
from hawkapi.validation.constraints import File, Form
from tests.asgi import call
from tests.validation.echo import echo, errors

URLENCODED = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=b")


class Login(msgspec.Struct):
    user: str
    age: Annotated[int, msgspec.Meta(ge=0)] = 0
    remember: bool = False
    tags: list[str] = []
    rate: float | None = None
    password: str = msgspec.field(default="", name="pass_word")

    def __post_init__(self):
        if self.user == "root":
            raise ValueError("root cannot log in")


@dataclass
class Entry:
    user: str
    avatar: UploadFile | None = None


class Plain(TypedDict):
    user: str


async def send(annotation, body, *default, headers=(URLENCODED,), **options):
    app = echo(annotation, *default, method="POST")
    return app, await call(app, "POST", "/", headers=headers, body=body, **options)


def part(name, content, filename=None):
    name = f'name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    return f"--b\r\ncontent-disposition: form-data; {name}\r\n\r\n{content}\r\n"


def multipart(*parts):
    return ("".join(parts) + "--b--\r\n").encode()


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (Annotated[str, Form()], b"p=a+b%C3%A9", "a bé"),
        (Annotated[str, Form()], b"p=", ""),
        (Annotated[int, Form(ge=1)], b"p=5", 5),
        (Annotated[bool, Form()], b"p=on", True),
        (Annotated[list[int], Form()], b"p=1&p=2", [1, 2]),
        (Annotated[int, Form(alias="q")], b"q=1", 1),
        (Annotated[int | None, Form()], b"p=1&p=2", 1),
    ],
)
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
async def test_a_field_becomes_a_value_of_its_type(annotation, body, value, kind):
    headers = (URLENCODED,)
    if kind == "multipart":
        pairs = [pair.replace("+", " ").replace("%C3%A9", "é").split("=") for pair in body.decode().split("&")]
        body, headers = multipart(*(part(*pair) for pair in pairs)), (MULTIPART,)
    app, answer = await send(annotation, body, headers=headers)
    assert answer.status == 200, answer.body
    assert app.got == value


@pytest.mark.parametrize(
    ("annotation", "body", "found"),
    [
        (Annotated[int, Form()], b"p=x", [("p", "Expected integer, got 'x'", "x")]),
        (Annotated[int, Form(ge=1)], b"p=0", [("p", "Expected `int` >= 1", "0")]),
        (Annotated[int, Form()], b"q=1", [("p", "Missing required form field 'p'", None)]),
        (Annotated[int, Form()], b"", [("p", "Missing required form field 'p'", None)]),
        (Annotated[list[int], Form()], b"p=1&p=x", [("p", "Expected integer, got 'x'", "x")]),
        (Annotated[list[int], Form(max_length=1)], b"p=1&p=2", [("p", "Expected `array` of length <= 1", ["1", "2"])]),
        (Annotated[list[int], Form()], b"", [("p", "Missing required form field 'p'", None)]),
        (UploadFile, b"p=x", [("p", "Expected a file, got a text field", None)]),
        (UploadFile, b"", [("p", "Missing required file 'p'", None)]),
        (Annotated[str, Form()], b"p=%FF", [("p", "Text is not valid utf-8", None)]),
        (Annotated[Login, Form()], b"", [("user", "Missing required form field 'user'", None)]),
        (
            Annotated[Login, Form()],
            b"age=-1&remember=2&rate=nan",
            [
                ("user", "Missing required form field 'user'", None),
                ("age", "Expected `int` >= 0", "-1"),
                ("remember", "Expected boolean, got '2'", "2"),
                ("rate", "Expected number, got 'nan'", "nan"),
            ],
        ),
        (Annotated[Login, Form()], b"user=root", [("$", "root cannot log in", None)]),
        (Annotated[Plain, Form()], b"x=1", [("user", "Missing required form field 'user'", None)]),
    ],
)  # fmt: skip
async def test_errors_of_a_form_are_told_by_field(annotation, body, found):
    _, answer = await send(annotation, body)
    assert errors(answer) == found


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (Annotated[Login, Form()], b"user=a", Login("a")),
        (
            Annotated[Login, Form()],
            b"user=a&age=3&remember=on&tags=x&rate=1.5&pass_word=s",
            Login("a", 3, remember=True, tags=["x"], rate=1.5, password="s"),
        ),
        (Annotated[Login, Form()], b"user=a&tags=x&tags=y&more=1", Login("a", tags=["x", "y"])),
        (Annotated[Entry, Form()], b"user=a", Entry("a")),
        (Annotated[Plain, Form()], b"user=a", {"user": "a"}),
    ],
)
async def test_a_model_is_made_of_the_fields(annotation, body, value):
    app, answer = await send(annotation, body)
    assert answer.status == 200, answer.body
    assert app.got == value


async def test_a_model_may_hold_a_file():
    async def handler(p: Annotated[Entry, Form()]):
        return [p.user, p.avatar.filename, (await p.avatar.read()).decode()]

    app = HawkAPI()
    app.post("/")(handler)
    body = multipart(part("user", "a"), part("avatar", "xyz", "a.png"))
    assert (await call(app, "POST", "/", headers=[MULTIPART], body=body)).json() == ["a", "a.png", "xyz"]
    body = multipart(part("user", "a"), part("avatar", "xyz"))
    assert errors(await call(app, "POST", "/", headers=[MULTIPART], body=body)) == [
        ("avatar", "Expected a file, got a text field", None)
    ]


@pytest.mark.parametrize("annotation", [UploadFile, Annotated[UploadFile, File()], Annotated[UploadFile, Form()]])
async def test_an_upload_is_a_file_with_or_without_marker(annotation):
    async def handler(p: annotation):
        return [p.filename, p.size, (await p.read()).decode()]

    app = HawkAPI()
    app.post("/")(handler)
    body = multipart(part("p", "one", "1.txt"), part("p", "two", "2.txt"))
    assert (await call(app, "POST", "/", headers=[MULTIPART], body=body)).json() == ["1.txt", 3, "one"]


@pytest.mark.parametrize("annotation", [list[UploadFile], Annotated[list[UploadFile], File()]])
async def test_a_list_of_uploads_takes_all_of_a_name(annotation):
    async def handler(p: annotation):
        return [file.filename for file in p]

    app = HawkAPI()
    app.post("/")(handler)
    body = multipart(part("p", "one", "1.txt"), part("q", "x", "q.txt"), part("p", "two", "2.txt"))
    assert (await call(app, "POST", "/", headers=[MULTIPART], body=body)).json() == ["1.txt", "2.txt"]
    body = multipart(part("q", "x"))
    assert errors(await call(app, "POST", "/", headers=[MULTIPART], body=body)) == [
        ("p", "Missing required file 'p'", None)
    ]


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(Annotated[int, Form()], 5), (UploadFile | None, None), (Annotated[list[str], Form()], ("x",))],
)
async def test_what_is_missing_takes_the_default(annotation, default):
    app, answer = await send(annotation, b"q=1", default)
    assert answer.status in (200, 204)
    assert app.got == default


@pytest.mark.parametrize("headers", [[("content-type", "application/json")], [("content-type", "text/plain")]])
async def test_a_body_that_is_no_form_is_one_error_of_the_whole(headers):
    _, answer = await send(Annotated[str, Form()], b"p=1", headers=headers)
    assert errors(answer) == [("$", "Expected application/x-www-form-urlencoded or multipart/form-data", None)]


async def test_a_form_that_breaks_off_is_an_error():
    _, answer = await send(Annotated[str, Form()], part("p", "x").encode(), headers=[MULTIPART])
    assert [field for field, _, _ in errors(answer)] == ["$"]


@pytest.mark.parametrize(
    ("body", "found"), [(b"a=x", ["q", "a"]), (b"", ["q", "a"]), (b"a=1", ["q"]), (b"a=%ff", ["q", "a"])]
)
async def test_form_errors_and_query_errors_are_told_together(body, found):
    async def handler(a: Annotated[int, Form()], q: int): ...

    app = HawkAPI()
    app.post("/")(handler)
    answer = await call(app, "POST", "/", query=b"q=x", headers=[URLENCODED], body=body)
    assert [field for field, _, _ in errors(answer)] == found


@pytest.mark.parametrize(
    "annotation", [Annotated[int, Form(alias="password")], Annotated[str, Form(alias="password", max_length=3)]]
)
async def test_a_secret_field_is_not_sent_back(annotation):
    _, answer = await send(annotation, b"password=hunter2")
    assert b"hunter2" not in answer.body
    assert [field for field, _, _ in errors(answer)] == ["password"]


async def test_a_form_over_a_limit_is_a_413():
    app = echo(Annotated[str, Form()], method="POST", app=HawkAPI(limits=Limits(fields=2)))
    assert (await call(app, "POST", "/", headers=[URLENCODED], body=b"p=1&b=2")).status == 200
    assert (await call(app, "POST", "/", headers=[URLENCODED], body=b"p=1&b=2&c=3")).status == 413


async def test_uploads_are_closed_when_the_answer_is_sent():
    uploads = []

    async def handler(p: UploadFile):
        uploads.append(p)

    app = HawkAPI(limits=Limits(spool=1))
    app.post("/")(handler)
    assert (await call(app, "POST", "/", headers=[MULTIPART], body=multipart(part("p", "xyz", "a")))).status == 201
    assert uploads[0].spooled.closed
