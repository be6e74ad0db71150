"""What a deprecated route says in its headers: RFC 9745 (`deprecation`), RFC 8594 (`sunset`)."""

from datetime import UTC, date, datetime, time

from hawkapi._types import RawHeaders
from hawkapi.responses.head import raw_headers
from hawkapi.routing.route import Route


def deprecation_headers(route: Route) -> RawHeaders:
    """Give the header pairs of a route's deprecation; none without `deprecated`.

    Raises:
        ValueError: If `deprecated` is a text that is no ISO 8601 date.
    """
    if route.deprecated is False:
        return []
    headers = {"deprecation": "true"}
    if route.deprecated is not True:
        headers["deprecation"] = f"@{int(_moment(route.deprecated).timestamp())}"
    if isinstance(route.sunset, date):
        from email.utils import format_datetime  # noqa: PLC0415  # twenty modules, for a header that few apps send

        headers["sunset"] = format_datetime(_moment(route.sunset), usegmt=True)
    elif route.sunset is not None:
        headers["sunset"] = route.sunset
    if route.deprecation_link is not None:
        headers["link"] = f'<{route.deprecation_link}>; rel="deprecation"'
    return raw_headers(headers)


def _moment(when: str | date) -> datetime:
    """Read a date as midnight UTC, a naive datetime as UTC."""
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            raise ValueError(f"deprecated={when!r} is neither True nor an ISO 8601 date") from None
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return when.astimezone(UTC) if when.tzinfo is not None else when.replace(tzinfo=UTC)
