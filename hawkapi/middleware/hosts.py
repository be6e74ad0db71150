"""Names of hosts, as they come with requests."""

from hawkapi.requests.url import authority


def is_host(text: str) -> bool:
    """Tell whether a text is a host with or without a port (RFC 3986), as a URL would take it."""
    return authority({}, [text]) == text


def has_empty_label(name: str) -> bool:
    """Tell whether a name has a dot too many, which a URL may have and DNS has not; one at its end is right."""
    return name.startswith(".") or ".." in name


def without_port(host: str) -> str:
    """Strip the port of a host, and the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]
