"""Text of small projects, as a user's folder holds them."""

APP = """
from hawkapi import HawkAPI

app = HawkAPI()
number = 3


@app.get("/")
async def hello():
    return {}


@app.post("/items/{item_id:int}", name="put-item")
def create(item_id: int):
    return {}


class Shout:
    async def __call__(self):
        return {}


app.add_route("/shout", Shout(), methods=["GET"])


async def plain(scope, receive, send):
    pass


def make_app():
    return app
"""
