import threading

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.body import BodyReader
from hawkapi.requests.errors import BadRequest, MalformedBody, PayloadTooLarge, RequestEntityTooLarge, RequestError
from hawkapi.requests.form_data import FormData
from hawkapi.requests.forms import read_form
from hawkapi.requests.limits import Limits
from hawkapi.requests.spool import SpooledFile
from hawkapi.runtime.runtime import current
from tests.requests.feeds import Feed, pieces, stream_of

MULTIPART = "multipart/form-data; boundary=B"


def part(name="f", filename=None, data=b"x", *headers):
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    lines = [f"Content-Disposition: {disposition}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def body_of(*parts):
    return b"".join(b"--B\r\n" + each + b"\r\n" for each in parts) + b"--B--\r\n"


async def form_of(body, *, content_type=MULTIPART, size=64 * 1024, **limits):
    return await read_form(content_type, stream_of(*pieces(body, size)), Limits(**limits), current())


async def upload_of(body, **limits):
    return (await form_of(body, **limits)).get("f")


async def test_fields_and_files_are_told_apart():
    form = await form_of(body_of(part("a", None, b"1"), part("f", "a.txt", b"data", "Content-Type: text/plain")))
    assert form.fields == {"a": "1"}
    upload = form.files["f"]
    assert (upload.filename, upload.content_type, upload.data) == ("a.txt", "text/plain", b"data")


async def test_repeated_names_become_lists():
    form = await form_of(body_of(*[part("a", None, b"%d" % n) for n in range(3)], part("f", "1"), part("f", "2")))
    assert form.fields == {"a": ["0", "1", "2"]}
    assert [upload.filename for upload in form.files["f"]] == ["1", "2"]


async def test_a_file_without_a_content_type_is_bytes():
    assert (await upload_of(body_of(part("f", "a")))).content_type == "application/octet-stream"


async def test_a_file_input_that_was_left_empty_is_no_file():
    form = await form_of(body_of(part("f", "", b"", "Content-Type: application/octet-stream"), part("a")))
    assert form.files == {}
    assert (await upload_of(body_of(part("f", "", b"x")))).data == b"x"
    assert (await upload_of(body_of(part("f", "empty.txt", b"")))).data == b""


async def test_contents_may_hold_anything_but_the_delimiter():
    data = b"\r\n--\r\n-B--B--\r\r\n\n\x00\xff\r\n--b--"
    assert (await upload_of(body_of(part("f", "a", data)))).data == data


async def test_a_form_may_be_empty():
    form = await form_of(b"--B--\r\n")
    assert (form.fields, form.files) == ({}, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B",
        b"--B\r\n",
        body_of(part())[:-6],
        body_of(part())[:-20],
        b"--C\r\n" + part() + b"\r\n--C--\r\n",
        b"--B\n" + part() + b"\r\n--B--\r\n",
        b"--Bx\r\n" + part() + b"\r\n--B--\r\n",
        body_of(b'Content-Disposition: form-data; name="a"\nX: y\r\n\r\nx'),
        body_of(b'Content-Disposition: form-data; name="a"\r\n folded\r\n\r\nx'),
        body_of(b'Content-Disposition: attachment; name="a"\r\n\r\nx'),
        body_of(b"Content-Type: text/plain\r\n\r\nx"),
        body_of(b"no colon\r\n\r\nx"),
        body_of(b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'),
        body_of(b"Content-Length: 5\r\n" + part()),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 64 * 1024])
async def test_a_malformed_or_truncated_form_is_refused(body, size):
    with pytest.raises(MalformedBody, match="Malformed multipart form") as refused:
        await form_of(body, size=size)
    assert refused.value.field == "$"


@pytest.mark.parametrize("disposition", ["form-data", 'form-data; name=""', 'form-data; filename="a"'])
async def test_a_part_without_a_name_is_refused(disposition):
    with pytest.raises(MalformedBody, match="name"):
        await form_of(body_of(f"Content-Disposition: {disposition}\r\n\r\nx".encode()))


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="a\nb"',
        'multipart/form-data; boundary="ä"',
        f"multipart/form-data; boundary={'B' * 71}",
    ],
)
async def test_a_form_without_a_usable_boundary_is_refused(content_type):
    with pytest.raises(MalformedBody, match="boundary"):
        await form_of(body_of(part()), content_type=content_type)


async def test_a_boundary_of_seventy_characters_is_fine():
    boundary = b"B" * 70
    form = await form_of(
        body_of(part("a")).replace(b"--B", b"--" + boundary),
        content_type=f'Multipart/Form-Data; x=y; boundary="{boundary.decode()}"',
    )
    assert form.fields == {"a": "x"}


async def test_cve_2023_30798_and_2024_52581_fields_and_files_are_counted():
    limits = {"fields": 3, "files": 2}
    await form_of(body_of(*[part()] * 3, *[part("f", "a")] * 2), **limits)
    with pytest.raises(PayloadTooLarge, match="more than 3 fields"):
        await form_of(body_of(*[part()] * 4), **limits)
    with pytest.raises(PayloadTooLarge, match="more than 2 files"):
        await form_of(body_of(*[part("f", "a")] * 3), **limits)


async def test_cve_2023_25577_and_2023_24580_empty_file_inputs_are_counted_too():
    with pytest.raises(PayloadTooLarge, match="more than 2 files"):
        await form_of(body_of(*[part("f", "", b"")] * 3), files=2)


@pytest.mark.parametrize("size", [1, 64 * 1024])
async def test_cve_2024_47874_field_without_filename_is_capped(size):
    assert (await form_of(body_of(part("a", None, b"x" * 10)), size=size, field_size=10)).fields == {"a": "x" * 10}
    with pytest.raises(PayloadTooLarge, match="Form field exceeds maximum size of 10 bytes"):
        await form_of(body_of(part("a", None, b"x" * 11)), size=size, field_size=10)


async def test_a_file_may_be_larger_than_a_field():
    assert (await upload_of(body_of(part("f", "a", b"x" * 11)), field_size=10)).size == 11


async def test_cve_2026_42561_part_headers_are_counted_and_capped():
    headers = [f"X-{n}: y" for n in range(15)]
    await form_of(body_of(part("a", None, b"x", *headers)))
    with pytest.raises(BadRequest, match="too many or too large headers") as refused:
        await form_of(body_of(part("a", None, b"x", *headers, "X-More: y")))
    assert refused.value.status == 400


@pytest.mark.parametrize("size", [100, 64 * 1024])
async def test_cve_2026_22815_and_2026_34516_part_headers_of_any_size_are_refused(size):
    await form_of(body_of(part("a", None, b"x", "X: " + "y" * 8189)), size=size)
    with pytest.raises(BadRequest):
        await form_of(body_of(part("a", None, b"x", "X: " + "y" * 8190)), size=size)
    with pytest.raises(BadRequest):
        await form_of(b"--B\r\n" + b"y" * 100_000, size=size)


@pytest.mark.parametrize("size", [1, 10, 64 * 1024])
async def test_cve_2024_53981_preamble_and_epilogue_are_skipped(size):
    body = b"a preamble --B of\r\n--x\r\n" + body_of(part("a")) + b"\r\n--B\r\n an epilogue"
    assert (await form_of(body, size=size)).fields == {"a": "x"}


async def test_cve_2026_40347_a_long_preamble_never_reaches_the_parser():
    with pytest.raises(MalformedBody, match="Unexpected end"):
        await form_of(b"\r\n" * 500_000, size=1000)


async def test_cve_2026_33033_a_transfer_encoding_of_a_part_is_ignored():
    body = body_of(part("f", "a", b" eA = = ", "Content-Transfer-Encoding: base64"))
    assert (await upload_of(body)).data == b" eA = = "


async def test_cve_2023_46136_a_file_of_line_breaks_is_read_in_linear_time():
    data = b"\r" * 100_000 + b"\n" * 100_000 + b"\r\n" * 100_000
    assert (await upload_of(body_of(part("f", "a", data)))).size == len(data)


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("\\\\host\\share\\a.txt", "a.txt"),
        ("..\\../a.txt", "a.txt"),
        ("a\x00b\x1f\x7f\u0085.txt", "ab.txt"),
        ("a%0D%0Ab.txt", "ab.txt"),
        ("..", ""),
        (".\x00.", ""),
        ("dir/", ""),
        ("ü 名.txt", "ü 名.txt"),
        ("%22quoted%22", '"quoted"'),
    ],
)
async def test_cve_2021_28658_a_filename_is_a_label_and_no_path(sent, label):
    assert (await upload_of(body_of(part("f", sent)))).filename == label


async def test_control_characters_are_taken_out_of_a_content_type():
    upload = await upload_of(body_of(part("f", "a", b"x", "Content-Type: text/\x1bplain; a=b")))
    assert upload.content_type == "text/plain; a=b"


async def test_a_field_is_decoded_as_its_charset_says():
    form = await form_of(body_of(part("a", None, b"\xf6", "Content-Type: text/plain; charset=ISO-8859-1")))
    assert form.fields == {"a": "ö"}


@pytest.mark.parametrize("charset", ["utf-8", "ascii", "punycode", "nonsense"])
async def test_text_that_is_not_in_its_charset_is_malformed(charset):
    with pytest.raises(MalformedBody) as refused:
        await form_of(body_of(part("a", None, b"\xff", f"Content-Type: text/plain; charset={charset}")))
    assert refused.value.field == "a"


async def test_a_file_at_the_spool_limit_stays_in_memory_and_one_above_goes_to_disk():
    assert (await upload_of(body_of(part("f", "a", b"x" * 10)), spool=10)).spooled is None
    form = await form_of(body_of(part("f", "a", b"x" * 11)), spool=10)
    upload = form.get("f")
    assert upload.spooled is not None
    assert (upload.size, upload.data, await upload.read(3)) == (11, b"x" * 11, b"xxx")
    await form.aclose()


async def test_a_large_file_on_disk_is_what_was_sent():
    form = await form_of(body_of(part("f", "a", bytes(range(256)) * 10)), size=100, spool=256)
    assert form.get("f").data == bytes(range(256)) * 10
    await form.aclose()


async def test_cve_2025_54121_the_disk_is_written_in_worker_threads(monkeypatch):
    threads, append = set(), SpooledFile.append

    def watched(self, data):
        threads.add(threading.current_thread())
        append(self, data)

    monkeypatch.setattr(SpooledFile, "append", watched)
    form = await form_of(body_of(part("f", "a", b"x" * 1000)), size=50, spool=100)
    await form.aclose()
    assert threads
    assert threading.current_thread() not in threads


async def test_cve_2025_47287_the_first_error_is_the_last_thing_read():
    stream = stream_of(body_of(b"no colon\r\n\r\nx"), b"more", b"and more")
    with pytest.raises(MalformedBody):
        await read_form(MULTIPART, stream, Limits(), current())
    assert stream.chunks == [b"more", b"and more"]


async def test_cve_2025_69228_many_parts_count_as_one_body():
    feed = Feed(*pieces(body_of(*[part("f", "a", b"x" * 100)] * 100), 1000))
    with pytest.raises(RequestEntityTooLarge):
        await read_form(MULTIPART, BodyReader(feed, [], 5000).stream(), Limits(), current())
    assert feed.calls == 6


@pytest.mark.parametrize("hostile", ["\\" * 50_000, '"' * 50_001, '; a="\\x' * 20_000, ";" + " " * 50_000])
async def test_cve_2026_28356_hostile_options_are_read_in_linear_time(hostile):
    with pytest.raises(MalformedBody, match="boundary"):
        await form_of(body_of(part()), content_type=f"multipart/form-data; x={hostile}")


@pytest.fixture
def spooled(monkeypatch):
    """Collect every file that goes to disk."""
    files, init = [], SpooledFile.__init__

    def watched(self, create, limiter):
        init(self, create, limiter)
        files.append(self)

    monkeypatch.setattr(SpooledFile, "__init__", watched)
    return files


@pytest.mark.parametrize("end", [b"", b"\r\n--Bx", b"\r\n--B\r\nno colon\r\n\r\n"])
async def test_the_files_of_a_refused_form_are_closed(spooled, end):
    body = b"--B\r\n" + part("f", "a", b"x" * 1000) + b"\r\n--B\r\n" + part("g", "b", b"x" * 1000) + end
    with pytest.raises(MalformedBody):
        await form_of(body, spool=10)
    assert [file.closed for file in spooled] == [True, True]


async def test_an_error_of_the_stream_passes_and_closes_the_files(spooled):
    with pytest.raises(OSError, match="gone"):
        await read_form(
            MULTIPART, stream_of(b"--B\r\n" + part("f", "a", b"x" * 1000), OSError("gone")), Limits(spool=10), current()
        )
    assert [file.closed for file in spooled] == [True]


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\%'), min_size=1)
parts = st.lists(st.tuples(names, st.none() | names, st.binary().filter(lambda data: b"\r\n--B" not in data)))


async def outcome(body, size):
    try:
        form = await form_of(body, size=size, spool=20)
    except (MalformedBody, RequestError) as error:
        return type(error)
    files = {
        name: [
            (upload.filename, upload.content_type, upload.data) for upload in FormData(files=form.files).getlist(name)
        ]
        for name in form.files
    }
    await form.aclose()
    return form.fields, files


@given(parts, st.integers(1, 40))
def test_any_form_comes_back_however_it_is_cut(sent, size):
    body = body_of(*[part(name, filename, data) for name, filename, data in sent])
    whole = anyio.run(outcome, body, len(body))
    assert anyio.run(outcome, body, size) == whole


fragments = st.lists(
    st.sampled_from(
        [b"--B", b"--", b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"x", b": ", part(), part("f", "a"), body_of(part())]
    )
)


@given(fragments.map(b"".join) | st.binary(), st.integers(1, 40))
def test_no_body_makes_the_reader_fail_otherwise_than_it_should(body, size):
    assert anyio.run(outcome, body, size) == anyio.run(outcome, body, max(len(body), 1))
