"""A handler's parameters as one plan: generated lines for the happy path, an interpreted look for all errors."""

from typing import Any

import msgspec

from hawkapi._types import Scope
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.form_data import FormData
from hawkapi.requests.limits import Limits
from hawkapi.serialization.nesting import too_deep
from hawkapi.serialization.pydantic import is_pydantic_model, model_errors
from hawkapi.validation.body import body_decoder, body_errors
from hawkapi.validation.coerce import INVALID
from hawkapi.validation.errors import ValidationErrorDetail, error_detail, is_secret
from hawkapi.validation.extractors import (
    Lines,
    extract,
    files_of,
    form_reader,
    is_json,
    list_problem,
    make_model,
    raw_header,
    texts_of,
)
from hawkapi.validation.single_error import SingleError
from hawkapi.validation.specs import ParameterSpec

_TEXTS = frozenset({"path", "query", "header", "cookie"})
_IN_BODY = frozenset({"body", "form", "form-model", "file"})


class Received(msgspec.Struct):
    """What an endpoint had read of a request when it found it wanting.

    Attributes:
        scope: The request's scope.
        path: The path parameters as the router gave them.
        payload: The JSON body as received, `None` where no parameter takes it.
        form: The form, `None` where no parameter takes it or it could not be read.
        failure: What decoding the body or reading the form raised.
    """

    scope: Scope
    path: tuple[Any, ...]
    payload: bytes | None = None
    form: FormData | None = None
    failure: Exception | None = None


class Binder:
    """The parameters of one handler.

    Args:
        specs: The parameters, in order.
        path_kinds: The route's path parameters in order, and the types that the router gives them.
        limits: Bounds of the request.

    Attributes:
        lines: What each parameter adds to the endpoint, those that read the body last.
    """

    def __init__(self, specs: list[ParameterSpec], path_kinds: dict[str, type], limits: Limits) -> None:
        self.specs = specs
        self._path_names = tuple(path_kinds)
        self._limits = limits
        extracted = [(spec, extract(spec, i, path_kinds)) for i, spec in enumerate(specs)]
        for i, (spec, lines) in enumerate(extracted):
            if spec.source == "body":
                lines.constants[f"c{i}"] = body_decoder(spec.annotation)
        self._texts = [spec for spec in specs if spec.source in _TEXTS]
        self._in_body = [spec for spec in specs if spec.source in _IN_BODY]
        self._single = next((SingleError.of(spec.annotation) for spec in specs if spec.source == "body"), None)
        self.lines: list[Lines] = [lines for spec, lines in extracted if spec.source not in _IN_BODY]
        self.lines += [lines for spec, lines in extracted if spec.source in _IN_BODY]

    def explain(self, received: Received) -> list[ValidationErrorDetail]:
        """Find every error of a request, parameters first, the body last."""
        errors: list[ValidationErrorDetail] = []
        if self._texts:
            path = dict(zip(self._path_names, received.path, strict=True))
            connection = HTTPConnection(received.scope, path, limits=self._limits)
            for spec in self._texts:
                errors += _texts(spec, _lookup(spec, connection), f"{spec.source} parameter")
        for spec in self._in_body:
            if spec.source == "body":
                errors += self._body(spec, received)
            elif received.form is not None:  # else it could not be read as a whole: that is the failure below
                errors += _form(spec, received.form)
        if isinstance(received.failure, MalformedBody):
            errors.append(error_detail(received.failure.field, received.failure.message, received.failure.value))
        return errors

    def _body(self, spec: ParameterSpec, received: Received) -> list[ValidationErrorDetail]:
        if not received.payload:
            return [ValidationErrorDetail("body", "Request body is required")] if spec.required else []
        content_type = raw_header(received.scope, b"content-type") if received.failure is None else None
        if content_type is not None and not is_json(content_type):
            got = content_type[:200].decode("latin-1")
            return [ValidationErrorDetail("$", f"Expected content type application/json, got {got!r}")]
        if received.failure is not None:
            if (
                self._single is not None
                and (error := self._single.find(received.payload, received.failure)) is not None
            ):
                return [error]
            return body_errors(received.payload, spec.annotation, received.failure)
        # Not decoded at all: too deep. Where it was decoded, other parameters are the reason for this look.
        return _too_deep(received.payload, self._limits.nesting)


def _too_deep(payload: bytes, nesting: int) -> list[ValidationErrorDetail]:
    if not too_deep(payload, nesting):
        return []
    return [ValidationErrorDetail("$", f"JSON is nested deeper than {nesting} levels")]


def _lookup(spec: ParameterSpec, connection: HTTPConnection) -> list[str]:
    if spec.source == "path":
        return [str(connection.path_params[spec.key])]
    if spec.source == "query":
        return connection.query_params.getlist(spec.key)
    if spec.source == "header":
        return connection.headers.getlist(spec.key)
    return [connection.cookies[spec.key]] if spec.key in connection.cookies else []


def _texts(spec: ParameterSpec, texts: list[str], what: str) -> list[ValidationErrorDetail]:
    if not texts:
        return [ValidationErrorDetail(spec.key, f"Missing required {what} '{spec.key}'")] if spec.required else []
    converter = spec.converter
    wanted = texts if spec.multiple else texts[:1]
    values = [converter.convert(text) for text in wanted]
    errors = [
        error_detail(spec.key, converter.explain(text, not is_secret(spec.key)), text)
        for text, value in zip(wanted, values, strict=True)
        if value is INVALID
    ]
    if not errors and spec.multiple and (problem := list_problem(values, spec.annotation)) is not None:
        errors.append(error_detail(spec.key, problem, texts))
    return errors


def _form(spec: ParameterSpec, form: FormData) -> list[ValidationErrorDetail]:
    if spec.source == "form-model":
        return _model(spec, form)
    if spec.source == "form":
        return _texts(spec, texts_of(form, spec.key), "form field")
    found = files_of(form, spec.key, spec.multiple)
    if found is INVALID:
        return [ValidationErrorDetail(spec.key, "Expected a file, got a text field")]
    if found is None and spec.required:
        return [ValidationErrorDetail(spec.key, f"Missing required file '{spec.key}'")]
    return []


def _model(spec: ParameterSpec, form: FormData) -> list[ValidationErrorDetail]:
    errors = [error for field in spec.fields for error in _form(field, form)]
    if errors:
        return errors
    read = ((field.name, form_reader(field)(form)) for field in spec.fields)
    try:
        make_model(spec.annotation, {name: value for name, value in read if value is not None})
    except (TypeError, ValueError) as exc:
        if is_pydantic_model(spec.annotation):
            return [error_detail(e.path.removeprefix(".") or "$", e.message, e.value) for e in model_errors(exc)]
        return [error_detail("$", str(exc))]
    return []
