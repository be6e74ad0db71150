import pytest

from hawkapi.middleware.gzip import GZipMiddleware
from tests.middleware.answers import TEXT, answering, everywhere, get, read
from tests.middleware.edges import BARE, pass_on


def test_the_arguments_are_kept():
    made = GZipMiddleware(answering(b""))
    assert (made.minimum_size, made.compresslevel) == (500, 6)
    made = GZipMiddleware(answering(b""), minimum_size=0, compresslevel=9)
    assert (made.minimum_size, made.compresslevel) == (0, 9)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"minimum_size": "1"}, TypeError),
        ({"minimum_size": -1}, ValueError),
        ({"compresslevel": 1.5}, TypeError),
        ({"compresslevel": 0}, ValueError),
        ({"compresslevel": 10}, ValueError),
    ],
)
def test_a_bad_argument_is_named(options, error):
    with pytest.raises(error, match=next(iter(options))):
        GZipMiddleware(answering(b""), **options)


@everywhere
async def test_gzip_is_all_it_offers(wrap):
    app = wrap(answering(TEXT), GZipMiddleware)
    wire = await get(app, "br, zstd, gzip;q=0.1")
    assert wire.headers["content-encoding"] == "gzip"
    assert read(wire) == [TEXT]
    assert "content-encoding" not in (await get(app, "br, zstd")).headers


async def test_the_level_tells():
    body = b"".join(b'{"id": %d, "tag": "%d"}' % (n, n * 7919 % 1009) for n in range(2000))
    sizes = [len((await get(GZipMiddleware(answering(body), compresslevel=level), "gzip")).body) for level in (1, 9)]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(GZipMiddleware, scope) is scope
