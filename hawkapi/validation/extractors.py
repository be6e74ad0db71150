"""One factory a source: the lines of generated code that take a parameter's value out of a request.

Names in generated code are positional (`v0`, `c0`), and whatever differs between two routes of one form stands in the
constants: equal source is compiled once (`hawkapi.routing.endpoint`).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from hawkapi._types import Scope
from hawkapi.requests.form_data import FormData, UploadFile
from hawkapi.serialization.pydantic import is_pydantic_model
from hawkapi.validation.coerce import INVALID, TextConverter
from hawkapi.validation.specs import ParameterSpec

COOKIE_LIMIT_MARGIN = 65536
"""Cookie headers are joined up to here; the parser refuses them far below."""


class Lines(msgspec.Struct):
    """What a parameter adds to the endpoint.

    Attributes:
        lines: Statements that set `v<index>`, or `bad = True`.
        constants: Global names they use.
        headers: Wanted headers: name and the local variable for the raw value, or for the list of all (`...s`).
        needs: What must stand before them: `query`, `lists`, `cookies`, `payload`, `form`, `request`, `tasks`.
    """

    lines: list[str]
    constants: dict[str, Any] = {}
    headers: tuple[tuple[bytes, str], ...] = ()
    needs: frozenset[str] = frozenset()


def extract(spec: ParameterSpec, index: int, path_kinds: dict[str, type]) -> Lines:
    """Make the lines for one parameter.

    Args:
        spec: The parameter.
        index: Its place among the handler's; names the variable.
        path_kinds: The route's path parameters in order, and the types that the router gives them.
    """
    return _FACTORIES[spec.source](spec, index, path_kinds)


def _path(spec: ParameterSpec, i: int, path_kinds: dict[str, type]) -> Lines:
    found = f"path[{list(path_kinds).index(spec.key)}]"
    kind = path_kinds[spec.key]
    if kind is str:
        lines = [f"v{i} = {found}", *_convert(spec.converter, i, first="if")]
        return Lines(lines, {f"c{i}": spec.converter.convert})
    if spec.annotation is Any or spec.annotation is kind:
        return Lines([f"v{i} = {found}"])
    # The router's converter gave a value; the annotation wants another type or has constraints: it reads the text.
    return Lines(
        [f"v{i} = c{i}(str({found}))", f"if v{i} is INVALID:", "    bad = True"], {f"c{i}": spec.converter.convert}
    )


def _query(spec: ParameterSpec, i: int, *_: Any) -> Lines:
    if spec.multiple:
        return _many(spec, i, f"lists.get(k{i})", "lists")
    return _one(spec, i, f"query.get(k{i})", "query")


def _cookie(spec: ParameterSpec, i: int, *_: Any) -> Lines:
    found = _one(spec, i, f"find_cookie(cookies, k{i}, COOKIES)", "cookies")
    found.headers = ((b"cookie", "cookie"),)
    return found


def _header(spec: ParameterSpec, i: int, *_: Any) -> Lines:
    name = spec.key.lower().encode("latin-1", "replace")
    if spec.multiple:
        found = _many(spec, i, f"[value.decode('latin-1') for value in h{i}s] or None", None)
        found.headers = ((name, f"h{i}s"),)
    else:
        found = _one(spec, i, f"None if h{i} is None else h{i}.decode('latin-1')", None)
        found.headers = ((name, f"h{i}"),)
    return found


def _one(spec: ParameterSpec, i: int, found: str, need: str | None) -> Lines:
    missing, constants = _missing(spec, i)
    constants |= {f"c{i}": spec.converter.convert, f"k{i}": spec.key}
    lines = [f"v{i} = {found}", f"if v{i} is None:", f"    {missing}", *_convert(spec.converter, i, first="elif")]
    return Lines(lines, constants, needs=frozenset({need}) if need else frozenset())


def _many(spec: ParameterSpec, i: int, found: str, need: str | None) -> Lines:
    missing, constants = _missing(spec, i)
    constants |= {f"c{i}": list_converter(spec), f"k{i}": spec.key}
    lines = [
        f"v{i} = {found}",
        f"if v{i} is None:",
        f"    {missing}",
        "else:",
        f"    v{i} = c{i}(v{i})",
        f"    if v{i} is INVALID:",
        "        bad = True",
    ]
    return Lines(lines, constants, needs=frozenset({need}) if need else frozenset())


def _missing(spec: ParameterSpec, i: int) -> tuple[str, dict[str, Any]]:
    if spec.required:
        return "bad = True", {}
    if spec.default_factory is not None:
        return f"v{i} = d{i}()", {f"d{i}": spec.default_factory}
    return f"v{i} = d{i}", {f"d{i}": spec.default}


def _convert(converter: TextConverter, i: int, *, first: str) -> list[str]:
    """Write the conversion of the text in `v<i>`, as the branches of a conditional that opens with `first`."""
    if converter.kind == "str":
        return []
    general = [f"    v{i} = c{i}(v{i})", f"    if v{i} is INVALID:", "        bad = True"]
    if converter.kind == "other":
        return ["else:", *general] if first == "elif" else [line[4:] for line in general]
    lines = [f"{first} v{i}.isdigit() and v{i}.isascii() and len(v{i}) < 19:", f"    v{i} = int(v{i})"]
    if converter.bounds:
        refused = " or ".join(f"v{i} {operator} {bound}" for operator, bound in converter.bounds)
        lines += [f"    if {refused}:", "        bad = True"]
    return [*lines, "else:", *general]


def list_converter(spec: ParameterSpec) -> Callable[[list[str]], Any]:
    """Make the function that converts all values of a name, or gives `INVALID`."""
    converter, annotation = spec.converter, spec.annotation
    convert = converter.convert

    def convert_all(texts: list[str]) -> Any:
        values = [convert(text) for text in texts]
        if any(value is INVALID for value in values):
            return INVALID
        return values if list_problem(values, annotation) is None else INVALID

    return convert_all


def list_problem(values: list[Any], annotation: Any) -> str | None:
    """Say which constraint a list as a whole does not keep, in msgspec's words; `None` if it keeps them all."""
    if not hasattr(annotation, "__metadata__"):
        return None
    try:
        msgspec.convert(values, annotation)
    except msgspec.ValidationError as exc:
        return str(exc)
    return None


def _body(spec: ParameterSpec, i: int, *_: Any) -> Lines:
    missing, constants = _missing(spec, i)
    lines = [
        "if not payload:",
        f"    {missing}",
        "elif content_type is not None and content_type != b'application/json' and not is_json(content_type):",
        "    bad = True",
        "elif len(payload) > NESTING and too_deep(payload, NESTING):",
        "    bad = True",
        "else:",
        "    try:",
        f"        v{i} = c{i}(payload)",
        "    except (ValueError, RecursionError) as exc:",
        "        failure = exc",
        "        bad = True",
    ]
    return Lines(lines, constants, ((b"content-type", "content_type"),), frozenset({"payload"}))


def _form(spec: ParameterSpec, i: int, *_: Any) -> Lines:
    missing, constants = _missing(spec, i)
    constants |= {f"c{i}": form_reader(spec)}
    lines = [
        "if form is not None:",
        f"    v{i} = c{i}(form)",
        f"    if v{i} is None:",
        f"        {missing}",
        f"    elif v{i} is INVALID:",
        "        bad = True",
    ]
    return Lines(lines, constants, needs=frozenset({"form", "request"}))


def form_reader(spec: ParameterSpec) -> Callable[[FormData], Any]:
    """Make the function that reads a parameter out of a form: its value, `None` if missing, or `INVALID`."""
    key = spec.key
    if spec.source == "file":
        return lambda form: files_of(form, key, spec.multiple)
    if spec.source == "form-model":
        return _model_reader(spec)
    if spec.multiple:
        convert_all = list_converter(spec)
        return lambda form: None if not (texts := texts_of(form, key)) else convert_all(texts)
    converter = spec.converter
    return lambda form: None if not (texts := texts_of(form, key)) else converter.convert(texts[0])


def texts_of(form: FormData, key: str) -> list[str]:
    """Give all text values of a form field."""
    return [value for value in form.getlist(key) if isinstance(value, str)]


def files_of(form: FormData, key: str, multiple: bool) -> Any:
    """Give the upload of a name, the list of them, `None` where there is none, `INVALID` where it is a text."""
    uploads = [value for value in form.getlist(key) if isinstance(value, UploadFile)]
    if uploads:
        return uploads if multiple else uploads[0]
    return INVALID if key in form else None


def _model_reader(spec: ParameterSpec) -> Callable[[FormData], Any]:
    readers = [(field, form_reader(field)) for field in spec.fields]

    def read(form: FormData) -> Any:
        values: dict[str, Any] = {}
        for field, read_field in readers:
            value = read_field(form)
            if value is INVALID or (value is None and field.required):
                return INVALID
            if value is not None:
                values[field.name] = value
        try:
            return make_model(spec.annotation, values)
        except (TypeError, ValueError):
            return INVALID

    return read


def make_model(model: Any, values: dict[str, Any]) -> Any:
    """Make a form's model of its fields' values.

    Raises:
        ValueError: If the model itself refuses them, as pydantic and a `__post_init__` may; or a `TypeError`.
    """
    return model.model_validate(values) if is_pydantic_model(model) else model(**values)


def _request(_spec: ParameterSpec, i: int, *_: Any) -> Lines:
    return Lines([f"v{i} = request"], needs=frozenset({"request"}))


def _tasks(_spec: ParameterSpec, i: int, *_: Any) -> Lines:
    return Lines([f"v{i} = tasks"], needs=frozenset({"tasks"}))


_FACTORIES: dict[str, Callable[..., Lines]] = {
    "path": _path,
    "query": _query,
    "header": _header,
    "cookie": _cookie,
    "body": _body,
    "form": _form,
    "form-model": _form,
    "file": _form,
    "request": _request,
    "tasks": _tasks,
}


def join_cookies(known: bytes, more: bytes) -> bytes:
    """Join a further `cookie` header (HTTP/2 may split it); what is too long already stays as it is."""
    return known if len(known) > COOKIE_LIMIT_MARGIN else known + b"; " + more


def is_json(content_type: bytes) -> bool:
    """Tell whether a media type is JSON: `application/json` or `…+json`, with any parameters."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or kind.endswith(b"+json")


def raw_header(scope: Scope, name: bytes) -> bytes | None:
    """Give the first header of a name, raw."""
    return next((value for key, value in scope["headers"] if key == name), None)
