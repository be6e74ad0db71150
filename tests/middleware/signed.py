"""The wire forms of the contract, written a second time: what the framework signs is checked against this."""

import base64
import hashlib
import hmac
import json
from time import time

KEY = "a-key-of-thirty-two-bytes-or-more"


def hexmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def session_cookie(data, *, at=None, key=KEY, padded=True):
    """Make a session's cookie; `data` is a value, or text to be taken for JSON."""
    text = data if isinstance(data, str) else json.dumps(data)
    packed = base64.urlsafe_b64encode(text.encode()).decode()
    signed = f"{packed if padded else packed.rstrip('=')}.{int(time() if at is None else at)}"
    return f"{signed}.{hexmac(key.encode(), signed)}"


def session_data(cookie):
    """Read what stands in a session's cookie."""
    return json.loads(base64.urlsafe_b64decode(cookie.split(".")[0]))


def csrf_cookie(random="random", *, key=KEY):
    """Make a token of the contract."""
    purpose = hmac.new(key.encode(), b"hawkapi.csrf", hashlib.sha256).digest()
    return f"{random}.{hexmac(purpose, random)}"


def set_cookies(answer, name=None):
    """Give the `set-cookie` headers of an answer as text, of one cookie or all."""
    found = [value.decode("latin-1") for key, value in answer.raw if key == b"set-cookie"]
    return found if name is None else [value for value in found if value.startswith(f"{name}=")]


def cookie_of(answer, name):
    """Give the value of the one cookie of a name that an answer sets."""
    (header,) = set_cookies(answer, name)
    return header.partition("=")[2].partition(";")[0]


def varies(answer):
    """Tell whether an answer names the cookies in its `vary`."""
    return "cookie" in [member.strip().lower() for member in answer.headers.get("vary", "").split(",")]
