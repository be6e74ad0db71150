import msgspec
import pytest

from hawkapi.routing.result import response_filter
from hawkapi.serialization.encoder import encode_response, encode_response_msgpack
from hawkapi.serialization.hooks import StandIn


class User(msgspec.Struct):
    name: str


TAKEN = {
    "json": lambda value: msgspec.json.decode(encode_response(value)),
    "msgpack": lambda value: msgspec.msgpack.decode(encode_response_msgpack(value)),
    "response model": response_filter(dict[str, str]),
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN.keys())
def test_a_stand_in_is_sent_as_its_value_and_its_owner_is_told(take):
    told = []
    data = {"name": StandIn("ada", lambda: told.append(1))}
    assert told == []
    assert take(data) == {"name": "ada"}
    assert told == [1]


def test_the_value_of_a_stand_in_is_encoded_as_any_other():
    def note():
        """Want to know nothing."""

    value = StandIn([User("ada"), StandIn({"a": 1}, note)], note)
    assert encode_response(value) == b'[{"name":"ada"},{"a":1}]'
