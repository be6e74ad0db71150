import contextlib
from urllib.parse import urlencode

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.errors import MalformedBody, PayloadTooLarge
from hawkapi.requests.forms import read_form
from hawkapi.requests.limits import Limits
from hawkapi.runtime.runtime import current
from tests.requests.feeds import pieces, stream_of

URLENCODED = "application/x-www-form-urlencoded"


async def fields_of(body, *, content_type=URLENCODED, **limits):
    form = await read_form(content_type, stream_of(*pieces(body, 7)), Limits(**limits), current())
    assert form.files == {}
    return form.fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}),
        (b"&", {}),
        (b"a=1&b=", {"a": "1", "b": ""}),
        (b"a", {"a": ""}),
        (b"a+b=c%20d", {"a b": "c d"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a=%C3%B6&b=\xc3\xb6", {"a": "ö", "b": "ö"}),
        (b"a=%zz", {"a": "%zz"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
    ],
)
async def test_a_urlencoded_form_is_read(body, fields):
    assert await fields_of(body) == fields


async def test_the_content_type_may_have_any_case_and_parameters():
    assert await fields_of(b"a=%F6", content_type="Application/X-WWW-Form-URLencoded; Charset=ISO-8859-1") == {"a": "ö"}


@pytest.mark.parametrize(("body", "field"), [(b"a=%ff", "a"), (b"%ff=1", "$")])
async def test_text_that_is_not_in_its_charset_is_malformed(body, field):
    with pytest.raises(MalformedBody, match="Text is not valid utf-8") as refused:
        await fields_of(body)
    assert refused.value.field == field


@pytest.mark.parametrize("charset", ["punycode", "zlib", "utf-16", "x" * 1000])
async def test_the_client_cannot_choose_any_codec(charset):
    with pytest.raises(MalformedBody, match="Unsupported charset") as refused:
        await fields_of(b"a=1", content_type=f"{URLENCODED}; charset={charset}")
    assert len(refused.value.message) <= 200


async def test_no_body_at_all_is_an_empty_form():
    assert await fields_of(b"", content_type=None) == {}


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "text/plain", "multipart/mixed; boundary=B", ";", "multipart"]
)
async def test_another_content_type_is_no_form(content_type):
    with pytest.raises(MalformedBody, match="Expected application/x-www-form-urlencoded") as refused:
        await fields_of(b"a=1", content_type=content_type)
    assert refused.value.field == "$"


async def test_cve_2026_54283_urlencoded_fields_are_counted_like_others():
    assert len(await fields_of(b"&".join(b"%d=1" % n for n in range(1000)))) == 1000
    with pytest.raises(PayloadTooLarge, match="Form has more than 1000 fields") as refused:
        await fields_of(b"&".join(b"%d=1" % n for n in range(1001)))
    assert (refused.value.status, refused.value.suffix) == (413, "payload-too-large")
    with pytest.raises(PayloadTooLarge):
        await fields_of(b"&" * 1000)


@pytest.mark.parametrize("letter", [b"x", b"%78", b"+"])
async def test_cve_2026_54283_urlencoded_fields_are_bounded_like_others(letter):
    await fields_of(b"a=" + letter * 10, field_size=10)
    for body in (b"a=" + letter * 11, b"a=" + letter * 100, letter * 11 + b"=1"):
        with pytest.raises(PayloadTooLarge, match="Form field exceeds maximum size of 10 bytes"):
            await fields_of(body, field_size=10)


async def test_a_form_without_fields_passes_where_none_are_allowed():
    assert await fields_of(b"", fields=0) == {}
    with pytest.raises(PayloadTooLarge):
        await fields_of(b"a=1", fields=0)


text = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.tuples(text, text).filter(any)))
def test_what_a_browser_encodes_comes_back(pairs):
    pairs = [
        (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for name, value in pairs
    ]
    fields = anyio.run(fields_of, urlencode(pairs).encode())
    assert {name: [value] if isinstance(value, str) else value for name, value in fields.items()} == {
        name: [v for n, v in pairs if n == name] for name, _ in pairs
    }


@given(st.binary(), st.text() | st.just(URLENCODED))
def test_no_body_makes_the_reader_fail_otherwise_than_it_should(body, content_type):
    async def read():
        return await read_form(content_type, stream_of(body), Limits(), current())

    with contextlib.suppress(MalformedBody):
        anyio.run(read)
