from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hawkapi.middleware.forwarded import FORWARDED, Claims, read_claims, read_node


def forwarded(*lines):
    """Read `Forwarded`; what is said of each hop, the nearest first."""
    return list(zip(*read_claims([(FORWARDED, line.encode("latin-1")) for line in lines]), strict=True))


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("192.0.2.1:_port", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:1", "192.0.2.1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ],
)
def test_a_node_gives_its_address_without_port_and_brackets(node, address):
    assert read_node(node) == ip_address(address)


@pytest.mark.parametrize(
    "node",
    ["", "unknown", "_hidden", "192.0.2", "256.0.0.1", "010.0.0.1", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[::1",
     "::1]", "[::1]x", "[1.2.3.4]:1:2", ":::", "1.2.3.4 ", "1.2.3.4\n", "fe80::1%eth0", "fe80::1%\r\nx", "\xb2.0.0.1",
     '"1.2.3.4"', "example.com", "-1", "3232235777"],
)  # fmt: skip
def test_what_is_no_address_gives_none(node):
    assert read_node(node) is None


@given(st.text())
def test_any_text_is_a_node_or_none(text):
    address = read_node(text)
    assert address is None or read_node(str(address)) == address


def test_x_forwarded_is_read_from_its_end_over_all_lines():
    claims = read_claims([(b"x-forwarded-for", b"1 , 2"), (b"x-forwarded-host", b"a"), (b"x-forwarded-for", b"3")])
    assert claims == Claims(["3", "2", "1"], [], ["a"])


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"])
def test_x_forwarded_wins_over_forwarded(name):
    claims = read_claims([(FORWARDED, b"for=1.1.1.1;proto=https;host=evil"), (name, b"x")])
    assert sorted(claims) == [[], [], ["x"]]


@pytest.mark.parametrize(
    ("line", "hops"),
    [
        ("for=192.0.2.43", [("192.0.2.43", "", "")]),
        ("For=192.0.2.43;PROTO=https;by=x;Host=a.b", [("192.0.2.43", "https", "a.b")]),
        ('for="[2001:db8::1]:47"', [("[2001:db8::1]:47", "", "")]),
        ("for=[2001:db8::1]:47", [("[2001:db8::1]:47", "", "")]),
        ("for=a, for=b", [("b", "", ""), ("a", "", "")]),
        ("for=a,for=b;proto=http , \tproto=https", [("", "https", ""), ("b", "http", ""), ("a", "", "")]),
        ("for=a ; proto=https", [("a", "https", "")]),
        ("for=a;", [("a", "", "")]),
        (";for=a;;", [("a", "", "")]),
        ("for=a,", [("", "", ""), ("a", "", "")]),
        ("", [("", "", "")]),
        (r'host="a\"b\\c,;\d"', [("", "", r'a"b\c,;d')]),
        ('host=""', [("", "", "")]),
        ("host=a=b", [("", "", "a=b")]),
    ],
)
def test_forwarded_is_read_by_rfc_7239(line, hops):
    assert forwarded(line) == hops


NOTHING = ("", "", "")


@pytest.mark.parametrize(
    "line",
    ["for", "for=", "=a", "for =a", "for= a", "for=a b", 'for="a', 'for="a\\"', 'for="a"b', "for=a;for=b", "f\xf6r=a",
     'for=a"b"', "a b=c", 'for="', '"'],
)  # fmt: skip
def test_of_a_malformed_line_nothing_counts(line):
    assert forwarded(line) == [NOTHING]
    assert forwarded("for=a", line, "for=b") == [("b", "", ""), NOTHING]


@pytest.mark.parametrize("evil", ['for=6.6.6.6;x="', 'for=6.6.6.6;x="\\', 'for=6.6.6.6, for="a'])
@pytest.mark.parametrize("added", ["for=1.1.1.1", 'for="[::1]:1";proto=https', 'for=1.1.1.1;host="a:1"'])
def test_a_quote_left_open_hides_no_element_of_a_proxy_but_spoils_the_line(evil, added):
    assert forwarded(f"{evil}, {added}") == [NOTHING]
    assert forwarded(evil, added) == [*forwarded(added), NOTHING]


_words = st.sampled_from(["for", "proto", "host", "=", ";", ",", " ", '"', "\\", "a", "1.1.1.1", "[::1]", "\xe4", "\t"])


@given(st.lists(st.lists(_words).map("".join) | st.text(st.characters(max_codepoint=255)), min_size=1))
@example(["for=a"])
def test_any_bytes_are_read(lines):
    clients, schemes, hosts = read_claims([(FORWARDED, line.encode("latin-1")) for line in lines])
    assert len(clients) == len(schemes) == len(hosts) <= sum(line.count(",") + 1 for line in lines)


@given(
    st.lists(st.dictionaries(st.sampled_from(["for", "proto", "host"]), st.text('ab,;= "\\'), min_size=1), min_size=1)
)
def test_what_is_written_by_the_grammar_is_read_back(elements):
    def quoted(text):
        return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'

    line = ", ".join(";".join(f"{name}={quoted(value)}" for name, value in element.items()) for element in elements)
    expected = [tuple(element.get(name, "") for name in ("for", "proto", "host")) for element in reversed(elements)]
    assert forwarded(line) == expected
