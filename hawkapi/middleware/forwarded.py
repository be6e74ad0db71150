"""What proxies say about a request that they pass on: `X-Forwarded-*`, and `Forwarded` (RFC 7239)."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from hawkapi._types import RawHeaders

FOR, PROTO, HOST, FORWARDED = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"
NAMES = frozenset((FOR, PROTO, HOST, FORWARDED))

LONGEST_NODE = 64
"""Characters: an IPv6 address in brackets with a port has 53."""

_PORT = r"(?::(?:[0-9]{1,5}|_[0-9A-Za-z._\-]+))?"  # RFC 7239 6: an obfuscated port begins with "_"
_node = re.compile(rf"\[([0-9A-Fa-f:.]+)\]{_PORT}|([0-9.]+){_PORT}|([0-9A-Fa-f:.]+)").fullmatch
_pair = re.compile(
    r"[ \t]*+"
    r"(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]++)="
    r'([^ \t",;]++|"(?:[^"\\]|\\.)*+"))?+'  # some leave out the quotes round a port or an IPv6 address
    r"[ \t]*+(;|,|\Z)"
).match
_escape = re.compile(r"\\(.)").sub


class Claims(NamedTuple):
    """What is said of each hop, the nearest proxy's word first; an empty text where nothing is.

    Attributes:
        clients: From where the proxy was asked.
        schemes: By which scheme.
        hosts: For which host.
    """

    clients: list[str]
    schemes: list[str]
    hosts: list[str]


def read_claims(headers: RawHeaders) -> Claims:
    """Read what proxies say.

    `Forwarded` counts only where there is no `X-Forwarded-*` at all: proxies that write these mostly let a `Forwarded`
    through that a client has made up.

    Args:
        headers: Those of the request whose names are in `NAMES`, in their order.
    """
    clients: list[str] = []
    schemes: list[str] = []
    hosts: list[str] = []
    lists = {FOR: clients, PROTO: schemes, HOST: hosts}
    is_x = False
    for name, value in reversed(headers):
        if name != FORWARDED:
            is_x = True
            lists[name] += _members(value.decode("latin-1"))
    if not is_x:
        for element in _elements([value for _, value in headers]):
            clients.append(element.get("for", ""))
            schemes.append(element.get("proto", ""))
            hosts.append(element.get("host", ""))
    return Claims(clients, schemes, hosts)


def read_node(text: str) -> IPv4Address | IPv6Address | None:
    """Read the address of a hop; port and brackets are stripped.

    Returns:
        The address, an IPv4 one too where it came mapped into IPv6; `None` if there is none, such as in `unknown`.
    """
    match = _node(text)
    if match is None:
        return None
    try:
        address = ip_address(match[1] or match[2] or match[3])
    except ValueError:
        return None
    return unmapped(address)


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address that is mapped into an IPv6 one (`::ffff:192.0.2.1`), else the address itself."""
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def _members(value: str) -> list[str]:
    if "," not in value:
        return [value.strip(" \t")]
    return [member.strip(" \t") for member in reversed(value.split(","))]


def _elements(lines: list[bytes]) -> list[dict[str, str]]:
    """Parse the lines of `Forwarded`, the last element first.

    Of a line that breaks the grammar nothing counts, nor of those before it: an element without a word stands for them.
    Each line is read by itself, so that a quote that a client leaves open hides none of what a proxy has added.
    """
    elements: list[dict[str, str]] = []
    for line in reversed(lines):
        found = _parse(line.decode("latin-1"))
        if found is None:
            elements.append({})
            break
        elements += reversed(found)
    return elements


def _parse(line: str) -> list[dict[str, str]] | None:
    elements: list[dict[str, str]] = []
    element: dict[str, str] = {}
    at = 0
    while (match := _pair(line, at)) is not None:
        name, value, separator = match.groups()
        if name is not None:
            name = name.lower()
            if name in element:
                return None
            element[name] = _escape(r"\1", value[1:-1]) if value[0] == '"' else value
        if separator != ";":
            elements.append(element)
            element = {}
        if not separator:
            return elements
        at = match.end()
    return None
