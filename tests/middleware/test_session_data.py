"""A session is a dict, to Python code and to code in C."""

import copy
import json
import pickle
import random
from collections import Counter, OrderedDict, defaultdict
from functools import partial
from operator import eq, ne, or_

import msgspec
import pytest

from hawkapi.middleware.session_data import Session
from hawkapi.routing.result import response_filter
from hawkapi.serialization.encoder import encode_response, encode_response_msgpack

READ_IN_C = {
    "json": lambda session: msgspec.json.decode(encode_response(session)),
    "json within": lambda session: msgspec.json.decode(encode_response([{"a": session}]))[0]["a"],
    "msgpack": lambda session: msgspec.msgpack.decode(encode_response_msgpack(session)),
    "response model": response_filter(dict[str, int]),
}


@pytest.mark.parametrize("read", READ_IN_C.values(), ids=READ_IN_C.keys())
def test_what_is_read_in_c_is_right_and_noted(read):
    session = Session({"a": 1, "b": 2})
    assert not session.accessed
    assert read(session) == {"a": 1, "b": 2}
    assert session.accessed


@pytest.mark.parametrize("read", READ_IN_C.values(), ids=READ_IN_C.keys())
def test_an_empty_session_that_is_read_in_c_says_nothing(read):
    session = Session()
    assert read(session) == {}
    assert not session.accessed


def test_who_does_not_ask_the_hook_gets_an_error_and_no_data():
    for encode in (msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError, match="StandIn"):
            encode(Session({"a": 1}))
        assert encode(Session()) == encode({})
        assert encode(dict(Session({"a": 1}))) == encode({"a": 1})


CHANGES = [
    lambda s, key: s.__setitem__(key, len(s)),
    lambda s, key: s.__setitem__(key, -len(s)),
    lambda s, key: s.__delitem__(key),
    lambda s, key: s.pop(key),
    lambda s, key: s.pop(key, "gone"),
    lambda s, key: s.popitem(),
    lambda s, key: s.setdefault(key),
    lambda s, key: s.setdefault(key, 7),
    lambda s, key: s.update({key: 1, "z": 2}),
    lambda s, key: s.update([(key, 3)], y=4),
    lambda s, key: s.update(**{key: 5}),
    lambda s, key: s.update(),
    lambda s, key: s.update(5),
    lambda s, key: s.update(Session({key: 6})),
    lambda s, key: s.__ior__({key: 7}) and None,
    lambda s, key: s.__ior__([(key, 8)]) and None,
    lambda s, key: s.clear() if key == "a" else None,
]


PUTS = [
    lambda s, key: s.__setitem__(key, "x"),
    lambda s, key: s.setdefault(key),
    lambda s, key: s.setdefault(key, "x"),
    lambda s, key: s.update({"b": 2, key: "x"}),
    lambda s, key: s.update([("b", 2), (key, "x")]),
    lambda s, key: s.update(b=2, **{key: "x"}),
    lambda s, key: s.__ior__({"b": 2, key: "x"}),
    lambda s, key: s.__ior__([(key, "x")]),
]


@pytest.mark.parametrize("put", PUTS)
def test_nothing_is_put_in_where_the_id_is_kept(put):
    session = Session({"a": 1}, id="secret")
    with pytest.raises(ValueError, match=r"'hawkapi\.id' cannot be put into a session"):
        put(session, "hawkapi.id")
    assert (session, session.id) == ({"a": 1}, "secret")
    assert encode_response(session) == b'{"a":1}'


@pytest.mark.parametrize("put", PUTS)
@pytest.mark.parametrize("key", ["hawkapi", "hawkapi.i", "hawkapi.id2", "Hawkapi.id", "id"])
def test_keys_like_that_of_the_id_are_free(put, key):
    session = Session()
    put(session, key)
    assert key in session


def test_who_asks_for_the_key_of_the_id_finds_nothing():
    session = Session({"a": 1}, id="secret")
    assert session.get("hawkapi.id") is session.pop("hawkapi.id", None) is None
    with pytest.raises(KeyError):
        session["hawkapi.id"]


def outcome(act, *args):
    try:
        return act(*args)
    except (KeyError, TypeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("seed", range(20))
def test_after_any_changes_all_who_read_it_see_what_a_dict_would_hold(seed):
    chance = random.Random(seed)
    session, plain = Session(), {}
    for _ in range(200):
        change, key = chance.choice(CHANGES), chance.choice("abcdef")
        assert outcome(change, session, key) == outcome(change, plain, key)
        assert list(session.items()) == list(plain.items())
        assert encode_response(session) == encode_response(plain)  # in order, too
        assert encode_response_msgpack(session) == encode_response_msgpack(plain)
        assert json.dumps(session) == json.dumps(plain)
        assert repr(session) == repr(plain)


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, dict, dict.copy, lambda s: pickle.loads(pickle.dumps(s)), lambda s: {**s}],
    ids=["copy", "deepcopy", "dict", "dict.copy", "pickle", "**"],
)
def test_a_copy_is_a_plain_dict(clone):
    session = Session({"a": {"b": [1]}}, id="secret")
    if clone is dict.copy:
        clone = Session.copy
    assert type(clone(session)) is dict
    assert clone(session) == {"a": {"b": [1]}}
    assert session.accessed


def test_a_deep_copy_shares_nothing_and_a_shallow_one_the_values():
    session = Session({"a": [1]})
    assert copy.deepcopy(session)["a"] is not session["a"]
    assert copy.copy(session)["a"] is session["a"]
    copy.copy(session)["b"] = 1
    assert "b" not in session


def test_what_is_deep_in_it_is_read_in_c_as_it_is_now():
    session = Session({"a": []})
    session["a"].append(1)
    assert encode_response(session) == b'{"a":[1]}'


def test_sessions_equal_what_equal_dicts_do():
    one, other = Session({"a": 1}), Session({"a": 1})
    assert one == other == {"a": 1} == one
    assert one != Session({"a": 2}) != {"a": 1}
    assert one != 5
    assert [one] == [{"a": 1}]


@pytest.mark.parametrize("make", [OrderedDict, partial(defaultdict, int), Counter])
def test_other_dicts_on_the_left_see_what_it_holds(make):
    for operate in (eq, ne, or_):
        for held in ({"a": 1}, {"a": 2}, {"b": 1}, {}):
            session = Session({"a": 1})
            assert operate(make(held), session) == operate(make(held), {"a": 1})
            assert session.accessed or "a" not in held


def test_sessions_join_as_dicts_do_and_stay_as_they_are():
    one, other = Session({"a": 1, "b": 1}), Session({"b": 2})
    for joined in (one | other, one | {"b": 2}, {"a": 1, "b": 1} | other):
        assert type(joined) is dict
        assert list(joined.items()) == [("a", 1), ("b", 2)]
    assert (one, other) == ({"a": 1, "b": 1}, {"b": 2})
    for wrong in (lambda: one | 5, lambda: 5 | one):
        with pytest.raises(TypeError):
            wrong()


def test_both_sides_of_an_operator_are_noted():
    for operate in (lambda a, b: a == b, lambda a, b: a != b, lambda a, b: a | b):
        one, other = Session({"a": 1}), Session({"a": 1})
        operate(one, other)
        assert (one.accessed, other.accessed) == (True, True)


def test_views_follow_the_session():
    session = Session({"a": 1})
    keys, items = session.keys(), session.items()
    session["b"] = 2
    assert (list(keys), list(items)) == (["a", "b"], [("a", 1), ("b", 2)])


def test_it_has_no_hash_as_no_dict_has():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Session())


def test_it_is_matched_and_formatted_as_a_dict():
    match Session({"user": "ada", "n": 1}):
        case {"user": user, **rest}:
            assert (user, rest) == ("ada", {"n": 1})
    assert "{user}".format_map(Session({"user": "ada"})) == "ada"


def test_it_is_gone_with_its_request_without_the_garbage_collector():
    import gc
    import weakref

    class Watched(Session):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        session = Watched({"a": 1})
        session["b"] = 2
        gone = weakref.ref(session)
        del session
        assert gone() is None
    finally:
        gc.enable()
