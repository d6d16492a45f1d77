"""torchvision can be imported next to a CPU-only torch, also by a spawned worker that starts afresh."""

import multiprocessing
import sys

import pytest

from embedlab.extract.torchvision_shim import import_torchvision


def worker(connection):
    module = import_torchvision()
    from torchvision.transforms import functional

    connection.send((module.__name__, functional.__name__, import_torchvision() is module))


@pytest.mark.slow
def test_here_and_in_a_spawned_worker():
    module = import_torchvision()
    assert import_torchvision() is module is sys.modules["torchvision"]
    mine, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=worker, args=(theirs,))
    process.start()
    assert mine.poll(120), "the worker said nothing"
    assert mine.recv() == ("torchvision", "torchvision.transforms.functional", True)
    process.join()


def test_another_failure_is_not_swallowed(monkeypatch):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                raise RuntimeError("something else is wrong")

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(RuntimeError, match="something else is wrong"):
        import_torchvision()
