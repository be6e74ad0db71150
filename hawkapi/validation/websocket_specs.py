"""A WebSocket handler's parameters: those of any handler, without a body, and the connection itself."""

from collections.abc import Sequence
from typing import Any

import msgspec

from hawkapi._signature import EMPTY, Parameter, Signature
from hawkapi.validation.coerce import split_annotated
from hawkapi.validation.specs import ParameterSpec, is_connection, read_specs
from hawkapi.websocket.connection import WebSocket

_IMPOSSIBLE = {
    "body": "a WebSocket has no body; receive it as a message, or mark the parameter as Query()",
    "form": "a WebSocket has no form; receive it as a message",
    "form-model": "a WebSocket has no form; receive it as a message",
    "file": "a WebSocket has no form; receive the file as a message",
    "tasks": "a WebSocket has no response that tasks could run after",
}


def read_websocket_specs(signature: Signature, path_names: tuple[str, ...]) -> tuple[list[ParameterSpec], list[str]]:
    """Read all parameters of a WebSocket handler; arguments and result are those of `read_specs`."""
    return read_connected_specs(_with_connection(signature, path_names), path_names)


def read_connected_specs(signature: Signature, path_names: tuple[str, ...]) -> tuple[list[ParameterSpec], list[str]]:
    """Read all parameters of what a WebSocket handler depends on; it need not take the connection."""
    specs, mistakes = read_specs(signature, path_names, WebSocket)
    mistakes += [f"parameter '{s.name}': {_IMPOSSIBLE[s.source]}" for s in specs if s.source in _IMPOSSIBLE]
    return specs, mistakes


def connectionless(specs: Sequence[ParameterSpec]) -> list[str]:
    """Tell that nothing takes the connection, neither the handler nor what it depends on, if that is so."""
    if any(spec.source == "request" for spec in specs):
        return []
    return ["no parameter takes the connection; annotate one as WebSocket"]


def _with_connection(signature: Signature, path_names: tuple[str, ...]) -> Signature:
    """Give the first parameter the annotation that it may lack where no other one takes the connection."""
    bases = [split_annotated(parameter.annotation)[0] for parameter in signature.parameters]
    if not bases or any(is_connection(base) for base in bases):
        return signature
    first, *others = signature.parameters
    if bases[0] not in (EMPTY, Any) or first.name in path_names or first.variadic:
        return signature
    return msgspec.structs.replace(signature, parameters=(_annotated(first), *others))


def _annotated(parameter: Parameter) -> Parameter:
    return msgspec.structs.replace(parameter, annotation=WebSocket)
