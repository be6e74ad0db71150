from importlib import reload

import hawkapi.testing


def test_every_public_name_resolves():
    face = reload(hawkapi.testing)
    assert {name: getattr(face, name).__name__ for name in face.__all__} == {name: name for name in face.__all__}
