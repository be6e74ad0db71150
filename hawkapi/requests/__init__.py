"""Requests: what a client sent, read when it is asked for and never without bounds."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.requests.connection import HTTPConnection as HTTPConnection
    from hawkapi.requests.form_data import FormData as FormData
    from hawkapi.requests.form_data import UploadFile as UploadFile
    from hawkapi.requests.headers import Headers as Headers
    from hawkapi.requests.query_params import QueryParams as QueryParams
    from hawkapi.requests.request import Request as Request
    from hawkapi.requests.state import State as State

__all__ = ["FormData", "HTTPConnection", "Headers", "QueryParams", "Request", "State", "UploadFile"]

_TABLE = {
    "FormData": "hawkapi.requests.form_data",
    "HTTPConnection": "hawkapi.requests.connection",
    "Headers": "hawkapi.requests.headers",
    "QueryParams": "hawkapi.requests.query_params",
    "Request": "hawkapi.requests.request",
    "State": "hawkapi.requests.state",
    "UploadFile": "hawkapi.requests.form_data",
}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)
