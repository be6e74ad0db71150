import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.serialization.negotiation import negotiate_content_type

JSON, MSGPACK, X_MSGPACK = "application/json", "application/msgpack", "application/x-msgpack"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html", JSON),
        ("nonsense", JSON),
        (",;,=;q", JSON),
        (JSON, JSON),
        (MSGPACK, MSGPACK),
        (X_MSGPACK, X_MSGPACK),
        ("APPLICATION/MsgPack", MSGPACK),
        ("application/json, application/msgpack", JSON),
        ("application/msgpack, application/json", MSGPACK),
        ("text/html, application/msgpack", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=0.9", MSGPACK),
        ("application/msgpack;q=0.5, application/json", JSON),
        ("application/msgpack;q=0.5, */*;q=0.1", MSGPACK),
        ("application/msgpack;q=0.5, */*", JSON),
        ("application/msgpack ; q = 0.9 , application/json ; q = 0.1", MSGPACK),
        ("\tapplication/msgpack\t;\tq\t=\t0.9\t,application/json;q=0.1", MSGPACK),
        ("application/msgpack;q=0", JSON),
        ("application/json;q=0, application/msgpack", MSGPACK),
        ("application/json;q=0, application/msgpack;q=0.0", JSON),
        ("application/json;q=0.5, application/msgpack;q=x", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=-1", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=nan", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=7", MSGPACK),
        ("application/json;q=0.5, application/msgpack;Q=0.4", JSON),
        ("application/json;q=0.5, application/msgpack;v=1;q=0.4", JSON),
        ("application/json;q=0.5, application/msgpack;v=1", MSGPACK),
        ("application/msgpackx", JSON),
        ("x" * 2000 + ", application/msgpack", MSGPACK),
    ],
)
def test_the_type_that_is_wanted_most_is_chosen(accept, chosen):
    assert negotiate_content_type(accept) == chosen


@given(st.one_of(st.text(), st.text(alphabet="aplictonj/msgk*;,=q0.19 \t", max_size=60)))
def test_no_header_raises(accept):
    assert negotiate_content_type(accept) in (JSON, MSGPACK, X_MSGPACK)
