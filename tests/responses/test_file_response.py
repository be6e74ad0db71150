import os
import threading

import anyio
import pytest

from hawkapi.responses import file_answer
from hawkapi.responses.file_answer import INLINE, guess_type
from hawkapi.responses.file_body import CHUNK, READ
from hawkapi.responses.file_response import FileResponse, attachment
from hawkapi.runtime.runtime import Runtime
from tests.responses.wire import Answer, exchange, gone, refuse

LARGE = bytes(range(256)) * (2 * READ // 256) + b"end"


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    return path


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(LARGE)
    return path


def parts_of(answer):
    """Take a multipart/byteranges body apart."""
    boundary = answer.headers["content-type"].removeprefix("multipart/byteranges; boundary=")
    first, *parts, last = (b"\r\n" + answer.body).split(f"\r\n--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    return [part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1) for part in parts]


async def test_a_small_file_is_two_messages_and_receives_nothing(small):
    answer = await exchange(FileResponse(small), receive=refuse)
    assert (answer.status, answer.body, len(answer.messages)) == (200, b"0123456789", 2)
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["accept-ranges"] == "bytes"


async def test_an_empty_file_is_an_empty_body(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    answer = await exchange(FileResponse(path))
    assert (answer.headers["content-length"], answer.chunks, answer.complete) == ("0", [b""], True)


@pytest.mark.parametrize("size", [CHUNK, CHUNK + 1, INLINE, INLINE + 1])
async def test_no_message_holds_more_than_a_chunk(tmp_path, size):
    path = tmp_path / "a"
    path.write_bytes(b"x" * size)
    answer = await exchange(FileResponse(path))
    assert answer.body == b"x" * size
    assert max(map(len, answer.chunks)) == CHUNK
    assert answer.complete


async def test_a_large_file_is_sent_whole(large):
    answer = await exchange(FileResponse(large))
    assert answer.headers["content-length"] == str(len(LARGE))
    assert answer.body == LARGE
    assert answer.complete


def test_a_missing_file_is_refused_at_construction(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^File not found: .*nothing$"):
        FileResponse(tmp_path / "nothing")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_what_cannot_be_a_path_is_a_missing_file(path):
    with pytest.raises(FileNotFoundError, match="File not found"):
        FileResponse(path)


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileResponse(tmp_path)


def test_a_fifo_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileNotFoundError):
        FileResponse(tmp_path / "fifo")


async def test_a_file_that_vanished_fails_before_anything_is_sent(small):
    response, answer = FileResponse(small), Answer()
    small.unlink()
    with pytest.raises(FileNotFoundError):
        await response({}, refuse, answer.send)
    assert answer.messages == []


async def test_a_file_that_became_a_fifo_fails_before_anything_is_sent(small):
    response, answer = FileResponse(small), Answer()
    small.unlink()
    os.mkfifo(small)
    with pytest.raises(FileNotFoundError, match="No regular file"):
        await response({}, refuse, answer.send)
    assert answer.messages == []


async def test_a_file_that_becomes_a_fifo_while_it_is_opened_is_let_go(small, monkeypatch):
    response, regular, answer = FileResponse(small), os.stat(small), Answer()
    small.unlink()
    os.mkfifo(small)
    monkeypatch.setattr(file_answer.os, "stat", lambda path: regular)
    with pytest.raises(FileNotFoundError, match="No regular file"):
        await response({}, refuse, answer.send)


async def test_a_bad_header_name_is_refused_before_anything_is_sent(small):
    answer = Answer()
    with pytest.raises(ValueError, match="no header name"):
        await FileResponse(small, headers={"a b": "1"})({}, refuse, answer.send)
    assert answer.messages == []


async def test_head_gets_the_head_of_get_without_reading(large):
    answer = await exchange(FileResponse(large), "HEAD", receive=refuse)
    assert (answer.headers["content-length"], answer.chunks) == (str(len(LARGE)), [b""])


async def test_status_headers_and_type_may_be_given(small):
    response = FileResponse(small, status_code=201, headers={"ETag": '"mine"', "A": "1"}, content_type="x/y")
    answer = await exchange(response)
    assert (answer.status, answer.headers["etag"], answer.headers["content-type"]) == (201, '"mine"', "x/y")
    assert response.headers == {"ETag": '"mine"', "A": "1"}


async def test_a_content_type_among_the_headers_wins(small):
    answer = await exchange(FileResponse(small, headers={"Content-Type": "x/y"}, content_type="a/b"))
    assert answer.headers["content-type"] == "x/y"


async def test_a_given_length_gives_way_to_that_of_the_file(small):
    answer = await exchange(FileResponse(small, headers={"Content-Length": "1"}), "HEAD")
    assert answer.headers["content-length"] == "10"


async def test_a_status_without_content_goes_out_without_body(small):
    assert (await exchange(FileResponse(small, status_code=204))).body == b""


def test_a_status_out_of_range_is_refused(small):
    with pytest.raises(ValueError, match="within"):
        FileResponse(small, status_code=99)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("a.json", "application/json"),
        ("a", "application/octet-stream"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/octet-stream"),
        ("/folder.html/a", "application/octet-stream"),
    ],
)
def test_the_type_is_guessed_by_the_name(name, kind):
    assert guess_type(name) == kind


async def test_a_filename_makes_it_an_attachment(small):
    answer = await exchange(FileResponse(small, filename="report.txt"))
    assert answer.headers["content-disposition"] == 'attachment; filename="report.txt"'


async def test_a_given_disposition_wins(small):
    answer = await exchange(FileResponse(small, filename="a", headers={"Content-Disposition": "inline"}))
    assert answer.headers["content-disposition"] == "inline"


def test_what_could_end_a_filename_is_left_out():
    assert attachment('a"b\r\nc;d\\e\0?.txt') == 'attachment; filename="abcde?.txt"'


def test_a_filename_beyond_ascii_is_told_in_full_too():
    assert (
        attachment("naïve→\ud800.txt")
        == "attachment; filename=\"na_ve__.txt\"; filename*=UTF-8''na%C3%AFve%E2%86%92%3F.txt"
    )


async def test_a_range_is_a_206(small):
    answer = await exchange(FileResponse(small), "GET", headers=[("range", "bytes=2-4")])
    assert (answer.status, answer.body) == (206, b"234")
    assert (answer.headers["content-range"], answer.headers["content-length"]) == ("bytes 2-4/10", "3")
    assert answer.headers["content-type"] == "text/plain"


async def test_a_scope_without_method_is_a_get(small):
    assert (await exchange(FileResponse(small), headers=[("range", "bytes=2-4")])).status == 206


@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_ranges_mean_nothing_to_other_methods(small, method):
    answer = await exchange(FileResponse(small), method, headers=[("range", "bytes=2-4")])
    assert (answer.status, answer.headers["content-length"]) == (200, "10")


async def test_ranges_of_another_status_are_ignored(small):
    answer = await exchange(FileResponse(small, status_code=404), "GET", headers=[("range", "bytes=2-4")])
    assert (answer.status, answer.body) == (404, b"0123456789")


async def test_several_ranges_are_a_multipart_body(small):
    response = FileResponse(small, content_type="x/y\r\nforged: 1")
    answer = await exchange(response, "GET", headers=[("range", "bytes=0-1,8-")])
    assert answer.status == 206
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "content-range" not in answer.headers
    assert parts_of(answer) == [
        [b"content-type: x/yforged: 1\r\ncontent-range: bytes 0-1/10", b"01"],
        [b"content-type: x/yforged: 1\r\ncontent-range: bytes 8-9/10", b"89"],
    ]


async def test_a_range_of_a_large_file_is_read_in_pieces(large):
    answer = await exchange(FileResponse(large), "GET", headers=[("range", f"bytes=1-{READ + 9}")])
    assert answer.body == LARGE[1 : READ + 10]


async def test_ranges_of_a_large_file_are_read_in_pieces(large):
    answer = await exchange(FileResponse(large), "GET", headers=[("range", f"bytes=0-{READ},{READ + 5}-")])
    assert [body for _, body in parts_of(answer)] == [LARGE[: READ + 1], LARGE[READ + 5 :]]
    assert answer.headers["content-length"] == str(len(answer.body))


async def test_a_range_outside_is_a_416(small):
    answer = await exchange(FileResponse(small), "GET", headers=[("range", "bytes=10-")])
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")
    assert answer.headers["content-type"] == "application/problem+json"
    assert b'"title":"Range Not Satisfiable"' in answer.body


@pytest.mark.parametrize("value", ["bytes=x", "lines=1-2", "bytes=" + "0-0," * 20 + "1-1"])
async def test_a_range_to_be_ignored_gets_the_whole(small, value):
    assert (await exchange(FileResponse(small), "GET", headers=[("range", value)])).status == 200


async def test_the_same_if_range_date_completes_a_part(small):
    modified = (await exchange(FileResponse(small))).headers["last-modified"]
    headers = [("range", "bytes=0-1"), ("if-range", modified)]
    assert (await exchange(FileResponse(small), "GET", headers=headers)).status == 206


async def test_a_weak_if_range_tag_matches_nothing(small):
    etag = (await exchange(FileResponse(small))).headers["etag"]
    headers = [("range", "bytes=0-1"), ("if-range", etag)]
    assert etag.startswith("W/")
    assert (await exchange(FileResponse(small), "GET", headers=headers)).status == 200


@pytest.mark.parametrize(("tag", "status"), [('"a"', 206), ('"b"', 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)])
async def test_a_strong_if_range_tag_must_be_the_same(small, tag, status):
    response = FileResponse(small, headers={"etag": '"a"'})
    assert (await exchange(response, "GET", headers=[("range", "bytes=0-1"), ("if-range", tag)])).status == status


async def test_a_known_tag_is_a_304(small):
    etag = (await exchange(FileResponse(small))).headers["etag"]
    answer = await exchange(FileResponse(small), "GET", headers=[("if-none-match", etag)], receive=refuse)
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert not {"content-type", "content-length"} & set(answer.headers)


async def test_a_304_goes_before_a_range(small):
    headers = [("if-none-match", "*"), ("range", "bytes=99-")]
    assert (await exchange(FileResponse(small), "GET", headers=headers)).status == 304


async def test_a_client_that_left_stops_the_reading(large):
    answer = await exchange(FileResponse(large), receive=gone)
    assert not answer.complete
    assert len(answer.body) < len(LARGE)


async def test_since_asgi_2_4_an_os_error_is_a_client_that_left(large):
    answer = Answer()

    async def send(message):
        if len(answer.messages) == 2:
            raise OSError
        await answer.send(message)

    await FileResponse(large)({"asgi": {"spec_version": "2.4"}}, anyio.sleep_forever, send)
    assert len(answer.messages) == 2


async def test_a_file_that_becomes_shorter_never_ends_as_if_complete(large):
    answer = Answer()

    async def send(message):
        await answer.send(message)
        if len(answer.messages) == 2:
            os.truncate(large, READ + 1)

    with pytest.raises(OSError, match="became shorter"):
        await FileResponse(large)({"asgi": {"spec_version": "2.4"}}, anyio.sleep_forever, send)
    assert not answer.complete


PATHSEND = {"extensions": {"http.response.pathsend": {}}, "asgi": {"spec_version": "2.3"}}


async def test_a_server_that_sends_files_is_given_the_path(large, monkeypatch):
    monkeypatch.chdir(large.parent)
    answer = await exchange(FileResponse("a.bin"), "GET", receive=refuse, **PATHSEND)
    assert answer.messages[1:] == [{"type": "http.response.pathsend", "path": str(large)}]
    assert answer.headers["content-length"] == str(len(LARGE))


async def test_a_small_file_is_sent_by_us(small):
    assert (await exchange(FileResponse(small), "GET", **PATHSEND)).body == b"0123456789"


async def test_a_range_is_sent_by_us(large):
    answer = await exchange(FileResponse(large), "GET", headers=[("range", f"bytes=0-{INLINE}")], **PATHSEND)
    assert answer.body == LARGE[: INLINE + 1]


async def test_anycorn_is_given_the_path_on_trio_alone(large, anyio_backend_name):
    scope = PATHSEND | {"asgi": {"spec_version": "2.1"}}
    answer = await exchange(FileResponse(large), "GET", **scope)
    assert ("path" in answer.messages[1]) is (anyio_backend_name == "trio")


@pytest.mark.parametrize("extensions", [{}, None])
async def test_a_server_that_does_not_offer_it_is_given_the_bytes(large, extensions):
    assert (await exchange(FileResponse(large), "GET", extensions=extensions)).body == LARGE


async def test_files_are_read_in_the_threads_for_files(small, monkeypatch):
    class Context:
        runtime = Runtime()

    seen = []
    inner = file_answer.os.fstat

    def fstat(fd):
        seen.append((Context.runtime.files.borrowed_tokens, threading.get_ident()))
        return inner(fd)

    monkeypatch.setattr(file_answer.os, "fstat", fstat)
    await exchange(FileResponse(small), hawkapi=Context)
    assert seen[0][0] == 1
    assert seen[0][1] != threading.get_ident()


async def test_the_file_is_closed_when_sending_fails(large):
    async def send(message):
        raise LookupError

    before = len(os.listdir("/dev/fd"))
    with pytest.raises(LookupError):
        await FileResponse(large)({}, anyio.sleep_forever, send)
    assert len(os.listdir("/dev/fd")) == before
