"""Contract 2.6: `response_model`."""

from typing import Generic, TypeVar

import msgspec
import pydantic
import pytest

from hawkapi import HawkAPI, JSONResponse
from tests.asgi import call

T = TypeVar("T")


class UserOut(msgspec.Struct):
    id: int
    name: str


class UserFull(msgspec.Struct):
    id: int
    name: str
    password_hash: str


class db:
    @staticmethod
    async def get_user(user_id):
        return UserFull(user_id, "Ada", "$2b$12$")


class UserModel(pydantic.BaseModel):
    id: int
    name: str


class FullModel(UserModel):
    password_hash: str = "$2b$12$"


class Box(msgspec.Struct, Generic[T]):
    item: T


FULL = {"id": 1, "name": "Ada", "password_hash": "$2b$12$"}
OUT = {"id": 1, "name": "Ada"}


async def answer_of(result, **options):
    app = HawkAPI()

    @app.get("/", **options)
    async def handler():
        return result

    return await call(app, "GET", "/")


async def test_the_example():
    app = HawkAPI()

    @app.get("/users/{user_id}", response_model=UserOut)
    async def get_user(user_id: int):
        return await db.get_user(user_id)  # a UserFull: its password_hash is filtered out

    assert (await call(app, "GET", "/users/1")).json() == OUT


@pytest.mark.parametrize(
    ("result", "model", "answer"),
    [
        (UserFull(1, "Ada", "x"), UserOut, OUT),
        (FULL, UserOut, OUT),
        ([FULL, UserFull(1, "Ada", "x")], list[UserOut], [OUT, OUT]),
        ({"a": FULL}, dict[str, UserOut], {"a": OUT}),
        (FullModel(id=1, name="Ada"), UserModel, OUT),
        (FULL, UserModel, OUT),
        ([FullModel(id=1, name="Ada")], list[UserModel], [OUT]),
        (FullModel(id=1, name="Ada"), UserOut, OUT),
        (Box(FULL), Box[UserOut], {"item": OUT}),
        ({"item": FULL, "more": 1}, Box[UserOut], {"item": OUT}),
    ],
)
async def test_results_are_filtered_to_the_model(result, model, answer):
    found = await answer_of(result, response_model=model)
    assert (found.status, found.json()) == (200, answer)


async def test_none_is_left_alone():
    assert (await answer_of(None, response_model=UserOut)).status == 204


async def test_a_response_is_left_alone():
    assert (await answer_of(JSONResponse(FULL), response_model=UserOut)).json() == FULL


@pytest.mark.parametrize("result", [{"id": "x", "name": "Ada"}, {"id": 1}, [1], "Ada", UserFull("x", "Ada", "x")])
@pytest.mark.parametrize("model", [UserOut, UserModel])
async def test_a_result_that_does_not_fit_is_a_server_error(result, model):
    answer = await answer_of(result, response_model=model)
    assert (answer.status, answer.json()["type"].rpartition("/")[2]) == (500, "internal")
    assert b"Ada" not in answer.body


async def test_the_return_annotation_is_the_model_when_none_is_given():
    app = HawkAPI()

    @app.get("/")
    async def handler() -> UserOut:
        return FULL

    @app.get("/list")
    def in_a_thread() -> list[UserOut]:
        return [UserFull(1, "Ada", "x")]

    @app.get("/none")
    async def nothing() -> UserOut | None:
        return None

    assert (await call(app, "GET", "/")).json() == OUT
    assert (await call(app, "GET", "/list")).json() == [OUT]
    assert (await call(app, "GET", "/none")).status == 204


class Profile(msgspec.Struct):
    name: str
    nick: str | None = None
    age: int = 18


class ProfileModel(pydantic.BaseModel):
    name: str
    nick: str | None = None
    age: int = 18


@pytest.mark.parametrize("model", [Profile, ProfileModel])
@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ("response_model_exclude_none", {"name": "Ada", "age": 18}),
        ("response_model_exclude_defaults", {"name": "Ada"}),
    ],
)
async def test_members_may_be_left_out(model, option, answer):
    assert (await answer_of(model(name="Ada"), response_model=model, **{option: True})).json() == answer


async def test_members_that_nobody_set_may_be_left_out():
    result = ProfileModel(name="Ada", age=18)
    options = {"response_model": ProfileModel, "response_model_exclude_unset": True}
    assert (await answer_of(result, **options)).json() == {"name": "Ada", "age": 18}
    assert (await answer_of({"name": "Ada"}, **options)).json() == {"name": "Ada"}


async def test_members_are_there_otherwise():
    assert (await answer_of(Profile("Ada"), response_model=Profile)).json() == {"name": "Ada", "nick": None, "age": 18}
