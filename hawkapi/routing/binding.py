"""Generated code that takes parameters out of the head of a request: the same for HTTP and for WebSockets."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

from hawkapi.requests.cookies import find_cookie
from hawkapi.requests.limits import Limits
from hawkapi.requests.query_params import parse_query, parse_query_lists
from hawkapi.validation.coerce import INVALID
from hawkapi.validation.extractors import join_cookies

_NAMES: dict[str, Any] = {
    "INVALID": INVALID,
    "TWICE": b"two of them",  # no number either
    "find_cookie": find_cookie,
    "join_cookies": join_cookies,
    "parse_query": parse_query,
    "parse_query_lists": parse_query_lists,
}


def wanted_headers(pairs: Iterable[tuple[bytes, str]]) -> dict[bytes, list[str]]:
    """Put together which variables each wanted header sets."""
    headers: dict[bytes, list[str]] = {}
    for name, variable in pairs:
        variables = headers.setdefault(name, [])
        if variable not in variables:
            variables.append(variable)
    return headers


def read_head(needs: frozenset[str], headers: Mapping[bytes, list[str]], pairs: str) -> list[str]:
    """Write what stands before the parameters: the headers in one pass, the query, the cookies.

    Args:
        needs: What the parameters need.
        headers: The wanted headers, with the variables that each one sets; those of single values are `None` before.
        pairs: The scope's headers, as source.
    """
    text = [f"{name} = []" for names in headers.values() for name in names if name.endswith("s")]
    if headers == {b"accept": ["accept"]}:
        text += [f"for key, value in {pairs}:", '    if key == b"accept":', "        accept = value", "        break"]
    elif headers:
        text += [f"for key, value in {pairs}:", "    if key in WANTED:"]
        branch = "if"
        for name, variables in headers.items():
            text += [f"        {branch} key == {name!r}:", *(f"            {_keep(v)}" for v in variables)]
            branch = "elif"
    if "query" in needs:
        text += ['query = parse_query(scope.get("query_string", b""), PAIRS)']
    if "lists" in needs:
        text += ['lists = parse_query_lists(scope.get("query_string", b""), PAIRS)']
    if "cookies" in needs:
        text += ["cookies = '' if cookie is None else cookie.decode('latin-1')"]
    return text


def head_names(limits: Limits, headers: Iterable[bytes]) -> dict[str, Any]:
    """Give the global names of what `read_head` writes."""
    return _NAMES | {"COOKIES": limits.cookies, "PAIRS": limits.query_pairs, "WANTED": frozenset(headers)}


def indent(lines: Iterable[str], depth: int) -> list[str]:
    """Put lines under `depth` blocks."""
    return ["    " * depth + line for line in lines]


def load(source: str, names: dict[str, Any], function: str) -> Any:
    """Run generated source and give one of its functions.

    Args:
        source: Source of ours: only names and numbers of a route go into it.
        names: Its global names.
        function: The function.
    """
    exec(_code(source), names)  # noqa: S102  # see above
    return names[function]


@lru_cache(maxsize=4096)
def _code(source: str) -> CodeType:
    """Compile a source once: routes of one form share it, which keeps the seal of 10,000 routes short."""
    return compile(source, "<hawkapi endpoint>", "exec")


def _keep(variable: str) -> str:
    if variable == "cookie":
        return "cookie = value if cookie is None else join_cookies(cookie, value)"
    if variable.endswith("s"):
        return f"{variable}.append(value)"
    if variable == "length":
        return "length = value if length is None else TWICE"
    return f"{variable} = value if {variable} is None else {variable}"  # the first of a name counts, as in `Headers`
