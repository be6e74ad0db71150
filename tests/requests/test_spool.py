from tempfile import TemporaryFile

import pytest
from anyio import CancelScope

from hawkapi.requests import spool
from hawkapi.requests.spool import SpooledFile, close_files
from hawkapi.runtime.threads import Pool
from tests.runtime.pools import occupied


async def test_what_is_appended_can_be_read_anywhere():
    file = SpooledFile(TemporaryFile, Pool("test", 1))
    file.append(b"0123")
    file.append(bytearray(b"4567"))
    assert file.size == 8
    assert file.read_at(2, 3) == b"234"
    assert file.read_at(6) == b"67"
    file.append(b"8")
    assert file.read_at(0) == b"012345678"
    file.close()


async def test_a_closed_file_cannot_be_read():
    file = SpooledFile(TemporaryFile, Pool("test", 1))
    file.append(b"0")
    file.close()
    file.close()
    assert file.closed
    with pytest.raises(ValueError, match="This upload is closed"):
        file.read_at(0)


async def test_files_are_closed_once():
    limiter = Pool("test", 1)
    files = [SpooledFile(TemporaryFile, limiter), SpooledFile(TemporaryFile, limiter)]
    files[0].append(b"0")
    await close_files(files)
    assert [file.closed for file in files] == [True, True]
    await close_files(files)


async def test_files_are_closed_in_a_cancelled_task_as_well():
    file = SpooledFile(TemporaryFile, Pool("test", 1))
    file.append(b"0")
    with CancelScope() as scope:
        scope.cancel()
        await close_files([file])
    assert file.closed


async def test_files_are_closed_in_the_loop_if_no_thread_is_free_in_time(monkeypatch):
    monkeypatch.setattr(spool, "CLOSE_DEADLINE", 0)
    limiter = Pool("test", 1)
    file = SpooledFile(TemporaryFile, limiter)
    file.append(b"0")
    async with occupied(limiter):
        await close_files([file])
    assert file.closed
