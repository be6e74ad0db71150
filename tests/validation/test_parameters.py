"""Parameters from path, query, headers and cookies, through an app."""

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import msgspec
import pytest
from typing_extensions import TypeAliasType

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.background import BackgroundTasks
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.request import Request
from hawkapi.validation.constraints import Cookie, Header, Path, Query
from tests.asgi import call
from tests.validation.echo import echo, errors

ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
UserId = NewType("UserId", int)
Size = TypeAliasType("Size", Annotated[int, msgspec.Meta(ge=1)])


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


async def get(app, query="", **options):
    return await call(app, "GET", "/", query=query.encode(), **options)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "a+b%20c%C3%A9", "a b cé"),
        (str, "", ""),
        (Any, "x", "x"),
        (int, "42", 42),
        (int, "-1", -1),
        (int, str(2**63 - 1), 2**63 - 1),
        (int, "9" * 18, int("9" * 18)),
        (float, "1.5", 1.5),
        (float, "-2e3", -2000.0),
        *[(bool, word, True) for word in ("true", "1", "yes", "on", "TRUE", "Yes")],
        *[(bool, word, False) for word in ("false", "0", "no", "off", "False")],
        (int | None, "1", 1),
        (str | None, "x", "x"),
        (int | str, "1", 1),
        (str | int, "1", 1),
        (int | str, "x", "x"),
        (int | Literal["all"] | None, "all", "all"),
        (datetime, "2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (date, "2024-01-02", date(2024, 1, 2)),
        (time, "03:04:05", time(3, 4, 5)),
        (timedelta, "P1D", timedelta(days=1)),
        (UUID, ID, UUID(ID)),
        (bytes, "aGk=", b"hi"),
        (Decimal, "1.10", Decimal("1.10")),
        (Color, "blue", Color.BLUE),
        (Level, "1", Level.LOW),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2], "2", 2),
        (Literal["a", 1], "1", 1),
        (Literal["a", None], "a", "a"),
        (UserId, "7", 7),
        (Size, "7", 7),
        (Annotated[int, "a note"], "7", 7),
        (Annotated[int, msgspec.Meta(ge=1)], "7", 7),
    ],
)
async def test_a_query_text_becomes_a_value_of_its_type(annotation, text, value):
    app = echo(annotation)
    answer = await get(app, f"p={text}")
    assert answer.status == 200, answer.body
    assert app.got == value
    assert type(app.got) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        *[(int, text, f"Expected integer, got {text!r}") for text in ("x", "", "1.0", "١٢", "²", "1_0", " 1", "0x1")],
        *[(int, str(number), f"Expected integer, got '{number}'") for number in (2**63, -(2**63) - 1, 10**30)],
        *[(float, text, f"Expected number, got {text!r}") for text in ("x", "nan", "NaN", "inf", "-inf", "1e999", "१")],
        (bool, "2", "Expected boolean, got '2'"),
        (bool, "", "Expected boolean, got ''"),
        (int | None, "x", "Expected integer, got 'x'"),
        (int | None, "null", "Expected integer, got 'null'"),
        (int | float | bool, "x", "Expected integer or number or boolean, got 'x'"),
        (datetime, "yesterday", "Expected datetime, got 'yesterday'"),
        (date, "2024-02-30", "Expected date, got '2024-02-30'"),
        (time, "25:00:00", "Expected time, got '25:00:00'"),
        (timedelta, "1d", "Expected duration, got '1d'"),
        (UUID, ID[:-1], f"Expected UUID, got '{ID[:-1]}'"),
        (bytes, "@", "Expected base64 text, got '@'"),
        *[
            (Decimal, text, f"Expected decimal number, got {text!r}")
            for text in ("x", "NaN", "Infinity", "1e9999999999")
        ],
        (Decimal, "1e999999999", "Expected decimal number, got '1e999999999'"),
        (Color, "green", "Expected one of 'red', 'blue', got 'green'"),
        (Level, "2", "Expected one of 1, got '2'"),
        (Literal["a", 1], "b", "Expected one of 'a', 1, got 'b'"),
        (Literal["a", None], "null", "Expected one of 'a', got 'null'"),
        (UserId, "x", "Expected integer, got 'x'"),
        (Size, "0", "Expected `int` >= 1"),
    ],
)
async def test_a_text_that_does_not_convert_is_told_with_its_value(annotation, text, message):
    answer = await get(echo(annotation), f"p={text}")
    assert errors(answer) == [("p", message, text)]


@pytest.mark.parametrize(
    ("annotation", "good", "bad", "message"),
    [
        (Annotated[int, Query(ge=1)], "1", "0", "Expected `int` >= 1"),
        (Annotated[int, Query(le=9)], "9", "10", "Expected `int` <= 9"),
        (Annotated[int, Query(gt=1)], "2", "1", "Expected `int` >= 2"),
        (Annotated[int, Query(lt=9)], "8", "9", "Expected `int` <= 8"),
        (Annotated[int, Query(ge=-5, le=5)], "-5", "-6", "Expected `int` >= -5"),
        (Annotated[int, Query(multiple_of=5)], "10", "11", "Expected `int` that's a multiple of 5"),
        (Annotated[float, Query(gt=0)], "0.1", "0", "Expected `float` > 0.0"),
        (Annotated[int | None, Query(ge=1)], "1", "0", "Expected `int` >= 1"),
        (Annotated[str, Query(min_length=2)], "ab", "a", "Expected `str` of length >= 2"),
        (Annotated[str, Query(max_length=2)], "ab", "abc", "Expected `str` of length <= 2"),
        (Annotated[str, Query(pattern="^a+$")], "aa", "b", "Expected `str` matching regex '^a+$'"),
        (Annotated[str, msgspec.Meta(min_length=2), Query(max_length=3)], "abc", "a", "Expected `str` of length >= 2"),
        (Annotated[int, msgspec.Meta(ge=1)], "1", "-1", "Expected `int` >= 1"),
    ],
)
async def test_constraints_are_kept(annotation, good, bad, message):
    app = echo(annotation)
    assert (await get(app, f"p={good}")).status == 200
    assert errors(await get(app, f"p={bad}")) == [("p", message, bad)]


async def test_a_constrained_text_that_is_no_number_at_all_is_told_like_any_other():
    assert errors(await get(echo(Annotated[int, Query(ge=1)]), "p=x")) == [("p", "Expected integer, got 'x'", "x")]


async def test_of_a_repeated_name_the_first_value_counts():
    app = echo(int)
    assert (await get(app, "p=1&p=x")).body == b"1"
    assert errors(await get(app, "p=x&p=1")) == [("p", "Expected integer, got 'x'", "x")]


@pytest.mark.parametrize("annotation", [Annotated[list[int], Query()], Annotated[list[int] | None, Query()]])
async def test_a_list_takes_all_values_of_its_name(annotation):
    app = echo(annotation)
    assert (await get(app, "p=1&x=y&p=2")).body == b"[1,2]"
    assert errors(await get(app, "p=1&p=x&p=2&p=y")) == [
        ("p", "Expected integer, got 'x'", "x"),
        ("p", "Expected integer, got 'y'", "y"),
    ]


async def test_a_bare_list_takes_texts():
    assert (await get(echo(Annotated[list, Query()]), "p=1&p=b")).body == b'["1","b"]'


async def test_constraints_of_a_list_hold_for_the_list_and_those_inside_for_its_items():
    app = echo(Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], Query(max_length=2)])
    assert (await get(app, "p=1&p=2")).status == 200
    assert errors(await get(app, "p=1&p=2&p=3")) == [("p", "Expected `array` of length <= 2", ["1", "2", "3"])]
    assert errors(await get(app, "p=0")) == [("p", "Expected `int` >= 1", "0")]


@pytest.mark.parametrize("annotation", [int, int | None, Annotated[list[int], Query()], Annotated[str, Query()]])
async def test_a_missing_required_value_is_an_error_that_says_so(annotation):
    assert errors(await get(echo(annotation))) == [("p", "Missing required query parameter 'p'", None)]


async def test_a_parameter_without_an_annotation_is_a_text_of_the_query():
    app = echo()
    assert (await get(app, "p=1")).body == b'"1"'
    assert errors(await get(app)) == [("p", "Missing required query parameter 'p'", None)]


@pytest.mark.parametrize(
    ("annotation", "default", "body"),
    [
        (int, 5, b"5"),
        (Annotated[int, Query(default=9)], 5, b"5"),
        (Annotated[list[int], Query()], (1, 2), b"[1,2]"),
        (int, Query(default=6), b"6"),
        (int, Query(default_factory=lambda: 7), b"7"),
    ],
)
async def test_a_missing_value_takes_the_default(annotation, default, body):
    assert (await get(echo(annotation, default))).body == body


async def test_a_default_may_be_none():
    app = echo(int | None, None)
    assert (await get(app)).status == 204
    assert app.got is None


@pytest.mark.parametrize("marker", [Query(default=8), Query(default_factory=lambda: 8)])
async def test_a_default_may_stand_in_the_marker(marker):
    assert (await get(echo(Annotated[int, marker]))).body == b"8"


async def test_a_default_factory_makes_a_new_value_for_each_request():
    app = echo(Annotated[list[int], Query(default_factory=list)])
    await get(app)
    first = app.got
    await get(app)
    assert app.got == first == []
    assert app.got is not first


@pytest.mark.parametrize("marker", [Query, Header, Cookie])
async def test_an_alias_is_the_name_in_the_request_and_in_the_error(marker):
    app = echo(Annotated[int, marker(alias="x-id")])
    requests = {
        Query: {"query": "x-id=1"},
        Header: {"headers": [("X-Id", "1")]},
        Cookie: {"headers": [("cookie", "x-id=1")]},
    }
    assert (await get(app, **requests[marker])).body == b"1"
    assert [field for field, _, _ in errors(await get(app))] == ["x-id"]


async def test_a_header_is_looked_up_with_dashes():
    async def handler(x_token: Annotated[str, Header()]):
        return x_token

    app = HawkAPI()
    app.get("/")(handler)
    assert (await get(app, headers=[("X-Token", "é")])).json() == "é"
    assert errors(await get(app)) == [("x-token", "Missing required header parameter 'x-token'", None)]


async def test_of_a_repeated_header_the_first_counts_and_a_list_takes_all():
    app = echo(Annotated[str, Header()])
    assert (await get(app, headers=[("p", "1"), ("p", "2")])).json() == "1"
    app = echo(Annotated[list[int], Header()])
    assert (await get(app, headers=[("p", "1"), ("x", "0"), ("p", "2")])).json() == [1, 2]
    assert errors(await get(app)) == [("p", "Missing required header parameter 'p'", None)]


@pytest.mark.parametrize("name", ["accept", "content-length", "content-type", "cookie", "transfer-encoding"])
async def test_a_header_that_the_endpoint_reads_itself_may_be_a_parameter_too(name):
    async def handler(
        body: dict[str, int],
        p: Annotated[str | None, Header(alias=name)] = None,
        again: Annotated[str | None, Header(alias=name.title())] = None,
        c: Annotated[str | None, Cookie()] = None,
    ):
        return [p, again, c]

    app = HawkAPI()
    app.post("/")(handler)
    sent = {"accept": "text/html", "content-length": "2", "content-type": "application/json", "cookie": "c=1"}
    value = sent.get(name, "chunked")
    answer = await call(app, "POST", "/", headers=[(name, value)], body=b"{}")
    assert answer.json() == [value, value, "1" if name == "cookie" else None]


async def test_a_header_name_beyond_latin1_is_never_there():
    assert errors(await get(echo(Annotated[str, Header(alias="x-é-☃")])))[0][0] == "x-é-☃"


async def test_cookies_are_read_from_all_cookie_headers():
    app = echo(Annotated[int, Cookie()])
    assert (await get(app, headers=[("cookie", "a=b"), ("cookie", 'p="3"')])).body == b"3"
    assert errors(await get(app, headers=[("cookie", "p=x")])) == [("p", "Expected integer, got 'x'", "x")]
    assert errors(await get(app)) == [("p", "Missing required cookie parameter 'p'", None)]


async def test_several_cookies_are_several_parameters():
    async def handler(a: Annotated[int, Cookie()], b: Annotated[int, Cookie()]):
        return [a, b]

    app = HawkAPI()
    app.get("/")(handler)
    assert (await get(app, headers=[("cookie", "b=2; a=1")])).json() == [1, 2]


async def test_a_cookie_header_that_is_too_long_is_a_431():
    app = echo(Annotated[str, Cookie()])
    assert (await get(app, headers=[("cookie", "p=" + "x" * 8190)])).status == 200
    answer = await get(app, headers=[("cookie", "p=" + "x" * 8191)])
    assert (answer.status, answer.json()["title"]) == (431, "Request Header Fields Too Large")
    answer = await get(app, headers=[("cookie", "a=" + "x" * 60_000)] * 40)
    assert answer.status == 431


async def test_a_query_with_too_many_pairs_is_a_414():
    app = echo(str)
    assert (await get(app, "p=1" + "&x" * 999)).status == 200
    answer = await get(app, "p=1" + "&x" * 1000)
    assert (answer.status, answer.json()["title"]) == (414, "URI Too Long")


async def test_limits_of_the_app_hold_for_the_look_at_the_errors_too():
    app = echo(Annotated[int, Query()], app=HawkAPI(limits=Limits(query_pairs=5000, cookies=20_000)), path="/q")
    echo(Annotated[int, Cookie()], app=app)
    answer = await call(app, "GET", "/q", query=b"p=x" + b"&a" * 3000)
    assert errors(answer) == [("p", "Expected integer, got 'x'", "x")]
    assert errors(await get(app, headers=[("cookie", "p=x; a=" + "x" * 9000)])) == [
        ("p", "Expected integer, got 'x'", "x")
    ]


@pytest.mark.parametrize("text", ["%", "%zz", "%f", "%C3", "%ff%fe", "%00", "%E2%98"])
async def test_percent_encoding_rubbish_is_read_as_text(text):
    app = echo(str)
    assert (await get(app, f"p={text}")).status == 200
    assert (await get(echo(int), f"p={text}")).status == 400


async def test_a_plain_path_parameter_is_converted_by_its_annotation():
    app = echo(int, path="/users/{p}")
    assert (await call(app, "GET", "/users/42")).body == b"42"
    assert errors(await call(app, "GET", "/users/x")) == [("p", "Expected integer, got 'x'", "x")]


@pytest.mark.parametrize(
    ("annotation", "path", "segment", "body"),
    [
        (int, "/{p:int}", "42", b"42"),
        (UUID, "/{p:uuid}", ID, f'"{ID}"'.encode()),
        (float, "/{p:float}", "1.5", b"1.5"),
        (str, "/{p}", "a b", b'"a b"'),
        (Any, "/{p:int}", "42", b"42"),
        (str, "/{p:int}", "42", b'"42"'),
        (float, "/{p:int}", "42", b"42.0"),
        (str | None, "/{p}", "x", b'"x"'),
        (Color, "/{p}", "red", b'"red"'),
        (Annotated[int, Path(le=50)], "/{p:int}", "42", b"42"),
    ],
)
async def test_a_path_parameter_may_have_a_converter_and_an_annotation(annotation, path, segment, body):
    assert (await call(echo(annotation, path=path), "GET", f"/{segment}")).body == body


@pytest.mark.parametrize("path", ["/{p}", "/{p:int}"])
async def test_constraints_of_a_path_parameter_are_kept(path):
    app = echo(Annotated[int, Path(le=50)], path=path)
    assert errors(await call(app, "GET", "/51")) == [("p", "Expected `int` <= 50", "51")]


async def test_a_path_marker_may_name_the_parameter():
    app = echo(Annotated[int, Path(alias="user_id")], path="/{user_id}")
    assert (await call(app, "GET", "/7")).body == b"7"


async def test_a_segment_that_its_converter_refuses_is_a_404():
    app = echo(int, path="/{p:int}")
    assert (await call(app, "GET", "/x")).status == 404
    assert (await call(app, "GET", f"/{2**63}")).status == 404


async def test_all_errors_of_a_request_are_told_together_parameters_first():
    async def handler(
        body: dict[str, int],
        item: int,
        q: int,
        x_id: Annotated[int, Header()],
        session: Annotated[int, Cookie()],
        many: Annotated[list[int], Query()],
    ): ...

    app = HawkAPI()
    app.post("/{item}")(handler)
    answer = await call(
        app,
        "POST",
        "/a",
        query=b"q=b&many=1&many=e",
        headers=[("x-id", "c"), ("cookie", "session=d")],
        body=b'{"k":"f"}',
    )
    assert [(field, value) for field, _, value in errors(answer)] == [
        ("item", "a"),
        ("q", "b"),
        ("x-id", "c"),
        ("session", "d"),
        ("many", "e"),
        ("k", "f"),
    ]


async def test_a_long_value_is_cut_at_200_characters_in_value_and_message():
    [(_, message, value)] = errors(await get(echo(int), "p=" + "x" * 300))
    assert value == "x" * 200
    assert message == f"Expected integer, got '{'x' * 200}'"


@pytest.mark.parametrize("name", ["password", "user_password", "X-Api-Key", "secret", "access_token", "API_KEY"])
@pytest.mark.parametrize("annotation", [int, Literal["a"], Color, datetime])
async def test_a_secret_is_not_sent_back(name, annotation):
    answer = await get(echo(Annotated[annotation, Query(alias=name)]), f"{name}=hunter2")
    assert b"hunter2" not in answer.body
    [(field, message, value)] = errors(answer)
    assert (field, value) == (name, None)
    assert message.startswith("Expected ")


@pytest.mark.parametrize("annotation", [Request, HTTPConnection])
async def test_a_parameter_annotated_as_request_gets_it(annotation):
    async def handler(p: annotation):
        return p.path

    app = HawkAPI()
    app.get("/x")(handler)
    assert (await call(app, "GET", "/x")).json() == "/x"


async def test_background_tasks_are_given_and_run():
    async def handler(p: BackgroundTasks):
        p.add_task(done.append, 1)

    done = []
    app = HawkAPI()
    app.get("/")(handler)
    await get(app)
    assert done == [1]


@pytest.mark.parametrize("annotations", [{}, {"request": Any}, {"request": "Any"}])
async def test_a_parameter_named_request_gets_it_whatever_its_annotation(annotations):
    async def handler(request):
        return request.path_params

    handler.__annotations__ = annotations
    app = HawkAPI()
    app.get("/{x:int}")(handler)
    assert (await call(app, "GET", "/1")).json() == {"x": 1}


async def test_keyword_only_parameters_are_passed_by_name():
    async def handler(a: int, /, b: int, *, c: int = 3, d: int):
        return [a, b, c, d]

    app = HawkAPI()
    app.get("/")(handler)
    assert (await get(app, "d=4&b=2&a=1")).json() == [1, 2, 3, 4]


async def test_a_sync_handler_is_bound_alike():
    def handler(a: int, *, b: Annotated[list[int], Query()]):
        return [a, *b]

    app = HawkAPI()
    app.get("/")(handler)
    assert (await get(app, "a=1&b=2&b=3")).json() == [1, 2, 3]
    assert len(errors(await get(app, "a=x&b=y"))) == 2
