"""From an exception to the response that answers it: one table, asked by endpoints and by the app's outer edge."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from hawkapi._signature import describe, is_async_callable
from hawkapi._types import Scope
from hawkapi.exceptions import HTTPException
from hawkapi.requests.errors import MalformedBody, RequestError
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.problem import PROBLEM_TYPE, phrase, problem_body, problem_response, refused_request
from hawkapi.responses.response import Response
from hawkapi.runtime import threads
from hawkapi.runtime.cleanup import CleanupFailed
from hawkapi.runtime.deadlines import TimeExceeded
from hawkapi.runtime.runtime import of
from hawkapi.runtime.threads import PoolExhausted
from hawkapi.serialization.encoder import encode_response
from hawkapi.validation.errors import RequestValidationError, ValidationErrorDetail, count_text, error_detail

ExceptionHandler: TypeAlias = Callable[[Request, Any], Any]

_log = logging.getLogger("hawkapi")


class ErrorTable:
    """What the framework and the user answer to an exception.

    Args:
        handlers: The user's, by exception class or by status of an `HTTPException`.
        debug: A 500 shows the exception's text.
        validation_status: The status of validation problems.
        observers: Called as `fn(request, exc)`, sync (in a worker thread) or async, with what nobody expected, before
            anything answers it.
    """

    def __init__(
        self,
        handlers: Mapping[type[BaseException] | int, ExceptionHandler],
        *,
        debug: bool,
        validation_status: int,
        observers: Iterable[ExceptionHandler] = (),
    ) -> None:
        self._observers = [_Handler(fn, is_async_callable(fn)) for fn in observers]
        self._handlers = {key: _Handler(fn, is_async_callable(fn)) for key, fn in handlers.items()}
        self._debug = debug
        self.validation_status = validation_status

    @property
    def handles_validation(self) -> bool:
        """Whether the user answers validation errors: they must be raised then."""
        return RequestValidationError in self._handlers

    def handles_status(self, status: int) -> bool:
        """Tell whether the user answers the router's own errors of a status."""
        return status in self._handlers or HTTPException in self._handlers

    def expects(self, exc: Exception) -> bool:
        """Tell whether an exception has an answer of its own: the user's, or the framework's for its class."""
        key = self._key_of(self._representative(exc))
        return key is not Exception or key in self._handlers

    async def answer(self, exc: Exception, request: Request) -> BaseResponse:
        """Give the response to an exception; what nobody expected is logged and becomes a 500.

        The handler of the most specific class wins, and the framework's own answers count for their classes: one for
        `Exception` takes what nobody expected, and turns no 404 into a 500. An `HTTPException` asks the handler of its
        status after those of its subclasses. A handler that fails itself is logged and answered as a 500. Of a group
        it is the first exception in it that is answered, if all of them have the same answer, else the group.
        """
        exc = self._representative(exc)
        if isinstance(exc, MalformedBody):
            exc = RequestValidationError([error_detail(exc.field, exc.message, exc.value)])
        if self._observers:
            await self._show(request, exc)
        handler = self._handlers.get(self._key_of(exc))
        if handler is None:
            return self._built_in(exc, request)
        try:
            result = await self._call(handler, request, exc)
            return result if isinstance(result, BaseResponse) else JSONResponse(result, status_code=500)
        except Exception as failure:  # noqa: BLE001  # whatever a user's handler raises has one answer
            failure.__context__ = failure.__context__ or exc  # one out of a worker thread does not know it
            _log.error("Exception handler %s failed", describe(handler.fn), exc_info=failure)
            return self._internal(failure)

    async def _show(self, request: Request, exc: Exception) -> None:
        if isinstance(exc, CleanupFailed) and isinstance(exc.__cause__, Exception):
            exc = exc.__cause__
        elif isinstance(exc, _ANSWERED):
            return
        for observer in self._observers:
            try:
                await self._call(observer, request, exc)
            except Exception as failure:  # noqa: BLE001  # it changes no answer
                _log.error("%s failed", describe(observer.fn), exc_info=failure)

    def give_up(self, exc: Exception, scope: Scope) -> BaseResponse:
        """Give the 500 to an exception that the answer to another one has raised; nothing of the user's is asked."""
        _log.error("The answer to an error of %s failed", request_line(scope), exc_info=exc)
        return self._internal(exc)

    def _representative(self, exc: Exception) -> Exception:
        exc = single_leaf(exc)
        if not _members(exc):
            return exc
        leaves = list(_leaves(exc))
        keys = {self._key_of(leaf) for leaf in leaves}
        return leaves[0] if len(keys) == 1 and Exception not in keys - self._handlers.keys() else exc

    def _key_of(self, exc: Exception) -> type[BaseException] | int:
        """Name what answers: a key of the user's handlers, a class that the framework answers, or `Exception`."""
        if isinstance(exc, MalformedBody):
            return self._key_of(RequestValidationError([]))
        for cls in type(exc).__mro__:
            if cls is HTTPException and isinstance(exc, HTTPException) and exc.status_code in self._handlers:
                return exc.status_code
            if cls in self._handlers or cls in _ANSWERED:
                return cls
        return Exception

    async def _call(self, handler: "_Handler", request: Request, exc: Exception) -> Any:
        if handler.is_async:
            return await handler.fn(request, exc)
        return await threads.run(handler.fn, request, exc, limiter=of(request.scope).handlers)

    def _built_in(self, exc: Exception, request: Request) -> BaseResponse:
        if isinstance(exc, HTTPException):
            return exc.to_response()
        if isinstance(exc, RequestValidationError):
            return Response(
                validation_problem(exc.errors, self.validation_status),
                status_code=self.validation_status,
                content_type=PROBLEM_TYPE,
            )
        if isinstance(exc, RequestError):
            return refused_request(exc)
        if isinstance(exc, TimeExceeded):
            _log.warning("%s %s", request_line(request.scope), exc, exc_info=exc.__cause__)
            detail = f"Handler exceeded {exc.seconds:g}s timeout"
            return problem_response("timeout", "Request Timeout", 504, detail=detail)
        if isinstance(exc, PoolExhausted):
            detail, headers = "No worker thread is free", {"retry-after": "1"}
            return problem_response("http", phrase(503), 503, detail=detail, headers=headers)
        if isinstance(exc, CleanupFailed):  # it was logged
            return self._internal(exc)
        _log.error("Unhandled exception in %s", request_line(request.scope), exc_info=exc)
        return self._internal(exc)

    def _internal(self, exc: Exception) -> Response:
        detail = (str(exc) or type(exc).__name__) if self._debug else "Internal Server Error"
        return problem_response("internal", "Internal Server Error", 500, detail=detail)


class _Handler(NamedTuple):
    fn: ExceptionHandler
    is_async: bool


_ANSWERED = (HTTPException, RequestValidationError, RequestError, TimeExceeded, PoolExhausted, CleanupFailed)


def single_leaf(exc: Exception) -> Exception:
    """Take off the groups that hold one exception only: task groups put them round whatever leaves them."""
    members = _members(exc)
    while len(members) == 1:
        exc = members[0]
        members = _members(exc)
    return exc


def request_line(scope: Scope) -> str:
    """Name a request in a log record, with control characters escaped."""
    return ascii(f"{scope.get('method', 'WebSocket')} {scope['path']}")[1:-1]


def validation_problem(errors: list[ValidationErrorDetail], status: int) -> bytes:
    """Encode the problem document of a request's validation errors."""
    return problem_body(
        "validation", "Validation Error", status, detail=count_text(len(errors)), errors=encode_response(errors)
    )


def _leaves(exc: Exception) -> Iterator[Exception]:
    members = _members(exc)
    if not members:
        yield exc
    for member in members:
        yield from _leaves(member)


def _members(exc: Exception) -> Sequence[Exception]:
    return cast("ExceptionGroup[Exception]", exc).exceptions if isinstance(exc, ExceptionGroup) else ()
