"""What a WebSocket handler's parameters are (contract 5 and 3.2)."""

from typing import Annotated, Any

import msgspec
import pytest

from hawkapi._signature import read_signature
from hawkapi.background import BackgroundTasks
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.validation.constraints import Body, Cookie, Form, Header, Query
from hawkapi.validation.specs import read_specs
from hawkapi.validation.websocket_specs import connectionless, read_websocket_specs
from hawkapi.websocket.connection import WebSocket


class Item(msgspec.Struct):
    a: int


def sources(handler, *path_names):
    specs, mistakes = read_websocket_specs(read_signature(handler), path_names)
    assert mistakes == []
    return {spec.name: spec.source for spec in specs}


def specs(handler, *path_names):
    return read_websocket_specs(read_signature(handler), path_names)[0]


def mistakes(handler, *path_names):
    return read_websocket_specs(read_signature(handler), path_names)[1]


def test_the_socket_is_taken_by_its_annotation_wherever_it_stands():
    async def handler(room: int, q: str, *, ws: WebSocket): ...

    assert sources(handler, "room") == {"room": "path", "q": "query", "ws": "request"}


def test_the_base_class_will_do():
    async def handler(room, connection: HTTPConnection): ...

    assert sources(handler, "room") == {"room": "path", "connection": "request"}


def test_without_an_annotation_it_is_the_first_parameter():
    async def handler(socket, q): ...

    assert sources(handler) == {"socket": "request", "q": "query"}


def test_any_is_no_annotation():
    async def handler(ws: Any): ...

    assert sources(handler) == {"ws": "request"}


def test_the_first_parameter_of_a_method_is_the_one_after_self():
    class Room:
        async def handler(self, ws): ...

    assert sources(Room().handler) == {"ws": "request"}


def test_metadata_does_not_hide_the_annotation():
    async def handler(q, ws: Annotated[WebSocket, "mine"]): ...

    assert sources(handler) == {"q": "query", "ws": "request"}


def test_a_parameter_named_request_is_the_connection():
    async def handler(room, request): ...

    assert sources(handler, "room") == {"room": "path", "request": "request"}


def test_all_sources_of_a_handshake_are_there():
    async def handler(
        ws,
        x_token: Annotated[str, Header()],
        sid: Annotated[str, Cookie()],
        tags: Annotated[list[str], Query()],
        limit: int = 5,
    ): ...

    assert sources(handler) == {
        "ws": "request",
        "x_token": "header",
        "sid": "cookie",
        "tags": "query",
        "limit": "query",
    }


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Item, "a WebSocket has no body"),
        (dict, "a WebSocket has no body"),
        (Annotated[int, Body()], "a WebSocket has no body"),
        (Annotated[str, Form()], "a WebSocket has no form"),
        (Annotated[Item, Form()], "a WebSocket has no form"),
        (UploadFile, "a WebSocket has no form"),
        (BackgroundTasks, "no response that tasks could run after"),
    ],
)
def test_what_a_handshake_does_not_have_is_a_mistake(annotation, text):
    async def handler(ws, x): ...

    handler.__annotations__["x"] = annotation
    (mistake,) = mistakes(handler)
    assert mistake.startswith("parameter 'x': ")
    assert text in mistake


def test_a_request_is_not_given_to_a_websocket_handler():
    async def handler(request: Request): ...

    assert mistakes(handler) == ["parameter 'request': this handler is given a WebSocket, not a Request"]


def test_a_websocket_is_not_given_to_an_http_handler():
    async def handler(ws: WebSocket): ...

    found = read_specs(read_signature(handler), ())[1]
    assert found == ["parameter 'ws': this handler is given a Request, not a WebSocket"]


def test_a_handler_must_take_the_connection():
    async def nothing(): ...

    async def typed(q: str): ...

    async def path_only(room): ...

    async def variadic(*args): ...

    text = "no parameter takes the connection; annotate one as WebSocket"
    assert connectionless(specs(nothing)) == connectionless(specs(typed)) == [text]
    assert connectionless(specs(path_only, "room")) == [text]
    assert "*args and **kwargs take nothing" in mistakes(variadic)[0]
