from hawkapi._errors import HawkAPIError, MissingExtraError, SealError


def test_a_missing_extra_says_how_to_install_it_and_is_an_import_error():
    error = MissingExtraError("RedisStore", "redis")
    assert str(error) == "RedisStore needs the 'redis' extra: pip install 'hawkapi[redis]'"
    assert (error.feature, error.extra) == ("RedisStore", "redis")
    assert isinstance(error, HawkAPIError)
    assert isinstance(error, ImportError)


def test_a_seal_error_of_one_mistake_counts_in_the_singular():
    assert str(SealError(["a is wrong"])) == "The app cannot be served: 1 mistake\n  - a is wrong"


def test_a_seal_error_lists_every_mistake():
    error = SealError(["a is wrong", "b is wrong"])
    assert error.mistakes == ["a is wrong", "b is wrong"]
    assert str(error) == "The app cannot be served: 2 mistakes\n  - a is wrong\n  - b is wrong"
