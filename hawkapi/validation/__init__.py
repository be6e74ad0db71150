"""Validation: parameter markers, and what is wrong with a request."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.validation.constraints import Body as Body
    from hawkapi.validation.constraints import Cookie as Cookie
    from hawkapi.validation.constraints import File as File
    from hawkapi.validation.constraints import Form as Form
    from hawkapi.validation.constraints import Header as Header
    from hawkapi.validation.constraints import Path as Path
    from hawkapi.validation.constraints import Query as Query
    from hawkapi.validation.errors import ProblemDetail as ProblemDetail
    from hawkapi.validation.errors import RequestValidationError as RequestValidationError
    from hawkapi.validation.errors import ValidationErrorDetail as ValidationErrorDetail

__all__ = [
    "Body",
    "Cookie",
    "File",
    "Form",
    "Header",
    "Path",
    "ProblemDetail",
    "Query",
    "RequestValidationError",
    "ValidationErrorDetail",
]

_TABLE = {
    "Body": "hawkapi.validation.constraints",
    "Cookie": "hawkapi.validation.constraints",
    "File": "hawkapi.validation.constraints",
    "Form": "hawkapi.validation.constraints",
    "Header": "hawkapi.validation.constraints",
    "Path": "hawkapi.validation.constraints",
    "ProblemDetail": "hawkapi.validation.errors",
    "Query": "hawkapi.validation.constraints",
    "RequestValidationError": "hawkapi.validation.errors",
    "ValidationErrorDetail": "hawkapi.validation.errors",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)
