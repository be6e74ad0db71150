import signal
from multiprocessing.connection import wait

from hawkapi.server.base import ServerOptions
from hawkapi.server.listener import bind
from hawkapi.server.worker import Worker
from tests.server.apps import load_and_die


def test_a_worker_that_has_ended_is_sent_no_signal():
    with bind("127.0.0.1", 0) as listener:
        worker = Worker(load_and_die, ServerOptions(), listener)
        wait([worker.ended])
        worker._process.join()
        worker.signal(signal.SIGTERM)
        assert worker.bury() == 7


def test_one_that_says_nothing_has_told_all():
    with bind("127.0.0.1", 0) as listener:
        worker = Worker(load_and_die, ServerOptions(), listener)
        assert worker.hear() is None
        assert worker.report.closed
        worker.bury()
