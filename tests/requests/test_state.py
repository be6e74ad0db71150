import pytest

from hawkapi.requests.state import State


def test_what_is_set_can_be_got_and_deleted():
    state = State()
    state.user = "ann"
    assert state.user == "ann"
    assert "user" in state
    del state.user
    assert "user" not in state


def test_a_missing_attribute_is_an_attribute_error():
    state = State()
    with pytest.raises(AttributeError, match="user"):
        state.user  # noqa: B018 - reading it is the act
    with pytest.raises(AttributeError, match="user"):
        del state.user


def test_the_repr_shows_names_and_no_values():
    state = State()
    state.token, state.user = "hush", "ann"
    assert repr(state) == "State(token, user)"
    assert repr(State()) == "State()"
