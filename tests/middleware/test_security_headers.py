import re

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.security_headers import SecurityHeadersMiddleware
from hawkapi.requests.request import Request
from tests.asgi import call
from tests.middleware.answers import answering, everywhere, get
from tests.middleware.edges import BARE, pass_on

DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
    "referrer-policy": "strict-origin-when-cross-origin",
}
NAMES = {
    "content_type_options": "x-content-type-options",
    "frame_options": "x-frame-options",
    "xss_protection": "x-xss-protection",
    "hsts": "strict-transport-security",
    "referrer_policy": "referrer-policy",
    "permissions_policy": "permissions-policy",
    "content_security_policy": "content-security-policy",
}
every_argument = pytest.mark.parametrize("argument", NAMES)


@everywhere
async def test_four_headers_are_there_by_default(wrap):
    headers = (await get(wrap(answering(b"x"), SecurityHeadersMiddleware))).headers
    assert {name: headers.get(name) for name in NAMES.values()} == {**dict.fromkeys(NAMES.values()), **DEFAULTS}


@everywhere
@every_argument
async def test_each_argument_is_a_header(wrap, argument):
    wire = await get(wrap(answering(b"x"), SecurityHeadersMiddleware, **{argument: "a; b"}))
    assert wire.headers[NAMES[argument]] == "a; b"


@every_argument
@pytest.mark.parametrize("value", ["", None])
async def test_an_empty_one_is_off(argument, value):
    wire = await get(SecurityHeadersMiddleware(answering(b"x"), **{argument: value}))
    assert NAMES[argument] not in wire.headers


@every_argument
@pytest.mark.parametrize("value", ["a\r\nset-cookie: evil=1", "a\n", "\r", "a\0b"])
def test_a_line_break_is_a_mistake(argument, value):
    with pytest.raises(ValueError, match=argument):
        SecurityHeadersMiddleware(answering(b""), **{argument: value})


@every_argument
def test_what_is_no_text_is_a_mistake(argument):
    with pytest.raises(TypeError, match=argument):
        SecurityHeadersMiddleware(answering(b""), **{argument: 1})


@everywhere
async def test_what_an_answer_says_itself_stays(wrap):
    headers = [("X-Frame-Options", "SAMEORIGIN"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    wire = await get(wrap(answering(b"x", headers=headers), SecurityHeadersMiddleware))
    raw = [(name.decode(), value.decode()) for name, value in wire.sent[0]["headers"]]
    assert [pair for pair in raw if pair[0].lower() in ("x-frame-options", "set-cookie")] == headers
    assert wire.headers["x-content-type-options"] == "nosniff"


@everywhere
async def test_errors_and_answers_without_a_body_have_them_too(wrap):
    for status in (204, 304, 404, 500):
        wire = await get(wrap(answering(b"", status=status), SecurityHeadersMiddleware))
        assert wire.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "policy", ["script-src 'nonce-{nonce}'", "script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"]
)
@everywhere
async def test_a_nonce_is_fresh_in_each_request_and_the_handler_knows_it(wrap, policy):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["csp_nonce"])
        await answering(b"x")(scope, receive, send)

    wrapped = wrap(app, SecurityHeadersMiddleware, content_security_policy=policy)
    for number in range(2):
        wire = await get(wrapped)
        assert wire.headers["content-security-policy"] == policy.replace("{nonce}", seen[number])
    assert seen[0] != seen[1]
    assert all(re.fullmatch(r"[\w-]{22}", nonce) for nonce in seen)  # 128 bits


async def test_a_handler_of_ours_knows_the_nonce():
    app = HawkAPI()
    app.add_middleware(SecurityHeadersMiddleware, content_security_policy="script-src 'nonce-{nonce}'")

    @app.get("/")
    async def page(request: Request):
        return request.scope["csp_nonce"]

    answer = await call(app, "GET", "/")
    assert answer.headers["content-security-policy"] == f"script-src 'nonce-{answer.json()}'"


async def test_a_policy_without_a_nonce_makes_none():
    async def app(scope, receive, send):
        assert "csp_nonce" not in scope
        await answering(b"x")(scope, receive, send)

    await get(SecurityHeadersMiddleware(app, content_security_policy="default-src 'self'"))


async def test_an_answer_may_have_a_policy_of_its_own_where_there_is_a_nonce():
    app = answering(b"x", headers=[("content-security-policy", "default-src 'none'")])
    wire = await get(SecurityHeadersMiddleware(app, content_security_policy="script-src 'nonce-{nonce}'"))
    assert wire.headers["content-security-policy"] == "default-src 'none'"
    assert len(wire.sent[0]["headers"]) == 1 + len(DEFAULTS)


async def test_messages_and_headers_are_not_changed_in_place():
    headers = [(b"a", b"1")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope, receive, send):
        await send(start)
        await send({"type": "http.response.body"})

    await get(SecurityHeadersMiddleware(app))
    assert (start["headers"], headers) == (headers, [(b"a", b"1")])


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(SecurityHeadersMiddleware, scope) is scope
