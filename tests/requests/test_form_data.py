from tempfile import TemporaryFile

import pytest

from hawkapi.requests.form_data import FormData, UploadFile
from hawkapi.requests.spool import SpooledFile
from hawkapi.runtime.threads import Pool


async def in_memory(data):
    return UploadFile("a", "text/plain", data)


async def on_disk(data):
    file = SpooledFile(TemporaryFile, Pool("test", 1))
    file.append(data)
    return UploadFile("a", "text/plain", file)


both = pytest.mark.parametrize("make", [in_memory, on_disk])


def test_an_upload_knows_what_the_client_said():
    upload = UploadFile("a.bin", data=b"abc")
    assert (upload.filename, upload.content_type, upload.data) == ("a.bin", "application/octet-stream", b"abc")
    assert UploadFile("a", "text/plain", b"abc").content_type == "text/plain"
    assert UploadFile("a").size == 0


@both
async def test_an_upload_is_read_in_pieces_from_its_position(make):
    upload = await make(b"0123456789")
    assert await upload.read(4) == b"0123"
    assert await upload.read(0) == b""
    assert await upload.read() == b"456789"
    assert await upload.read(4) == await upload.read() == b""
    await upload.seek(8)
    assert await upload.read(4) == b"89"
    await upload.seek(99)
    assert await upload.read() == b""
    await upload.close()


@both
async def test_reading_and_seeking_do_not_change_the_data(make):
    upload = await make(b"0123")
    await upload.read(2)
    assert upload.data == b"0123"
    assert await upload.read() == b"23"
    assert upload.size == 4
    assert repr(upload) == "UploadFile(filename='a', size=4)"
    await upload.close()


@both
async def test_a_negative_offset_is_refused(make):
    upload = await make(b"0123")
    with pytest.raises(ValueError, match="must not be negative, not -1"):
        await upload.seek(-1)
    await upload.close()


async def test_closing_keeps_what_is_in_memory():
    upload = await in_memory(b"0123")
    await upload.close()
    assert upload.data == await upload.read() == b"0123"


async def test_closing_deletes_what_is_on_disk():
    upload = await on_disk(b"0123")
    await upload.close()
    await upload.close()
    with pytest.raises(ValueError, match="closed"):
        await upload.read()
    assert upload.size == 4


def test_a_form_gives_fields_and_files_by_name():
    upload, other = UploadFile("a"), UploadFile("b")
    form = FormData({"a": "1", "b": ["2", "3"]}, {"c": upload, "d": [upload, other], "a": other})
    assert form.get("a") == "1"
    assert form.get("b") == "2"
    assert form.get("c") is upload
    assert form.get("d") is upload
    assert form.getlist("a") == ["1", other]
    assert form.getlist("b") == ["2", "3"]
    assert form.getlist("d") == [upload, other]


def test_a_missing_name_has_no_values():
    form = FormData()
    assert form.get("a") is None
    assert form.get("a", 5) == 5
    assert form.getlist("a") == []
    assert "a" not in form


def test_fields_and_files_are_what_was_given():
    upload = UploadFile("a")
    form = FormData(fields={"a": "1"}, files={"b": upload})
    assert form.fields == {"a": "1"}
    assert form.files == {"b": upload}
    assert "a" in form
    assert "b" in form
    assert FormData().fields == FormData().files == {}


def test_the_repr_names_the_fields_and_shows_no_values():
    assert repr(FormData({"user": "ann"}, {"photo": UploadFile("a")})) == "FormData(user, photo)"


async def test_closing_a_form_closes_all_of_its_files():
    one, two, three = await on_disk(b"1"), await on_disk(b"2"), await in_memory(b"3")
    form = FormData(files={"a": [one, three], "b": two})
    await form.aclose()
    await form.aclose()
    assert one.spooled.closed
    assert two.spooled.closed
