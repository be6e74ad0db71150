import gc

import pytest

from hawkapi import HawkAPI
from hawkapi._errors import SealError
from hawkapi.app.collection import no_collection


@pytest.fixture(autouse=True)
def collector():
    yield
    gc.enable()


def test_nothing_is_collected_while_an_app_is_sealed():
    app, seen = HawkAPI(), []

    def asked(cls_app):
        seen.append(gc.isenabled())
        return cls_app

    app.add_middleware(asked)
    app.seal()
    assert seen == [False]


def test_the_collector_is_on_again_after_a_seal_that_failed():
    app = HawkAPI()
    app.add_middleware(1)
    with pytest.raises(SealError):
        app.seal()
    assert gc.isenabled()


def test_a_collector_that_the_user_has_turned_off_stays_off():
    gc.disable()
    with no_collection():
        pass
    assert not gc.isenabled()
