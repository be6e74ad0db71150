"""What stands between a request and a handler's arguments: parameters, dependencies, services, in the order of calls.

The plan is made at the seal, by reading the signatures of a handler and of all that it depends on. It knows no HTTP:
what a parameter may take of a request is told by the reader that is handed in.
"""

import dataclasses
import enum
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Annotated, Any, NewType, TypeAlias, get_origin

import msgspec

from hawkapi._signature import (
    EMPTY,
    Parameter,
    Signature,
    UnreadableSignature,
    call_kind,
    describe,
    is_async_callable,
    never_waits,
    read_signature,
    without_manager,
)
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends, Security, SecurityScopes
from hawkapi.di.provider import Lifecycle
from hawkapi.pagination import CursorParams, PaginationParams
from hawkapi.routing.injection_plan import Call, Injection
from hawkapi.validation.coerce import UnsupportedType, split_annotated, text_converter, union_members
from hawkapi.validation.constraints import ParameterMarker
from hawkapi.validation.shapes import is_class
from hawkapi.validation.specs import ParameterSpec, contradictions, source_of

Reader: TypeAlias = Callable[[Signature, tuple[str, ...]], tuple[list[ParameterSpec], list[str]]]
"""Reads what parameters take of a request: their specs, and a text for each that cannot be served."""


class Planner:
    """Plans a handler.

    Args:
        container: The app's container; `None` if it has none.
        substitutes: What is called in the place of some dependencies, in pairs; the last one counts.
        path_names: The parameters of the route's path.
        read_handler: Reads the handler's own parameters.
        read_dependency: Reads those of a dependency.
        is_scheme: Tells security schemes from other dependencies.

    Attributes:
        mistakes: What cannot be served, a text each.
    """

    def __init__(
        self,
        container: Container | None,
        substitutes: Sequence[tuple[Any, Callable[..., Any]]],
        path_names: tuple[str, ...],
        read_handler: Reader,
        read_dependency: Reader,
        is_scheme: Callable[[Any], bool],
    ) -> None:
        self.mistakes: list[str] = []
        self._container = container
        self._substitutes = {_key(target): substitute for target, substitute in substitutes}
        self._path_names = path_names
        self._read_handler, self._read_dependency = read_handler, read_dependency
        self._is_scheme = is_scheme
        self._specs: list[ParameterSpec] = []
        self._schemes: list[Call] = []
        self._providers: list[Call] = []
        self._calls: list[Call] = []
        self._constants: dict[str, Any] = {}
        self._known: dict[Hashable, str] = {}
        self._scoped: set[Hashable] = set()  # what is called anew for other security scopes
        self._asks_scopes = False
        self._chain: list[Any] = []

    def plan(
        self,
        signature: Signature,
        dependencies: Sequence[Depends] = (),
        controller: type | None = None,
    ) -> Injection:
        """Plan a handler.

        Args:
            signature: Its signature.
            dependencies: What is called before it for no argument.
            controller: The class whose instance is its first argument.
        """
        for dependency in dependencies:
            if self._resolve(dependency, EMPTY, ()) is None:
                self._report([f"dependencies: {self._unprovided(dependency, EMPTY)}"])
        own: tuple[str, ...] = ()
        if controller is not None:
            own = (self._resolve(Depends(controller), None, ()) or "None",)
            signature = msgspec.structs.replace(signature, parameters=signature.parameters[1:])
        arguments, inputs = self._arguments(signature, self._read_handler, (), own)
        self.mistakes += [found for found in contradictions(self._specs) if found not in self.mistakes]
        needs_scope = any(call.target.lifecycle is not Lifecycle.SINGLETON for call in self._providers)
        return Injection(
            specs=self._specs,
            schemes=tuple(self._schemes),
            providers=tuple(self._providers),
            calls=tuple(self._calls),
            arguments=arguments,
            inputs=inputs,
            constants=self._constants,
            container=self._container if needs_scope else None,
        )

    def _arguments(
        self, signature: Signature, read: Reader, scopes: tuple[str, ...], own: tuple[str, ...] = ()
    ) -> tuple[str, tuple[str, ...]]:
        """Plan a callable's arguments; gives their source, and the variables in it."""
        injected: dict[str, str] = {}
        bound: list[Parameter] = []
        asked = [parameter for parameter in signature.parameters if _is_asked(parameter)]
        for parameter in asked:
            value = self._injected(parameter, scopes)
            if value is None:
                bound.append(parameter)
            else:
                injected[parameter.name] = value
        specs, mistakes = read(msgspec.structs.replace(signature, parameters=tuple(bound)), self._path_names)
        self._report(mistakes)
        values = injected | {spec.name: self._bind(spec) for spec in specs}
        texts = [*own]
        for parameter in asked:
            value = values.get(parameter.name, "None")  # it is missing where a mistake was found
            texts.append(f"{parameter.name}={value}" if parameter.keyword_only else value)
        return ", ".join(texts), tuple(dict.fromkeys([*own, *values.values()]))

    def _bind(self, spec: ParameterSpec) -> str:
        """Give the variable of a spec; callables that take the same of a request share it."""
        for i, known in enumerate(self._specs):
            if _same(known, spec):
                return f"v{i}"
        self._specs.append(spec)
        return f"v{len(self._specs) - 1}"

    def _injected(self, parameter: Parameter, scopes: tuple[str, ...]) -> str | None:
        """Give the variable of a parameter that takes no part of the request; `None` if it takes one."""
        base, metadata = split_annotated(parameter.annotation)
        default = parameter.default
        markers = [m for m in (default, *metadata) if isinstance(m, ParameterMarker | Depends)]
        if len(markers) > 1 and any(isinstance(marker, Depends) for marker in markers):
            self._report(
                [f"parameter '{parameter.name}': one Depends(...) or one part of the request, not both or two"]
            )
        uncalled = next(
            (m for m in (default, *metadata) if is_class(m) and issubclass(m, ParameterMarker | Depends)), None
        )
        if uncalled is not None:
            name = uncalled.__name__
            self._report([f"parameter '{parameter.name}': write {name}(...), the class alone asks for nothing"])
        if any(_marks(member) for member in union_members(base)):
            self._report([f"parameter '{parameter.name}': Annotated[...] stands round all of a union, or beside None"])
        if any(isinstance(marker, ParameterMarker) for marker in markers):
            return None
        depends = next((m for m in metadata if isinstance(m, Depends)), None)
        if isinstance(default, Depends):
            depends, default = default, EMPTY
        if base is SecurityScopes:
            self._asks_scopes = True
            return self._constant(SecurityScopes(scopes))
        if depends is None and is_class(base) and issubclass(base, PaginationParams | CursorParams):
            return self._call_once(base, base.query_reader(), (), (), in_loop=True)
        if depends is None:
            return self._service(parameter.name, base, parameter.annotation)
        value = self._resolve(depends, parameter.annotation, scopes)
        if value is not None:
            return value
        if default is not EMPTY:
            return self._constant(default)
        self._report([f"parameter '{parameter.name}': {self._unprovided(depends, base)}"])
        return "None"

    def _service(self, name: str, base: Any, annotation: Any) -> str | None:
        """Give the variable of a service, if a parameter's type alone says that it is one."""
        source = source_of(name, base, None, self._path_names)
        members = union_members(base)
        if source != "query" and not (source == "body" and any(map(dataclasses.is_dataclass, members))):
            return None
        service = self._first_provided(annotation, None)
        if service is None and source == "query" and len(members) == 1 and _is_made_by_users(members[0]):
            self._report([f"parameter '{name}': {self._unprovided(Depends(), members[0])}"])
            return "None"
        return service

    def _first_provided(self, annotation: Any, name: str | None) -> str | None:
        known = (self._provided(kind, name) for kind in asked_types(annotation))
        return next((variable for variable in known if variable is not None), None)

    def _resolve(self, depends: Depends, annotation: Any, scopes: tuple[str, ...]) -> str | None:
        """Give the variable of a dependency; `None` where it is a service that nobody provides."""
        if isinstance(depends, Security):
            scopes = (*scopes, *(scope for scope in depends.scopes if scope not in scopes))
        target = depends.dependency
        if target is None:
            return self._first_provided(annotation, depends.name)
        service = self._provided(target, depends.name)
        if service is not None or depends.name is not None:
            return service
        target = self._substitutes.get(_key(target), target)
        if self._is_scheme(target) and not isinstance(target, type):
            return self._ask(target)
        if self._is_scheme(target):
            self._report([f"Depends({describe(target)}) asks nobody: write Depends({target.__name__}(...))"])
            return "None"
        return self._call_once(target, without_manager(target), scopes, tuple(self._chain))

    def _provided(self, target: Any, name: str | None) -> str | None:
        """Give the variable of a service; `None` if nobody provides it."""
        if self._container is None or not isinstance(target, Hashable) or not self._container.has(target, name):
            return None
        key = ("provider", target, name)
        provider = self._container.provider(target, name)
        if key not in self._known or provider.lifecycle is Lifecycle.TRANSIENT:
            i = len(self._providers)
            self._providers.append(Call(kind="provider", target=provider, name=f"p{i}", result=f"s{i}"))
            self._known[key] = f"s{i}"
        return self._known[key]

    def _ask(self, scheme: Any) -> str:
        key = ("scheme", _key(scheme))
        if key not in self._known:
            if not is_async_callable(scheme):
                self._report(
                    [f"the security scheme {describe(scheme)} is called as await scheme(request): make it async"]
                )
            i = len(self._schemes)
            self._schemes.append(Call(kind="scheme", target=scheme, name=f"scheme{i}", result=f"a{i}"))
            self._known[key] = f"a{i}"
        return self._known[key]

    def _call_once(
        self, asked: Any, target: Any, scopes: tuple[str, ...], chain: tuple[Any, ...], *, in_loop: bool = False
    ) -> str:
        """Plan a call of a dependency, unless it is planned already; gives the variable of what it gives.

        Args:
            asked: What the user wrote; it is called once.
            target: What is called for it.
            scopes: The security scopes on the way to it.
            chain: What depends on it.
            in_loop: It is called in the event loop.
        """
        identity = _key(asked)
        key = (identity, scopes if identity in self._scoped else ())
        if key in self._known:
            self._asks_scopes = self._asks_scopes or identity in self._scoped
            return self._known[key]
        if any(known is asked for known in chain):
            circle = " -> ".join(describe(known) for known in [*chain[chain.index(asked) :], asked])
            self._report([f"these dependencies go in a circle: {circle}"], named=False)
            return "None"
        outer, self._asks_scopes = self._asks_scopes, False
        self._chain.append(asked)
        variable = self._planned(target, scopes, in_loop=in_loop)
        self._chain.pop()
        if self._asks_scopes:
            self._scoped.add(identity)
            key = (identity, scopes)
        self._asks_scopes = self._asks_scopes or outer
        self._known[key] = variable
        return variable

    def _planned(self, target: Any, scopes: tuple[str, ...], *, in_loop: bool) -> str:
        try:
            signature = read_signature(target)
        except UnreadableSignature as exc:
            self._report([str(exc)])
            return "None"
        arguments, inputs = self._arguments(signature, self._read_dependency, scopes)
        kind = "class" if in_loop else call_kind(target)
        i = len(self._calls)
        self._calls.append(
            Call(
                kind=kind,
                target=target,
                name=f"dep{i}",
                result=f"r{i}",
                arguments=arguments,
                inputs=inputs,
                waits=not never_waits(target),
            )
        )
        return f"r{i}"

    def _constant(self, value: Any) -> str:
        name = f"x{len(self._constants)}"
        self._constants[name] = value
        return name

    def _unprovided(self, depends: Depends, annotation: Any) -> str:
        target = depends.dependency if depends.dependency is not None else annotation
        kind = getattr(target, "__name__", None) or repr(target)
        named = f", name={depends.name!r}" if depends.name is not None else ""
        if target is EMPTY:
            return "Depends() takes the type from the annotation, and there is none"
        return (
            f"No provider for {kind}{named and ' named ' + repr(depends.name)}; register it in the app's container: "
            f"container.scoped({kind}, factory=...{named})"
        )

    def _report(self, mistakes: Sequence[str], *, named: bool = True) -> None:
        chain = "".join(f"{describe(target)}: " for target in self._chain[-1:]) if named else ""
        through = " -> ".join(describe(target) for target in self._chain[:-1]) if named else ""
        self.mistakes += [f"{'through ' + through + ': ' if through else ''}{chain}{mistake}" for mistake in mistakes]


def _is_asked(parameter: Parameter) -> bool:
    """Tell whether a parameter is filled here; what a partial has given is not, unless it is a marker."""
    return not parameter.given or isinstance(parameter.default, Depends | ParameterMarker)


def _marks(member: Any) -> bool:
    """Tell whether a member of a union says where a parameter comes from: nobody would ask it."""
    return any(isinstance(m, ParameterMarker | Depends) for m in split_annotated(member)[1])


def _is_made_by_users(kind: Any) -> bool:
    """Tell whether an annotation is a class of somebody's own whose values cannot stand in a query string."""
    if not is_class(kind) or kind is EMPTY or kind.__module__ == "builtins" or issubclass(kind, enum.Enum):
        return False
    try:
        text_converter(kind)
    except UnsupportedType:
        return True
    return False


def _key(target: Any) -> Hashable:
    try:
        hash(target)
    except TypeError:  # also of a frozen dataclass that holds a list
        return id(target)
    return target


def asked_types(annotation: Any) -> Iterator[Any]:
    """Give the types that an annotation asks for: a `NewType` as such, before what it stands for."""
    members = [annotation]
    while members:
        member = members.pop(0)
        if get_origin(member) is Annotated:
            members.insert(0, member.__origin__)
            continue
        inner = union_members(member)
        if inner != (member,):
            members[:0] = inner
            continue
        yield member
        if isinstance(member, NewType):
            members.insert(0, member.__supertype__)


def _same(known: ParameterSpec, spec: ParameterSpec) -> bool:
    """Tell whether two parameters take the same of a request."""
    return (
        (known.source, known.key, known.annotation, known.required, known.multiple)
        == (spec.source, spec.key, spec.annotation, spec.required, spec.multiple)
        and known.default is spec.default
        and known.default_factory is spec.default_factory
    )
