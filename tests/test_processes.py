"""Workers leave Ctrl-C to their parent, also in the instant in which they are begun."""

import os
import signal
import threading
import time
from multiprocessing import util

import pytest

from embedlab.processes import Workers

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals as on Linux and macOS")


def hears() -> tuple[bool, bool]:
    """Whether this process would be told of Ctrl-C, and whether it would mind."""
    held = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return not held, signal.getsignal(signal.SIGINT) != signal.SIG_IGN


def threads() -> set[int]:
    """How many threads each library of this process would take that computes in several."""
    import scipy.linalg  # noqa: F401  has a linear algebra of its own
    import torch
    from threadpoolctl import threadpool_info

    return {torch.get_num_threads(), *(each["num_threads"] for each in threadpool_info())}


def begun(words: str) -> None:
    os.environ["EMBEDLAB_BEGUN"] = words


def read() -> str:
    return os.environ["EMBEDLAB_BEGUN"]


def test_workers_are_begun_and_hear_nothing():
    with Workers(1, begun, ("well",)) as pool:
        assert pool.submit(hears).result(60) == (False, False)
        assert pool.submit(read).result(60) == "well"
    assert hears() == (True, True), "the parent hears it as before"


def again() -> set[int]:
    """The same where libraries stand ready to take two, as after a script that loads them itself."""
    import torch
    from threadpoolctl import threadpool_limits

    from embedlab.processes import _one_thread

    torch.set_num_threads(2)
    threadpool_limits(2)
    assert 2 in threads()
    _one_thread()
    return threads()


@pytest.mark.parametrize("job", [threads, again], ids=["loaded later", "loaded before"])
def test_workers_take_one_thread_each(monkeypatch, job):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # as the suite itself sets them
        monkeypatch.setenv(name, "2")
    with Workers(1) as pool:
        assert pool.submit(job).result(60) == {1}


def test_ctrl_c_while_a_worker_begins_waits_until_it_stands(monkeypatch, capfd):
    """The signal comes when the process exists and has not read its first words.

    Another thread stands by, as the kernel hands a signal that one thread masks to any that does not.
    """
    bystander = threading.Event()
    threading.Thread(target=bystander.wait, args=(120,), daemon=True).start()
    real, pressed = util.spawnv_passfds, []

    def pressing(*how):
        child = real(*how)
        if not pressed:
            pressed.append(child)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # whichever thread it is handed to, it has come
        return child

    pool = Workers(1)
    pool.submit(hears).result(60)  # what Python itself begins beside the first worker, begins here
    other = Workers(1)
    monkeypatch.setattr(util, "spawnv_passfds", pressing)
    with pytest.raises(KeyboardInterrupt):
        other.submit(hears)
    assert pressed and [p.pid for p in other._processes.values()] == pressed, "it was begun whole"
    other.shutdown()
    pool.shutdown()
    bystander.set()
    assert hears() == (True, True), "and it is heard again"
    assert "Traceback" not in capfd.readouterr().err
