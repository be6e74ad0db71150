"""From an exception to the response that answers it: one table, asked by endpoints and by the app's outer edge."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from hawkapi._signature import describe, is_async_callable
from hawkapi.exceptions import HTTPException
from hawkapi.requests.errors import MalformedBody, RequestError
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.problem import PROBLEM_TYPE, problem_body
from hawkapi.responses.response import Response
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import of
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
    """

    def __init__(
        self, handlers: Mapping[type[BaseException] | int, ExceptionHandler], *, debug: bool, validation_status: int
    ) -> None:
        self._by_status = {key: fn for key, fn in handlers.items() if isinstance(key, int)}
        self._by_class = {key: fn for key, fn in handlers.items() if not isinstance(key, int)}
        self._async = {fn: is_async_callable(fn) for fn in handlers.values()}
        self._debug = debug
        self.validation_status = validation_status

    @property
    def handles_validation(self) -> bool:
        """Whether the user answers validation errors: they must be raised then."""
        return any(issubclass(RequestValidationError, key) for key in self._by_class)

    def handles_status(self, status: int) -> bool:
        """Tell whether the user answers the router's own errors of a status."""
        return status in self._by_status or HTTPException in self._by_class

    async def answer(self, exc: Exception, request: Request) -> BaseResponse:
        """Give the response to an exception; what nobody expected is logged and becomes a 500.

        The handler of the most specific class wins; an `HTTPException` asks the handler of its status after those of
        its subclasses. A handler that fails itself is logged and answered as a 500.
        """
        if isinstance(exc, MalformedBody):
            exc = RequestValidationError([error_detail(exc.field, exc.message, exc.value)])
        elif isinstance(exc, ExceptionGroup):
            exc = self._representative(exc)  # pyright: ignore[reportUnknownArgumentType]  # a group of anything
        handler = self._handler_for(exc)
        if handler is None:
            return self._built_in(exc, request)
        try:
            result = await self._call(handler, request, exc)
            return result if isinstance(result, BaseResponse) else JSONResponse(result, status_code=500)
        except Exception as failure:  # noqa: BLE001  # whatever a user's handler raises has one answer
            _log.error("Exception handler %s failed", describe(handler), exc_info=failure)
            return self._internal(failure)

    def _representative(self, group: "ExceptionGroup[Exception]") -> Exception:
        """Give the first leaf of a user's group if one handler takes all leaves, else the group."""
        leaves = list(_leaves(group))
        handlers = {self._handler_for(leaf) for leaf in leaves}
        return leaves[0] if len(handlers) == 1 and None not in handlers else group

    def _handler_for(self, exc: Exception) -> ExceptionHandler | None:
        for cls in type(exc).__mro__:
            if cls is HTTPException and isinstance(exc, HTTPException) and exc.status_code in self._by_status:
                return self._by_status[exc.status_code]
            if cls in self._by_class:
                return self._by_class[cls]
        return None

    async def _call(self, handler: ExceptionHandler, request: Request, exc: Exception) -> Any:
        if self._async[handler]:
            return await handler(request, exc)
        return await threads.run(handler, request, exc, limiter=of(request.scope).handlers)

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
            body = problem_body(exc.suffix, exc.title, exc.status, detail=exc.detail)
            return Response(body, status_code=exc.status, headers=exc.headers, content_type=PROBLEM_TYPE)
        _log.error("Unhandled exception in %s %s", request.method, ascii(request.path)[1:-1], exc_info=exc)
        return self._internal(exc)

    def _internal(self, exc: Exception) -> Response:
        detail = (str(exc) or type(exc).__name__) if self._debug else "Internal Server Error"
        body = problem_body("internal", "Internal Server Error", 500, detail=detail)
        return Response(body, status_code=500, content_type=PROBLEM_TYPE)


def validation_problem(errors: list[ValidationErrorDetail], status: int) -> bytes:
    """Encode the problem document of a request's validation errors."""
    return problem_body(
        "validation", "Validation Error", status, detail=count_text(len(errors)), errors=encode_response(errors)
    )


def _leaves(group: "ExceptionGroup[Exception]") -> Iterator[Exception]:
    for exc in group.exceptions:
        if isinstance(exc, ExceptionGroup):
            yield from _leaves(exc)  # pyright: ignore[reportUnknownArgumentType]  # a group of anything
        else:
            yield exc
