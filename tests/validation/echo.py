"""An app whose one handler takes one parameter `p` and gives back what it got."""

from hawkapi.app.application import HawkAPI

NOTHING = object()


def echo(annotation=NOTHING, default=NOTHING, *, path="/", method="GET", app=None):
    """Make the app; what the handler was called with last stands in `app.got`."""

    async def handler(p):
        app.got = p
        return p

    handler.__annotations__ = {} if annotation is NOTHING else {"p": annotation}
    handler.__defaults__ = None if default is NOTHING else (default,)
    app = HawkAPI() if app is None else app
    app.add_route(path, handler, methods=[method])
    return app


def errors(answer):
    """Give `(field, message, value)` of each entry; the value of one that has none is `None`."""
    assert answer.status == 400, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "https://hawkapi.ashimov.com/errors/validation"
    assert (problem["title"], problem["status"]) == ("Validation Error", 400)
    found = problem["errors"]
    assert problem["detail"] == ("1 validation error" if len(found) == 1 else f"{len(found)} validation errors")
    assert found
    return [(entry["field"], entry["message"], entry.get("value")) for entry in found]
