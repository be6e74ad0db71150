import pytest

from hawkapi.testing.cookies import Cookies, parse_set_cookie


def test_the_jar_is_a_dict():
    jar = Cookies()
    jar["a"] = "1"
    assert (jar["a"], "a" in jar, "b" in jar, len(jar)) == ("1", True, False, 1)
    jar.clear()
    assert len(jar) == 0


def test_the_header_holds_every_cookie():
    assert Cookies({"a": "1", "b": "2"}).header() == "a=1; b=2"


def test_a_cookie_of_the_same_name_replaces_the_old_one():
    jar = Cookies({"session": "preset"})
    jar.feed(["session=new; Path=/; HttpOnly; Secure; SameSite=Lax; Domain=example.com"])
    assert jar == {"session": "new"}


@pytest.mark.parametrize(
    "attributes",
    [
        "Max-Age=0",
        "max-age=-1",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "expires=Thu, 01-Jan-1970 00:00:00 GMT",
        "Expires=Thu, 01 Jan 1970 00:00:00",
    ],
)
def test_an_expired_cookie_is_deleted(attributes):
    jar = Cookies({"session": "x"})
    jar.feed([f"session=; {attributes}"])
    assert jar == {}


def test_deleting_a_cookie_that_is_not_there_does_nothing():
    jar = Cookies()
    jar.feed(["a=; Max-Age=0"])
    assert jar == {}


@pytest.mark.parametrize("header", ["", "novalue", "=nameless", "; Path=/"])
def test_a_cookie_without_a_name_is_dropped(header):
    jar = Cookies()
    jar.feed([header])
    assert jar == {}


@pytest.mark.parametrize(
    "attributes",
    ["Max-Age=soon", "Expires=tomorrow", "Expires=Thu, 01 Jan 99999999999 00:00:00 GMT", "Max-Age=", "Max-Age"],
)
def test_an_attribute_that_makes_no_sense_is_ignored(attributes):
    cookie = parse_set_cookie(f"a=1; {attributes}")
    assert cookie is not None
    assert not cookie.expired


def test_the_clock_decides_on_expires():
    header = "a=1; Expires=Thu, 01 Jan 1970 00:01:40 GMT"
    before, after = parse_set_cookie(header, lambda: 99.0), parse_set_cookie(header, lambda: 100.0)
    assert before is not None
    assert after is not None
    assert (before.expired, after.expired) == (False, True)


def test_max_age_wins_over_expires():
    cookie = parse_set_cookie("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert cookie is not None
    assert not cookie.expired


def test_a_value_may_hold_an_equals_sign_and_keeps_its_quotes():
    jar = Cookies()
    jar.feed(["a = b=c ; Path=/", 'q="x y"'])
    assert jar == {"a": "b=c", "q": '"x y"'}
