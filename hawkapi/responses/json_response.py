"""JSON."""

from collections.abc import Mapping
from typing import Any

from hawkapi.responses.response import Response
from hawkapi.serialization.encoder import encode_response


class JSONResponse(Response):
    """A value as JSON, encoded at once.

    Args:
        content: Whatever msgspec or its hook can encode; `None` becomes `null`.
        status_code: 100 to 599.
        headers: Further headers.

    Raises:
        ValueError: If the status is out of range.
        TypeError: If the content has no JSON representation.
    """

    def __init__(
        self, content: Any = None, *, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            encode_response(content), status_code=status_code, headers=headers, content_type="application/json"
        )
