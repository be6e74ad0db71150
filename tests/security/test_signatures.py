"""Rows of security.md about what is signed, and what is kept under it: each test bears the row's name."""

import pytest

from hawkapi.middleware import csrf, stored_sessions
from hawkapi.middleware.csrf import CSRFMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.responses.response import Response
from hawkapi.security import signing
from hawkapi.security.signing import Signer
from tests.asgi import call
from tests.middleware.signed import KEY, cookie_of, session_cookie

PURPOSES = ["session", "id", "token"]
NOW = 1_700_000_000
TEXT = session_cookie('{"user":"eve"}', at=NOW).rpartition(".")[0]  # signed for any purpose it would be right


class Recording(MemorySessionStore):
    """A store that remembers by which keys it was asked."""

    def __init__(self):
        super().__init__()
        self.keys = []

    async def load(self, key):
        self.keys.append(key)
        return await super().load(key)

    async def save(self, key, data, max_age, *, new):
        self.keys.append(key)
        return await super().save(key, data, max_age, new=new)


async def visit(scope, receive, send):
    """Log eve in by GET; else tell who it is."""
    session = scope["session"]
    if scope["method"] == "GET":
        session["user"] = "eve"
    await Response(session.get("user", "nobody"))(scope, receive, send)


# keys


async def test_cve_2026_25480_keys_of_a_session_store_are_hashed_and_differ():
    store = Recording()
    app = SessionMiddleware(visit, secret_key=KEY, store=store)
    cookies = [cookie_of(await call(app, "GET", "/"), "session") for _ in range(50)]
    ids = [cookie.rpartition(".")[0] for cookie in cookies]
    assert len(set(store.keys)) == len(set(ids)) == len(store) == 50
    assert not any(identity in key for identity in ids for key in store.keys)


ALIKE = ["A", "a", "a ", " a", "a\0", "a\t", "aa", "", "../../etc/passwd", "a/b", "a\\b", "a:b", "a.b"]


@pytest.mark.parametrize("prefix", ["", "a" * 8, "a" * 100], ids=len)
async def test_cve_2026_25480_whatever_ids_were_signed_their_keys_are_hashes_and_differ(prefix):
    store, signer = Recording(), Signer(KEY, salt=b"hawkapi.session.id")
    app = SessionMiddleware(Response(), secret_key=KEY, store=store)
    ids = [prefix + end for end in (*ALIKE, *map(str, range(2000)))]
    for identity in ids:
        await call(app, "GET", "/", headers=[("cookie", f'session="{signer.sign(identity.encode()).decode()}"')])
    assert len(set(store.keys)) == len(store.keys) == len(ids)
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in store.keys)
    assert len(set(zip(*store.keys, strict=True))) == 64  # no digit of a key repeats another one


# signatures


@pytest.mark.parametrize("shown", PURPOSES)
@pytest.mark.parametrize("made", PURPOSES)
async def test_cve_2026_6873_what_an_app_has_signed_for_one_purpose_passes_for_no_other(monkeypatch, made, shown):
    """What is signed is the same text; the signatures alone can tell."""
    monkeypatch.setattr(stored_sessions, "new_id", lambda: TEXT)
    monkeypatch.setattr(csrf, "token_urlsafe", lambda _: TEXT)
    apps = {
        "session": SessionMiddleware(visit, secret_key=KEY, clock=lambda: NOW),
        "id": SessionMiddleware(visit, secret_key=KEY, store=MemorySessionStore(), session_cookie="id"),
        "token": CSRFMiddleware(Response("eve"), secret=KEY, cookie_name="token", header_name="token"),
    }
    cookies = {purpose: cookie_of(await call(app, "GET", "/"), purpose) for purpose, app in apps.items()}
    assert {cookie.rpartition(".")[0] for cookie in cookies.values()} == {TEXT}
    headers = [("cookie", f"{shown}={cookies[made]}"), ("token", cookies[made])]
    answer = await call(apps[shown], "POST", "/", headers=headers)
    if made == shown:
        assert answer.body == b"eve"
    elif shown == "token":
        assert (answer.status, answer.json()["detail"]) == (403, "CSRF token mismatch.")
    else:
        assert answer.body == b"nobody"


def test_fail_closed_signatures_are_compared_in_constant_time(monkeypatch):
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(signing.hmac, "compare_digest", compare)
    signer = Signer([KEY, KEY[::-1]])
    assert signer.verify(signer.sign(b"a")) == b"a"
    assert signer.verify(b"a." + b"0" * 64) is None
    assert len(compared) == 3
