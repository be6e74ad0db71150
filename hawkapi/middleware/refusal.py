"""Answers that a middleware gives itself, instead of what it wraps."""

from hawkapi._types import Receive, Scope, Send
from hawkapi.middleware.outgoing import sole_send
from hawkapi.responses.base import BaseResponse
from hawkapi.websocket.denial import close_code, handshake_receive, handshake_send, takes_answer


async def refuse(response: BaseResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or refuse a handshake: with the response where the server takes one, else by a close.

    Args:
        response: The answer; its status decides the close code.
        scope: An `http` scope, or a `websocket` one whose connect event was not taken yet.
        receive: The ASGI callable.
        send: The ASGI callable.
    """
    if scope["type"] == "http":
        await response(scope, receive, sole_send(scope, send))
        return
    await receive()  # the connect event
    if takes_answer(scope):
        await response(scope, handshake_receive(receive), handshake_send(send))
    else:
        await send({"type": "websocket.close", "code": close_code(response.status_code)})
