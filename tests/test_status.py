from http import HTTPStatus

import pytest

from hawkapi import status

HTTP = {name: value for name, value in vars(status).items() if name.startswith("HTTP_")}
WEBSOCKET = {name: value for name, value in vars(status).items() if name.startswith("WS_")}


@pytest.mark.parametrize("known", HTTPStatus)
def test_every_status_of_the_standard_library_has_its_name(known):
    assert HTTP[f"HTTP_{known.value}_{known.name}"] == known


@pytest.mark.parametrize(("name", "value"), [*HTTP.items(), *WEBSOCKET.items()])
def test_a_name_bears_its_number(name, value):
    assert name.split("_")[1] == str(value)


def test_there_is_no_status_that_the_standard_does_not_know():
    assert set(HTTP.values()) == set(map(int, HTTPStatus))


def test_the_close_codes_are_there():
    assert sorted(WEBSOCKET.values()) == [1000, 1001, 1002, 1003, *range(1005, 1016)]
    assert status.WS_1008_POLICY_VIOLATION == 1008
