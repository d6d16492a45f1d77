"""SIGKILL half way and a rerun give the bytes of an unbroken run, with a real network in a real process."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from embedlab.extract import loop as room
from embedlab.extract.extract import extract_images
from embedlab.io.store import open_store, store_state
from tests.extract.conftest import encoded, picture
from tests.extract.test_extract import bytes_of

CHILD = """
import sys, time
import torch
torch.set_num_threads(1)
from embedlab.extract import extract, loop, openclip
loop.PART_ROWS = 16
plain = openclip.OpenClipEncoder.encode
met = []
def slow(self, batch):
    met.append(batch)
    time.sleep(0.2 if len(met) < 6 else 600)  # two parts are written by then: the kill comes here
    return plain(self, batch)
openclip.OpenClipEncoder.encode = slow
extract.extract_images(sys.argv[1], "bioclip-2", sys.argv[2], device="cpu", batch_size=8)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_kill_half_way_leaves_no_trace(tiny, tmp_path, monkeypatch, one_thread):
    folder, whole, cut = tmp_path / "images", tmp_path / "whole", tmp_path / "cut"
    folder.mkdir()
    for i in range(70):
        (folder / f"{i:03d}.jpg").write_bytes(encoded(picture(i), "JPEG"))
    (folder / "020.jpg").write_bytes((folder / "021.jpg").read_bytes())
    (folder / "033.jpg").write_bytes((folder / "034.jpg").read_bytes()[:300])
    command = [sys.executable, "-c", CHILD, str(folder), str(cut)]
    killed = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (cut / "parts" / "part-00001.json").exists():
        assert killed.poll() is None and time.monotonic() < deadline, killed.stderr.read().decode()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert store_state(cut) == "unfinished"
    monkeypatch.setattr(room, "PART_ROWS", 16)
    for out in (cut, whole):
        extract_images(folder, "bioclip-2", out, device="cpu", batch_size=8)
    assert bytes_of(cut) == bytes_of(whole)
    assert open_store(cut).x.shape == (68, 16)
    last = json.loads((cut / "runs.jsonl").read_text().splitlines()[-1])
    assert last["resumed"] and last["images"] <= 69 - 32  # the parts that were done were not done again
