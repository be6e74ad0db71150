"""What a test client gives back."""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.json import decode

from hawkapi._errors import HawkAPIError
from hawkapi._types import RawHeaders
from hawkapi.responses.problem import phrase
from hawkapi.testing.cookies import parse_set_cookie


class TestResponse:
    """A complete answer of the app.

    Args:
        status_code: The HTTP status.
        body: The whole body.
        headers: Header pairs as ASGI carries them.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(self, status_code: int, body: bytes, headers: RawHeaders) -> None:
        self.status_code = status_code
        self.body = body
        self.headers: CaseInsensitiveDict = CaseInsensitiveDict.decode(headers)

    def __repr__(self) -> str:
        return f"<TestResponse [{self.status_code}]>"

    @property
    def text(self) -> str:
        """The body as text, by the `charset` of the content type; without one, or with an unknown one, UTF-8."""
        return self.body.decode(_charset(self.headers.get("content-type", "")), "replace")

    def json(self) -> Any:
        """Decode the body as JSON, whatever the content type says.

        Raises:
            msgspec.DecodeError: If it is no JSON.
        """
        return decode(self.body)

    @property
    def cookies(self) -> dict[str, str]:
        """What this response set, by name; cookies that it deleted are not among them."""
        parsed = map(parse_set_cookie, self.headers.getlist("set-cookie"))
        return {cookie.name: cookie.value for cookie in parsed if cookie is not None and not cookie.expired}

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return 300 <= self.status_code < 400

    def raise_for_status(self) -> "TestResponse":
        """Return the response itself if its status is below 400.

        Raises:
            HTTPStatusError: If it is 400 or above.
        """
        if self.status_code >= 400:
            raise HTTPStatusError(self)
        return self


class HTTPStatusError(HawkAPIError):
    """A response with a status of 400 or above was not expected; the message holds the start of its body.

    Args:
        response: That response.
    """

    def __init__(self, response: TestResponse) -> None:
        status = response.status_code
        super().__init__(f"{status} {phrase(status)}: {response.text[:500]}")
        self.status_code = status
        self.response = response


class CaseInsensitiveDict(Mapping[str, str]):
    """The headers of a response; a name is found in any case, and iteration yields it in lower case.

    The values of a repeated header are one, joined by `, ` (RFC 9110, 5.3); `getlist` has them apart.

    Args:
        pairs: Names and values; a name may repeat.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value)

    @classmethod
    def decode(cls, headers: RawHeaders) -> "CaseInsensitiveDict":
        """Read header pairs as ASGI carries them."""
        return cls((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"CaseInsensitiveDict({dict(self)!r})"

    def getlist(self, name: str) -> list[str]:
        """Give all values of a header, in the order in which they came; none is an empty list."""
        return list(self._values.get(name.lower(), ()))


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            try:
                return codecs.lookup(value.strip().strip('"')).name
            except LookupError:
                break
    return "utf-8"
