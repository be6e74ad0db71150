"""The generated endpoint and the interpreted look at the errors must agree: 400 exactly where an error is found."""

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypedDict
from urllib.parse import urlencode
from uuid import UUID

import anyio
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hawkapi._signature import read_signature
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.form_data import FormData, UploadFile
from hawkapi.routing.converters import CONVERTERS, parse_path
from hawkapi.validation.binder import Binder, Received
from hawkapi.validation.constraints import Cookie, Form, Header, Path, Query
from hawkapi.validation.specs import read_specs
from hawkapi.validation.value_errors import value_errors
from tests.asgi import call, http_scope
from tests.validation.echo import echo


class Color(enum.Enum):
    RED = "red"


class Address(msgspec.Struct):
    city: str


class User(msgspec.Struct, rename="camel"):
    first_name: str
    age: Annotated[int, msgspec.Meta(ge=0)] = 0
    address: Address | None = None
    tags: list[str] = []


class Span(msgspec.Struct, forbid_unknown_fields=True):
    low: int
    high: int = 5

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


class Cat(msgspec.Struct, tag="cat"):
    low: int


class Dog(msgspec.Struct, tag="dog"):
    high: list[int]


@dataclass
class Entry:
    key: str
    count: int = 0


class Options(TypedDict):
    depth: int


TEXTUAL = [
    *(str, int, float, bool, UUID, Decimal, date, datetime, Color, Any),
    *(int | None, int | str, int | bool, Literal["a", 1]),
]
BODIES = [
    *(User, Span, Entry, Options, dict, list, User | None, Cat | Dog | None, tuple[int, str]),
    *(dict[str, int], dict[int, Span], list[User], dict[str, Span], set[int], list[Cat]),
    list[Annotated[int, msgspec.Meta(lt=5)]],
]

texts = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "10", "a", "red", "on", "1.5", "nan", "1e5", "٣", "9" * 19, "9" * 25, "2024-01-02", "\x00"]
    ),
    st.sampled_from(["2024-01-02T03:04:05Z", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"]),
    st.text(max_size=5),
)
header_texts = texts.map(lambda text: text.encode("ascii", "replace").decode())
numbers = st.one_of(st.integers(-2, 2), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
names = st.sampled_from(["firstName", "age", "address", "city", "tags", "low", "high", "key", "count", "depth", "type"])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, st.sampled_from(["cat", "dog"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
bodies = st.one_of(values.map(msgspec.json.encode), st.sampled_from([b"", b"{", b"NaN", b'"\xff"', b"[" * 600]))


@st.composite
def hints(draw, marker):
    """Draw an annotation with a marker."""
    kind = draw(st.sampled_from(TEXTUAL))
    constraints = draw(st.sampled_from([{}, {"ge": 1}, {"gt": 0, "lt": 10}, {"multiple_of": 2}]))
    if kind not in (int, float):
        constraints = {}
    if marker in (Query, Header, Form) and draw(st.booleans()):
        kind, constraints = list[kind], draw(st.sampled_from([{}, {"max_length": 1}]))
    default = draw(st.sampled_from([{}, {"default": None}, {"default_factory": list}]))
    return Annotated[kind, marker(**constraints, **({} if marker is Path else default))]


def handler_of(annotations):
    namespace = {}
    exec(f"async def handler({', '.join(annotations)}): pass", namespace)
    namespace["handler"].__annotations__ = annotations
    return namespace["handler"]


def served(app, path, **options):
    """Call the app; True if it served, False if it refused with errors, None if there was no such path."""
    answer = anyio.run(lambda: call(app, "POST", path, **options))
    assert answer.status in (200, 204, 400, 404), answer.body
    if answer.status == 400:
        assert answer.json()["errors"]
    return {200: True, 204: True, 400: False, 404: None}[answer.status]


def explained(handler, path, scope, params=(), form=None):
    pattern = parse_path(path)
    specs, mistakes = read_specs(read_signature(handler), pattern.names)
    assert not mistakes
    return Binder(specs, pattern.kinds, Limits()).explain(Received(scope, params, form=form))


@settings(deadline=None, max_examples=300)
@given(
    st.fixed_dictionaries(
        {}, optional={"item": hints(Path), "q": hints(Query), "h": hints(Header), "c": hints(Cookie)}
    ),
    st.sampled_from(["str", "int", "float"]),
    texts,
    st.lists(st.tuples(st.sampled_from("qz"), texts), max_size=3).map(urlencode),
    st.lists(header_texts.map(lambda text: ("h", text)), max_size=2),
    st.lists(header_texts.map(lambda text: ("cookie", f"c={text}")), max_size=2),
)
def test_parameters_are_refused_exactly_where_an_error_is_found(
    annotations, converter, segment, query, headers, cookies
):
    handler = handler_of(annotations)
    path, found, params = "/x", "/x", ()
    if "item" in annotations:
        path, found = f"/x/{{item:{converter}}}", f"/x/{segment}"
        params = (CONVERTERS[converter].convert(segment),)
    options = {"query": query.encode(), "headers": headers + cookies}
    app = HawkAPI()
    app.add_route(path, handler, methods=["POST"])
    was_served = served(app, found, **options)
    if was_served is not None:
        assert was_served is not bool(explained(handler, path, http_scope("POST", found, **options), params))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(BODIES), bodies, st.sampled_from([[], [("content-type", "application/json")]]))
def test_a_body_is_refused_exactly_where_an_error_is_found(annotation, body, headers):
    was_served = served(echo(annotation, method="POST"), "/", headers=headers, body=body)
    try:
        errors = value_errors(msgspec.json.decode(body), annotation)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        assert not was_served
    else:
        assert was_served is not bool(errors)


@settings(deadline=None, max_examples=200)
@given(
    hints(Form),
    st.sampled_from([User, Span, Entry, Options]).map(lambda model: Annotated[model, Form()]),
    st.dictionaries(
        st.sampled_from(["f", "u", "firstName", "age", "low", "high", "key", "count", "depth", "tags"]),
        st.one_of(texts, st.lists(texts, min_size=2, max_size=3)),
        max_size=5,
    ),
)
def test_a_form_is_refused_exactly_where_an_error_is_found(hint, model, fields):
    if model.__origin__ is User:  # a form has no place for the nested field
        model = Annotated[msgspec.defstruct("Flat", [("tags", list[str]), ("age", float, 0.0)]), Form()]
    handler = handler_of({"f": hint, "m": model, "u": UploadFile | None})
    handler.__defaults__ = (None,)
    app = HawkAPI()
    app.add_route("/", handler, methods=["POST"])
    headers = [("content-type", "application/x-www-form-urlencoded")]
    was_served = served(app, "/", headers=headers, body=urlencode(fields, doseq=True).encode())
    assert was_served is not bool(explained(handler, "/", http_scope("POST", "/"), form=FormData(fields)))
