import errno
import os
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi import staticfiles
from hawkapi.staticfiles import MAX_PATH, StaticFiles
from tests.responses.wire import Answer, exchange, gone, refuse

SECRET = b"not for you"


@pytest.fixture
def root(tmp_path):
    """`static` with files in it, and beside it what must not be served."""
    root = tmp_path / "static"
    (root / "docs").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"0123456789")
    (root / "docs" / "index.html").write_bytes(b"<h1>docs")
    (root / "index.html").write_bytes(b"<h1>root")
    (root / ".env").write_bytes(SECRET)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(SECRET)
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "static1").mkdir()
    (tmp_path / "static1" / "a.txt").write_bytes(SECRET)
    return root


async def get(app, path, method="GET", **options):
    return await exchange(app, method, path=path, type="http", **options)


async def is_absent(app, path):
    answer = await get(app, path)
    assert SECRET not in answer.body
    return answer.status == 404


async def test_a_file_is_served_with_its_validators(root):
    answer = await get(StaticFiles(directory=root), "/a.txt", receive=refuse)
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["etag"].startswith('W/"')
    assert answer.headers["last-modified"].endswith(" GMT")
    assert answer.headers["cache-control"] == "no-cache"


async def test_max_age_lets_caches_keep_it(root):
    answer = await get(StaticFiles(directory=root, max_age=60), "/a.txt")
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_negative_max_age_is_refused(root):
    with pytest.raises(ValueError, match="max_age must be 0 or more seconds, not -1"):
        StaticFiles(directory=root, max_age=-1)


@pytest.mark.parametrize("name", ["nothing", "a.txt"])
def test_a_missing_directory_is_refused_at_construction(root, name):
    with pytest.raises(RuntimeError, match=r"^Static directory not found: .*"):
        StaticFiles(directory=root / name)


async def test_a_relative_directory_stays_where_it_was(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    app = StaticFiles(directory="static")
    monkeypatch.chdir("/")
    assert (await get(app, "/a.txt")).status == 200


async def test_the_root_of_the_file_system_may_be_served(root):
    app = StaticFiles(directory="/")
    assert (await get(app, str(root / "a.txt"))).status == 200


async def test_head_has_no_body(root):
    answer = await get(StaticFiles(directory=root), "/a.txt", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "10", b"")


@pytest.mark.parametrize("path", ["/a.txt", "/nothing"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "get", "__class__"])
async def test_other_methods_are_a_405(root, path, method):
    answer = await get(StaticFiles(directory=root), path, method, receive=refuse)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"Method {method} not allowed. Allowed: GET, HEAD".encode() in answer.body


async def test_an_unknown_file_is_a_404_problem(root):
    answer = await get(StaticFiles(directory=root), "/nothing", receive=refuse)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.body == (
        b'{"type":"https://hawkapi.ashimov.com/errors/not-found","title":"Not Found","status":404,'
        b'"detail":"No route matches GET /nothing"}'
    )


async def test_a_404_to_head_has_no_body(root):
    answer = await get(StaticFiles(directory=root), "/nothing", "HEAD")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("scope_type", ["websocket", "lifespan"])
async def test_other_scopes_are_ignored(root, scope_type):
    assert (await exchange(StaticFiles(directory=root), type=scope_type, receive=refuse)).messages == []


async def test_a_bare_scope_is_a_get(root):
    assert (await exchange(StaticFiles(directory=root), path="/a.txt")).status == 200


@pytest.mark.parametrize("path", ["", "/", "/docs", "/docs/", "/docs/index.html/x", "/a.txt/x"])
async def test_a_folder_is_no_file(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize(
    ("path", "body"),
    [("", b"<h1>root"), ("/", b"<h1>root"), ("/docs", b"<h1>docs"), ("/docs/", b"<h1>docs"), ("/a.txt", b"0123456789")],
)
async def test_with_html_a_folder_is_its_index(root, path, body):
    assert (await get(StaticFiles(directory=root, html=True), path)).body == body


async def test_with_html_a_folder_without_index_is_absent(root):
    (root / "empty").mkdir()
    assert await is_absent(StaticFiles(directory=root, html=True), "/empty/")


async def test_with_html_an_index_that_leads_out_is_absent(root):
    (root / "out").mkdir()
    (root / "out" / "index.html").symlink_to(root.parent / "secret.txt")
    assert await is_absent(StaticFiles(directory=root, html=True), "/out/")


async def test_a_folder_named_index_html_is_absent(root):
    (root / "odd" / "index.html").mkdir(parents=True)
    assert await is_absent(StaticFiles(directory=root, html=True), "/odd")


@pytest.mark.parametrize("path", ["/../static1/a.txt", "/..static1/a.txt", "1/a.txt", "/../static1"])
async def test_cve_2023_29159_sibling_directory_is_not_served(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/docs/../../secret.txt",
        "../secret.txt",
        "//../secret.txt",
        "/./../secret.txt",
        "/docs/../a.txt",
        "/....//secret.txt",
    ],
)
async def test_cve_2024_32982_a_path_cannot_climb_out(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize("path", ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%252e%252e/secret.txt", "/%2e/a.txt"])
async def test_cve_2017_16762_a_decoded_path_is_not_decoded_again(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


async def test_a_file_may_be_named_like_an_escape(root):
    (root / "%2e%2e").write_bytes(b"x")
    assert (await get(StaticFiles(directory=root), "/%2e%2e")).body == b"x"


async def test_cve_2022_35920_a_decoded_climb_reaches_no_sibling(root):
    assert await is_absent(StaticFiles(directory=root), "/../static1/a.txt")


@pytest.mark.parametrize("absolute", [True, False])
async def test_cve_2024_23334_links_that_lead_out_are_absent(root, absolute):
    target = root.parent / "secret.txt"
    (root / "link").symlink_to(target if absolute else "../secret.txt")
    (root / "folder").symlink_to(root.parent)
    app = StaticFiles(directory=root)
    assert await is_absent(app, "/link")
    assert await is_absent(app, "/folder/secret.txt")
    assert await is_absent(app, "/folder/static1/a.txt")


async def test_a_link_that_stays_inside_is_served(root):
    (root / "link.txt").symlink_to("a.txt")
    assert (await get(StaticFiles(directory=root), "/link.txt")).body == b"0123456789"


async def test_the_directory_may_be_a_link(root):
    link = root.parent / "current"
    link.symlink_to(root)
    assert (await get(StaticFiles(directory=link), "/a.txt")).status == 200


async def test_a_link_that_leads_in_a_circle_is_absent(root):
    (root / "circle").symlink_to("circle")
    assert await is_absent(StaticFiles(directory=root), "/circle")


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/docs/.hidden", "/."])
async def test_dotfiles_are_absent(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


async def test_a_link_to_a_dotfile_is_absent(root):
    (root / "env").symlink_to(".env")
    assert await is_absent(StaticFiles(directory=root), "/env")


@pytest.mark.parametrize(
    "path",
    ["/\\\\host\\share\\a", "\\\\host\\share", "/C:/a.txt", "/C:a.txt", "/docs\\..\\a.txt", "/a.txt:stream", "/\\"],
)
async def test_unc_paths_and_drives_are_absent_before_any_stat(root, path, monkeypatch):
    monkeypatch.setattr(staticfiles, "answer_file", None)
    monkeypatch.setattr(StaticFiles, "_inside", None)
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize(
    "name",
    ["CON", "con", "NUL", "nul.txt", "aux.", "PRN .txt", "COM1", "com9.tar.gz", "LPT1", "lpt³", "CONIN$", "COM0"],
)
async def test_cve_2025_66221_windows_devices_are_absent_on_every_platform(root, name):
    (root / name).write_bytes(SECRET)
    app = StaticFiles(directory=root)
    assert await is_absent(app, f"/{name}")
    assert await is_absent(app, f"/{name}/a.txt")


@pytest.mark.parametrize("name", ["console", "nullable.txt", "com10", "a.con", "comics"])
async def test_names_that_only_begin_like_a_device_are_served(root, name):
    (root / name).write_bytes(b"x")
    assert (await get(StaticFiles(directory=root), f"/{name}")).body == b"x"


@pytest.mark.parametrize("path", ["/a\0.txt", "/\0", "/a.txt\0.png"])
async def test_nul_in_a_path_is_absent(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize("path", ["/\ud800", "/a\udcff", "/→"])
async def test_names_that_no_file_has_are_absent(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


@pytest.mark.parametrize("path", ["/" + "a" * 256, "/" + "a" * MAX_PATH, "/" + "a/" * 2000, "/" * (MAX_PATH + 1)])
async def test_over_long_names_are_absent(root, path):
    assert await is_absent(StaticFiles(directory=root), path)


async def test_a_fifo_is_never_opened(root):
    os.mkfifo(root / "fifo")
    assert await is_absent(StaticFiles(directory=root), "/fifo")


async def test_a_socket_is_absent(root, monkeypatch):
    monkeypatch.chdir(root)  # the address of a socket is a short path
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert await is_absent(StaticFiles(directory=root), "/socket")


async def test_a_device_is_never_opened():
    assert await is_absent(StaticFiles(directory="/dev"), "/null")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
async def test_a_file_that_may_not_be_read_is_absent(root, monkeypatch, code):
    def denied(*args):
        raise OSError(code, "denied")

    monkeypatch.setattr(staticfiles, "answer_file", denied)
    assert await is_absent(StaticFiles(directory=root), "/a.txt")


async def test_a_fault_of_ours_is_no_404(root, monkeypatch):
    def too_many(*args):
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(staticfiles, "answer_file", too_many)
    answer = Answer()
    with pytest.raises(OSError, match="too many"):
        await StaticFiles(directory=root)({"path": "/a.txt"}, refuse, answer.send)
    assert answer.messages == []


async def test_a_known_tag_is_a_304(root):
    app = StaticFiles(directory=root)
    etag = (await get(app, "/a.txt")).headers["etag"]
    answer = await get(app, "/a.txt", headers=[("if-none-match", f'"x", {etag}')])
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (304, b"", "no-cache")


async def test_a_head_is_conditional_too(root):
    answer = await get(StaticFiles(directory=root), "/a.txt", "HEAD", headers=[("if-none-match", "*")])
    assert answer.status == 304


async def test_not_modified_since_is_a_304(root):
    app = StaticFiles(directory=root)
    modified = (await get(app, "/a.txt")).headers["last-modified"]
    assert (await get(app, "/a.txt", headers=[("if-modified-since", modified)])).status == 304


async def test_another_content_has_another_tag(root):
    app = StaticFiles(directory=root)
    before = (await get(app, "/a.txt")).headers["etag"]
    (root / "a.txt").write_bytes(b"other")
    assert (await get(app, "/a.txt")).headers["etag"] != before


async def test_a_range_is_a_206(root):
    answer = await get(StaticFiles(directory=root), "/a.txt", headers=[("range", "bytes=-2")])
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"89", "bytes 8-9/10")


async def test_a_range_outside_is_a_416(root):
    answer = await get(StaticFiles(directory=root), "/a.txt", headers=[("range", "bytes=10-")])
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")


async def test_a_large_file_stops_when_the_client_leaves(root):
    (root / "large").write_bytes(b"x" * 1_000_000)
    assert not (await get(StaticFiles(directory=root), "/large", receive=gone)).complete


async def test_the_file_system_is_asked_in_one_worker_thread(root, monkeypatch):
    threads = []

    def answer_file(*args):
        threads.append(threading.get_ident())
        raise FileNotFoundError(errno.ENOENT, "gone")

    def realpath(path):
        threads.append(threading.get_ident())
        return path

    app = StaticFiles(directory=root)
    monkeypatch.setattr(staticfiles, "answer_file", answer_file)
    monkeypatch.setattr(staticfiles.os.path, "realpath", realpath)
    await is_absent(app, "/a.txt")
    assert len(threads) == 2
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


NAMES = st.text(alphabet="./\\:\0a%2eé\udcff\ud800") | st.text()


@given(NAMES)
def test_whatever_the_path_its_names_stay_below(path):
    names = staticfiles._names(path)
    assert names is None or all(name not in ("", ".", "..") and not set(name) & set("/\\\0:") for name in names)
