"""ASGI scopes as a server would make them of what a test asks for; nothing that could not stand in a real request."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urlencode

import msgspec

from hawkapi._types import RawHeaders, Scope
from hawkapi.background import INLINE

HeadersGiven: TypeAlias = Mapping[str, str] | list[tuple[str, str]]
ParamsGiven: TypeAlias = Mapping[str, Any] | str


class BaseURL(msgspec.Struct, frozen=True):
    """Where the app is said to be served."""

    scheme: str
    authority: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> "BaseURL":
        """Take an `http` or `https` URL apart; its path stands before the path of each request.

        Raises:
            ValueError: If it is none.
        """
        found = _BASE_URL.fullmatch(url)
        if found is None:
            raise ValueError(f"a base URL looks like 'http://testserver', not like {url!r}")
        scheme, authority, host, port, path = found.groups()
        return cls(scheme, authority, host.strip("[]"), int(port or _PORTS[scheme]), path.rstrip("/"))


def http_scope(
    base: BaseURL,
    method: str,
    url: str,
    *,
    params: ParamsGiven | None,
    headers: HeadersGiven | None,
    defaults: Iterable[tuple[str, str]],
    state: Mapping[str, Any],
) -> Scope:
    """Make the scope of an HTTP request; it asks that the call returns when the background tasks are done.

    Args:
        base: Where the app is served.
        method: Sent in upper case.
        url: Path and query, or a whole `http` URL, which replaces the base.
        params: More of the query, see `encode_params`.
        headers: What the test gives.
        defaults: Headers that are sent unless the test gives its own.
        state: The lifespan's state; the scope has a shallow copy.

    Raises:
        ValueError: If a line break or NUL stands in path or header, or a method or header name is no token.
    """
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"{method!r} is no HTTP method")
    scope = _connection_scope(base, url, params, headers, defaults, state)
    return {**scope, "type": "http", "method": method.upper(), "extensions": {INLINE: {}}}


def websocket_scope(
    base: BaseURL,
    url: str,
    *,
    params: ParamsGiven | None,
    headers: HeadersGiven | None,
    defaults: Iterable[tuple[str, str]],
    subprotocols: Sequence[str],
    state: Mapping[str, Any],
) -> Scope:
    """Make the scope of a WebSocket; arguments and errors are those of `http_scope`."""
    upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGVzdGluZy1oYXdrYXBpIQ=="),
    ]
    if subprotocols:
        upgrade.append(("sec-websocket-protocol", ", ".join(subprotocols)))
    scope = _connection_scope(base, url, params, headers, [*defaults, *upgrade], state)
    return {
        **scope,
        "type": "websocket",
        "scheme": _WEBSOCKET_SCHEMES[scope["scheme"]],
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}},
    }


def encode_params(params: ParamsGiven) -> str:
    """Write a query or an urlencoded form: of a mapping, in which a list repeats its name, or text as it is."""
    if isinstance(params, str):
        return params
    return urlencode(fields(params))


def fields(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Write the fields of a query or form: `true` and `false` as JSON has them, all else by `str`."""
    return [(name, _text(item)) for name, value in values.items() for item in _items(value)]


def refuse_line_break(what: str, value: str) -> None:
    """Raise `ValueError` if `value` would end the line that it stands in, and so forge the next (CVE-2026-22779)."""
    if _LINE_BREAK.search(value):
        raise ValueError(f"{what} must hold no line break and no NUL: {value!r}")


def _connection_scope(
    base: BaseURL,
    url: str,
    params: ParamsGiven | None,
    headers: HeadersGiven | None,
    defaults: Iterable[tuple[str, str]],
    state: Mapping[str, Any],
) -> Scope:
    refuse_line_break("a path", url)
    whole = _WHOLE_URL.fullmatch(url)
    if whole is not None:
        base, url = BaseURL.parse(whole[1]), whole[2]
    target, _, _ = url.partition("#")
    path, _, query = target.partition("?")
    raw_path = _escape(base.path + (path if path.startswith("/") else "/" + path))
    queries = [part for part in (query, encode_params(params or "")) if part]
    return {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": base.scheme,
        "server": (base.host, base.port),
        "client": ("testclient", 50000),
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("ascii"),
        "root_path": "",
        "query_string": _escape("&".join(queries)).encode("ascii"),
        "headers": _raw_headers(headers, [("host", base.authority), *_DEFAULTS, *defaults]),
        "state": dict(state),
    }


def _raw_headers(given: HeadersGiven | None, defaults: Iterable[tuple[str, str]]) -> RawHeaders:
    pairs = given if isinstance(given, list) else (given or {}).items()
    headers = [_raw_header(name, value) for name, value in pairs]
    names = {name for name, _ in headers}
    # What the test says about the length of its body, true or not, is all that is said.
    if not names.isdisjoint(_FRAMING):
        names |= _FRAMING
    raw_defaults = [_raw_header(name, value) for name, value in defaults]
    return [pair for pair in raw_defaults if pair[0] not in names] + headers


def _raw_header(name: str, value: str) -> tuple[bytes, bytes]:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no header name")
    refuse_line_break(f"the header {name!r}", value)
    return name.lower().encode("ascii"), value.encode("latin-1")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, (list, tuple, set, frozenset)) else (value,)  # pyright: ignore[reportUnknownVariableType] - narrowed from object, its items are


def _escape(url: str) -> str:
    return quote(url, safe="!$%&'()*+,/:;=?@[]")


_PORTS = {"http": "80", "https": "443"}
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_DEFAULTS = [("user-agent", "testclient"), ("accept", "*/*")]
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_BASE_URL = re.compile(r"(https?)://((\[[0-9A-Fa-f:.]+\]|[^/?#@:\s]+)(?::([0-9]{1,5}))?)(/[^?#\s]*|)")
_WHOLE_URL = re.compile(r"(https?://[^/?#]*)(.*)")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")
