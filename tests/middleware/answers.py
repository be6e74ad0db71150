"""Answers of an app that is none of ours, middleware round it at all places, and what a client reads."""

import zlib

import brotli
import pytest
import zstandard
from anyio import sleep_forever

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.base import Middleware
from tests.app.wire import Wire, exchange

TEXT = b'{"id": 12345, "name": "somebody"}, ' * 100


def answering(*bodies, status=200, headers=()):
    """Make an app that sends each of the bodies in a message."""
    raw = [(name.encode(), value.encode()) for name, value in headers]

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": raw})
        for body in bodies[:-1]:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": bodies[-1]})

    return app


class Neighbour(Middleware):
    async def before_request(self, request):
        return None

    async def after_response(self, request, response):
        response.headers["x-neighbour"] = "1"


def alone(app, cls, **options):
    return cls(app, **options)


def in_app(app, cls, **options):
    return _app(app, [(cls, options)])


def in_stack(app, cls, **options):
    return _app(app, [(Neighbour, {}), (cls, options), (Neighbour, {})])


def _app(app, layers):
    outer = HawkAPI()
    outer.mount("/", app)
    for cls, options in layers:
        outer.add_middleware(cls, **options)
    return outer


everywhere = pytest.mark.parametrize("wrap", [alone, in_app, in_stack])


class Patient(Wire):
    """A client that stays until it has the whole answer."""

    async def receive(self):
        return await super().receive() if self.messages else await sleep_forever()


async def get(app, accept=None, *, method="GET", **scope):
    """Send a request of a client that takes some codings."""
    headers = [] if accept is None else [("accept-encoding", accept)]
    return await exchange(app, method, "/", wire=Patient({"type": "http.request"}), headers=headers, **scope)


def reader(coding):
    """Make what decodes a coded body part by part."""
    if coding == "br":
        return _brotli_reader(brotli.Decompressor())
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress
    return zlib.decompressobj(16 + 15).decompress


def _brotli_reader(decompressor):
    """Take all there is: one call gives some of it."""

    def decode(data):
        parts = [decompressor.process(data)]
        while parts[-1]:
            parts.append(decompressor.process(b""))
        return b"".join(parts)

    return decode


def read(wire):
    """Give the body of an answer as the client reads it: a text for each message."""
    bodies = [message.get("body", b"") for message in wire.sent[1:]]
    coding = wire.headers.get("content-encoding")
    if coding is None:
        return bodies
    decode = reader(coding)
    return [decode(body) if body else b"" for body in bodies]
