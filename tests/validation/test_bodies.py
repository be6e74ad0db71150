"""JSON bodies, through an app."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.request import Request
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.validation.constraints import Body, Header
from hawkapi.validation.errors import RequestValidationError
from tests.asgi import call, http_scope
from tests.validation.echo import echo, errors

T = TypeVar("T")


class Address(msgspec.Struct):
    city: str
    zip_code: Annotated[str, msgspec.Meta(pattern="^[0-9]+$")] = "0"


class User(msgspec.Struct):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0, le=150)] = 0
    address: Address | None = None
    tags: list[str] = []


class Renamed(msgspec.Struct, rename="camel"):
    first_name: str
    last_name: str


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: int = 0
    b: int = 0


class Span(msgspec.Struct):
    low: int
    high: int

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


class Holder(msgspec.Struct):
    span: Span
    more: list[Span] = []
    n: int = 0


class Cat(msgspec.Struct, tag="cat"):
    lives: int
    name: str = ""


class Dog(msgspec.Struct, tag="dog"):
    tricks: list[int]


class Point(msgspec.Struct, array_like=True):
    x: int
    y: int


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class Node(msgspec.Struct):
    value: int = 0
    child: "Node | None" = None


class Color(enum.Enum):
    RED = "red"


@dataclass
class Entry:
    key: str
    count: int = 0
    notes: list[str] = field(default_factory=list)
    size: int = field(init=False, default=0)


@dataclass
class Box(Generic[T]):
    content: T


class Options(TypedDict):
    depth: Annotated[int, msgspec.Meta(ge=1)]
    label: NotRequired[str]
    kind: Required[str]


class Pair(NamedTuple):
    a: int
    b: str


async def post(app, body, **options):
    return await call(app, "POST", "/", body=body, **options)


def app_for(annotation, *default):
    return echo(annotation, *default, method="POST")


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (User, b'{"name":"a","age":1,"address":{"city":"x"}}', User("a", 1, Address("x"))),
        (Renamed, b'{"firstName":"a","lastName":"b"}', Renamed("a", "b")),
        (Entry, b'{"key":"a"}', Entry("a")),
        (Options, b'{"depth":1,"kind":"k"}', {"depth": 1, "kind": "k"}),
        (Pair, b'[1,"x"]', Pair(1, "x")),
        (Point, b"[1,2]", Point(1, 2)),
        (dict, b'{"a":[1]}', {"a": [1]}),
        (dict[str, int], b'{"a":1}', {"a": 1}),
        (dict[int, str], b'{"1":"a"}', {1: "a"}),
        (list, b'[1,"x"]', [1, "x"]),
        (list[User], b'[{"name":"a"}]', [User("a")]),
        (tuple[int, str], b'[1,"x"]', (1, "x")),
        (set[int], b"[1,1]", {1}),
        (Sequence[int], b"[1]", [1]),
        (Mapping[str, int], b'{"a":1}', {"a": 1}),
        (Page[Address], b'{"items":[{"city":"x"}]}', Page([Address("x")])),
        (Box[int], b'{"content":1}', Box(1)),
        (Cat | Dog, b'{"type":"dog","tricks":[1]}', Dog([1])),
        (User | None, b"null", None),
        (Annotated[int, Body()], b"5", 5),
        (Annotated[str, Body()], b'"x"', "x"),
        (Annotated[Any, Body()], b"[1]", [1]),
        (Annotated[list[int], Body(max_length=2)], b"[1,2]", [1, 2]),
        (Annotated[User, "a note"], b'{"name":"a"}', User("a")),
        (msgspec.Raw, b'{"a": 1}', msgspec.Raw(b'{"a": 1}')),
    ],
)
async def test_a_body_becomes_a_value_of_its_type(annotation, body, value):
    app = app_for(annotation)
    answer = await post(app, body)
    assert answer.status in (200, 204), answer.body
    assert app.got == value


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/vnd.x+json",
        "a/b+JSON;c=d",
    ],
)
async def test_json_has_a_json_media_type_or_none(content_type):
    headers = [] if content_type is None else [("content-type", content_type)]
    assert (await post(app_for(dict), b'{"a":1}', headers=headers)).status == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json", "application/jsonx"]
)
async def test_a_body_of_another_media_type_is_refused_though_it_is_json(content_type):
    answer = await post(app_for(dict), b'{"a":1}', headers=[("content-type", content_type)])
    assert errors(answer) == [("$", f"Expected content type application/json, got {content_type!r}", None)]


async def test_a_long_media_type_is_cut():
    answer = await post(app_for(dict), b"{}", headers=[("content-type", "x" * 5000)])
    assert len(answer.body) < 500


@pytest.mark.parametrize("headers", [[], [("content-type", "application/json")], [("content-type", "text/plain")]])
async def test_a_missing_body_is_told(headers):
    assert errors(await post(app_for(User), b"", headers=headers)) == [("body", "Request body is required", None)]


@pytest.mark.parametrize("headers", [[], [("content-type", "text/plain")]])
async def test_a_missing_body_takes_the_default(headers):
    app = app_for(User | None, None)
    assert (await post(app, b"", headers=headers)).status == 204
    assert app.got is None


async def test_a_body_default_may_stand_in_the_marker():
    assert (await post(app_for(Annotated[dict, Body(default_factory=lambda: {"a": 1})]), b"")).json() == {"a": 1}


async def test_an_optional_body_that_is_there_is_checked():
    assert errors(await post(app_for(User | None, None), b'{"name":1}')) == [("name", "Expected `str`, got `int`", 1)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Input data was truncated"),
        (b"nope", "JSON is malformed: invalid character (byte 4)"),
        (b'{"name":"a"} x', "JSON is malformed: trailing characters (byte 14)"),
        (b'{"name":"a","age":NaN}', "JSON is malformed: invalid character (byte 18)"),
        (b'{"name":"a","age":Infinity}', "JSON is malformed: invalid character (byte 18)"),
        (b'{"name":"\xff"}', "JSON is malformed: invalid UTF-8"),
        (b"\xef\xbb\xbf{}", "JSON is malformed: invalid character (byte 0)"),
        (b" ", "Input data was truncated"),
    ],
)
@pytest.mark.parametrize("annotation", [User, dict, Entry])
async def test_a_body_that_is_no_json_is_one_error_of_the_whole(annotation, body, message):
    assert errors(await post(app_for(annotation), body)) == [("$", message, None)]


async def test_a_number_out_of_range_is_told():
    model = msgspec.defstruct("Model", [("a", float), ("b", int)])
    assert errors(await post(app_for(model), b'{"a":1e999,"b":"x"}')) == [("a", "Number out of range", None)]


@pytest.mark.parametrize(
    ("annotation", "body", "found"),
    [
        (User, b"[]", [("$", "Expected `object`, got `array`", [])]),
        (User, b'"x"', [("$", "Expected `object`, got `str`", "x")]),
        (User, b'{"name":"a","age":-5}', [("age", "Expected `int` >= 0", -5)]),
        (User, b"{}", [("name", "Object missing required field `name`", None)]),
        (
            User,
            b'{"name":1,"age":"x"}',
            [("name", "Expected `str`, got `int`", 1), ("age", "Expected `int`, got `str`", "x")],
        ),
        (
            User,
            b'{"age":200,"address":{"zip_code":"a"},"tags":["x",2,null]}',
            [
                ("name", "Object missing required field `name`", None),
                ("age", "Expected `int` <= 150", 200),
                ("address.city", "Object missing required field `city`", None),
                ("address.zip_code", "Expected `str` matching regex '^[0-9]+$'", "a"),
                ("tags[1]", "Expected `str`, got `int`", 2),
                ("tags[2]", "Expected `str`, got `null`", None),
            ],
        ),
        (User, b'{"name":"a","address":{}}', [("address.city", "Object missing required field `city`", None)]),
        (User, b'{"name":"a","address":5}', [("address", "Expected `object | null`, got `int`", 5)]),
        (User, b'{"name":"a","tags":[1]}', [("tags[0]", "Expected `str`, got `int`", 1)]),
        (Renamed, b'{"first_name":1}', [
            ("firstName", "Object missing required field `firstName`", None),
            ("lastName", "Object missing required field `lastName`", None),
        ]),
        (Strict, b'{"c":1}', [("$", "Object contains unknown field `c`", {"c": 1})]),
        (Strict, b'{"a":"x","c":1}', [("a", "Expected `int`, got `str`", "x")]),
        (Span, b'{"low":2,"high":1}', [("$", "low is above high", {"low": 2, "high": 1})]),
        (Span, b'{"low":"x","high":1}', [("low", "Expected `int`, got `str`", "x")]),
        (
            Holder,
            b'{"span":{"low":2,"high":1},"more":[{"low":1,"high":2},{"low":4,"high":3}],"n":"x"}',
            [
                ("span", "low is above high", {"low": 2, "high": 1}),
                ("more[1]", "low is above high", {"low": 4, "high": 3}),
                ("n", "Expected `int`, got `str`", "x"),
            ],
        ),
        (Holder, b'{"span":{"low":2,"high":1}}', [("span", "low is above high", {"low": 2, "high": 1})]),
        (list[User], b"[]x", [("$", "JSON is malformed: trailing characters (byte 3)", None)]),
        (
            list[User],
            b'[{"name":"a"},{"name":1},{}]',
            [("[1].name", "Expected `str`, got `int`", 1), ("[2].name", "Object missing required field `name`", None)],
        ),
        (
            dict[str, User],
            b'{"a":{"name":1},"b c":{"age":-1}}',
            [
                ("a.name", "Expected `str`, got `int`", 1),
                ("b c.name", "Object missing required field `name`", None),
                ("b c.age", "Expected `int` >= 0", -1),
            ],
        ),
        (dict[int, int], b'{"a":1}', [("$", "Expected `int`, got `str`", {"a": 1})]),
        (dict[str, dict[int, int]], b'{"x":{"1":"y"}}', [("x[...]", "Expected `int`, got `str`", None)]),
        (
            Entry,
            b'{"count":"x","notes":[1]}',
            [
                ("key", "Object missing required field `key`", None),
                ("count", "Expected `int`, got `str`", "x"),
                ("notes[0]", "Expected `str`, got `int`", 1),
            ],
        ),
        (
            Options,
            b'{"depth":0,"label":1}',
            [
                ("kind", "Object missing required field `kind`", None),
                ("depth", "Expected `int` >= 1", 0),
                ("label", "Expected `str`, got `int`", 1),
            ],
        ),
        (Pair, b'["x",1]', [("[0]", "Expected `int`, got `str`", "x")]),
        (Point, b'["x",1]', [("[0]", "Expected `int`, got `str`", "x")]),
        (Point, b"[1]", [("$", "Expected `array` of at least length 2, got 1", [1])]),
        (
            tuple[int, str],
            b'["x",1]',
            [("[0]", "Expected `int`, got `str`", "x"), ("[1]", "Expected `str`, got `int`", 1)],
        ),
        (tuple[int, str], b"[1]", [("$", "Expected `array` of length 2, got 1", [1])]),
        (tuple[int, ...], b'[1,"x"]', [("[1]", "Expected `int`, got `str`", "x")]),
        (
            set[int],
            b'["x","y"]',
            [("[0]", "Expected `int`, got `str`", "x"), ("[1]", "Expected `int`, got `str`", "y")],
        ),
        (Sequence[int], b'["x"]', [("[0]", "Expected `int`, got `str`", "x")]),
        (Sequence[int], b'{"a":1}', [("$", "Expected `array`, got `object`", {"a": 1})]),
        (Mapping[str, int], b'{"a":"x"}', [("a", "Expected `int`, got `str`", "x")]),
        (Mapping[str, int], b"[1]", [("$", "Expected `object`, got `array`", [1])]),
        (list, b"{}", [("$", "Expected `array`, got `object`", {})]),
        (dict, b"[]", [("$", "Expected `object`, got `array`", [])]),
        (Page[Address], b'{"items":[{"city":1},{}]}', [
            ("items[0].city", "Expected `str`, got `int`", 1),
            ("items[1].city", "Object missing required field `city`", None),
        ]),
        (Page[int], b"[]", [("$", "Expected `object`, got `array`", [])]),
        (Box[int], b'{"content":"x"}', [("content", "Expected `int`, got `str`", "x")]),
        (Cat | Dog, b'{"type":"cat","lives":"x","name":1}', [
            ("lives", "Expected `int`, got `str`", "x"),
            ("name", "Expected `str`, got `int`", 1),
        ]),
        (Cat | Dog, b'{"type":"cow"}', [("type", "Invalid value 'cow'", "cow")]),
        (Cat | Dog, b"{}", [("type", "Object missing required field `type`", None)]),
        (Cat | Dog, b"5", [("$", "Expected `object`, got `int`", 5)]),
        (Cat, b'{"lives":"x","name":1}', [
            ("lives", "Expected `int`, got `str`", "x"),
            ("name", "Expected `str`, got `int`", 1),
        ]),
        (Cat, b'{"type":"dog","lives":1}', [("type", "Invalid value 'dog'", "dog")]),
        (list[Cat | Dog | None], b'[null,{"type":"dog","tricks":["x"]}]', [
            ("[1].tricks[0]", "Expected `int`, got `str`", "x")
        ]),
        (Cat | int, b'{"type":"cat","lives":"x"}', [("lives", "Expected `int`, got `str`", "x")]),
        (int | Cat, b'"x"', [("$", "Expected `int | object`, got `str`", "x")]),
        (int | User, b'{"name":1}', [("name", "Expected `str`, got `int`", 1)]),
        (list[int | str], b"[1,null]", [("[1]", "Expected `int | str`, got `null`", None)]),
        (list[Color], b'["blue"]', [("[0]", "Invalid enum value 'blue'", "blue")]),
        (list[Literal["a"]], b'["b"]', [("[0]", "Invalid enum value 'b'", "b")]),
        (list[date], b'["x"]', [("[0]", "Invalid RFC3339 encoded date", "x")]),
        (list[Decimal], b'["x"]', [("[0]", "Invalid decimal string", "x")]),
        (Annotated[int, Body(ge=1)], b"0", [("$", "Expected `int` >= 1", 0)]),
        (
            Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], Body(max_length=1)],
            b'[0,"x"]',
            [
                ("$", "Expected `array` of length <= 1", [0, "x"]),
                ("[0]", "Expected `int` >= 1", 0),
                ("[1]", "Expected `int`, got `str`", "x"),
            ],
        ),
        (Annotated[dict[str, int], Body(min_length=1)], b"{}", [("$", "Expected `object` of length >= 1", {})]),
    ],
)  # fmt: skip
async def test_all_errors_of_a_body_are_told_with_path_and_value(annotation, body, found):
    assert errors(await post(app_for(annotation), body)) == found


async def test_what_a_raw_or_untyped_field_holds_is_never_wrong():
    class Envelope(msgspec.Struct):
        raw: msgspec.Raw
        anything: Any
        n: int
        m: int = 0
        gone: int | msgspec.UnsetType = msgspec.UNSET

    assert errors(await post(app_for(Envelope), b'{"raw":{"a":1},"anything":[],"n":"x","m":"y","gone":"z"}')) == [
        ("n", "Expected `int`, got `str`", "x"),
        ("m", "Expected `int`, got `str`", "y"),
        ("gone", "Expected `int`, got `str`", "z"),
    ]


async def test_integers_beyond_64_bits_are_sent_back_like_any_value():
    number = 123456789012345678901234567890
    answer = await post(app_for(User), b'{"name":%d}' % number)
    assert errors(answer) == [("name", "Expected `str`, got `float`", number)]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"' + b"x" * 300 + b'"', "x" * 200),
        (b'["' + b"x" * 300 + b'"]', '["' + "x" * 198),
        ('["a' + "é" * 300 + '"]', '["a' + "é" * 98),
        (b"[1,2]", [1, 2]),
        (b"1", 1),
        (b"1.5", 1.5),
        (b"true", True),
    ],
)
async def test_a_long_value_is_cut_at_200(body, value):
    body = body if isinstance(body, bytes) else body.encode()
    assert errors(await post(app_for(dict), body)) == [("$", errors(await post(app_for(dict), body))[0][1], value)]


@pytest.mark.parametrize(
    ("annotation", "body"),
    [
        (list[Literal["a"]], b'["' + b"x" * 100_000 + b'"]'),
        (Strict, b'{"' + b"x" * 100_000 + b'":1}'),
        (dict[str, dict[str, int]], b'{"' + b"x" * 100_000 + b'":{"a":"x","b":"x"}}'),
        (dict[str, dict[str, int]], b'{"a":{' + b",".join(b'"%d":""' % i for i in range(5000)) + b"}}"),
    ],
)
async def test_the_answer_to_a_large_body_is_small(annotation, body):
    answer = await post(app_for(annotation), body)
    assert answer.status == 400
    assert len(answer.body) < 100_000


async def test_no_more_than_1000_errors_are_told():
    assert len(errors(await post(app_for(list[int]), b"[" + b'"",' * 5000 + b'""]'))) == 1000


async def test_an_error_beyond_what_is_looked_at_is_told_as_the_decoder_found_it():
    body = b"[" + b"1.5," * 50_000 + b'"x"]'
    assert errors(await post(app_for(list[float]), body)) == [("[50000]", "Expected `float`, got `str`", "x")]


@pytest.mark.parametrize("name", ["password", "api_key", "Secret", "x-token"])
@pytest.mark.parametrize("value", ["hunter2", {"a": "hunter2"}, ["hunter2"], 5])
async def test_a_rejected_secret_is_neither_in_value_nor_message(name, value):
    model = msgspec.defstruct("Model", [("p", Literal["a"], msgspec.field(name=name))])
    answer = await post(app_for(model), msgspec.json.encode({name: value}))
    assert b"hunter2" not in answer.body
    [(found, message, shown)] = errors(answer)
    assert (found, shown) == (name, None)
    assert message in (
        "Invalid enum value",
        "Expected `str`, got `object`",
        "Expected `str`, got `array`",
        "Expected `str`, got `int`",
    )


@pytest.mark.parametrize("value", [{"password": "x"}, [{"a": {"X-Api-Key": "x"}}], {"a": [1, {"token": None}]}])
async def test_a_value_with_a_secret_inside_is_left_out(value):
    assert errors(await post(app_for(Annotated[int, Body()]), msgspec.json.encode(value)))[0][2] is None


async def test_a_secret_in_what_is_shown_of_a_long_value_is_left_out():
    value = {"password": "x", "a": "y" * 300}
    assert errors(await post(app_for(Annotated[int, Body()]), msgspec.json.encode(value)))[0][2] is None


async def test_a_word_in_a_value_is_no_secret():
    value = {"note": 'my "token": lost', "a": ["password", "secret"]}
    assert errors(await post(app_for(Annotated[int, Body()]), msgspec.json.encode(value)))[0][2] == value


def nested(depth, inside=b'"x"'):
    return b'{"child":' * depth + inside + b"}" * depth


async def test_an_error_deep_inside_is_found_without_recursion():
    answer = await post(app_for(Node), nested(400, b'{"value":"x"}'))
    [(found, message, value)] = errors(answer)
    assert (found, message, value) == (("child." * 50)[:200], "Expected `int`, got `str`", "x")


@pytest.mark.parametrize("annotation", [Node, dict, list, Annotated[Any, Body()]])
async def test_nesting_beyond_the_limit_is_refused_before_decoding(annotation):
    assert errors(await post(app_for(annotation), nested(513))) == [
        ("$", "JSON is nested deeper than 512 levels", None)
    ]
    assert errors(await post(app_for(annotation), b"[" * 100_000)) == [
        ("$", "JSON is nested deeper than 512 levels", None)
    ]


async def test_the_nesting_limit_is_the_apps():
    app = echo(dict, method="POST", app=HawkAPI(limits=Limits(nesting=2)))
    assert (await post(app, nested(2))).status == 200
    assert errors(await post(app, nested(3))) == [("$", "JSON is nested deeper than 2 levels", None)]


@pytest.mark.parametrize("annotation", [dict, Node])
async def test_nesting_beyond_the_decoder_is_an_error_even_where_the_limit_allows_it(annotation):
    app = echo(annotation, method="POST", app=HawkAPI(limits=Limits(nesting=1_000_000)))
    [(found, _, _)] = errors(await post(app, nested(200_000, b"{}")))
    assert found == "$"


async def test_body_errors_and_parameter_errors_are_told_together():
    async def handler(body: User, q: int): ...

    app = HawkAPI()
    app.post("/")(handler)
    answer = await post(app, b'{"name":1}', query=b"q=x")
    assert [found for found, _, _ in errors(answer)] == ["q", "name"]
    answer = await post(app, b'{"name":"a"}', query=b"q=x")
    assert [found for found, _, _ in errors(answer)] == ["q"]
    answer = await post(app, b"", query=b"q=x")
    assert [found for found, _, _ in errors(answer)] == ["q", "body"]


async def test_a_body_beside_the_request_is_read_once():
    async def handler(body: User, request: Request):
        return [body.name, (await request.json())["name"]]

    app = HawkAPI()
    app.post("/")(handler)
    assert (await post(app, b'{"name":"a"}')).json() == ["a", "a"]


@pytest.mark.parametrize("headers", [[], [("content-length", "11")], [("content-length", "1")]])
async def test_a_body_over_the_limit_is_a_413_whatever_its_length_says(headers):
    app = echo(list, method="POST", app=HawkAPI(max_body_size=10))
    assert (await post(app, b"[1,2,3,4 ]")).status == 200
    answer = await post(app, b"[1,2,3,4  ]", headers=headers)
    assert (answer.status, answer.json()["detail"]) == (413, "Request body exceeds maximum size of 10 bytes")


async def test_the_status_of_validation_errors_is_the_apps():
    app = echo(User, method="POST", app=HawkAPI(validation_error_status=422))
    answer = await post(app, b"{}")
    assert (answer.status, answer.json()["status"]) == (422, 422)


async def test_a_handler_for_validation_errors_gets_them_all():
    app = app_for(User)

    @app.exception_handler(RequestValidationError)
    async def refuse(request, exc):
        return PlainTextResponse(str(exc), status_code=418)

    answer = await post(app, b'{"name":1,"age":"x"}')
    assert (answer.status, answer.body) == (418, b"name: Expected `str`, got `int`; age: Expected `int`, got `str`")


async def test_a_required_header_that_comes_as_a_trailer_is_too_late():
    async def handler(body: dict, p: Annotated[str, Header()]): ...

    app = HawkAPI()
    app.post("/")(handler)
    scope = http_scope("POST", "/", headers=[("transfer-encoding", "chunked")])
    sent = []

    async def receive():
        scope["headers"].append((b"p", b"1"))
        return {"type": "http.request", "body": b"{}"}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert [error["field"] for error in msgspec.json.decode(sent[1]["body"])["errors"]] == ["p"]


async def test_values_of_type_object_are_any_values():
    app = HawkAPI()

    @app.post("/")
    async def echo(body: dict[str, object]):
        return body

    answer = await call(app, "POST", "/", body=b'{"a": [1, "x"]}', headers=[("content-type", "application/json")])
    assert (answer.status, answer.json()) == (201, {"a": [1, "x"]})
