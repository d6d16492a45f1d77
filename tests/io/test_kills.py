"""Kills at the points of docs/cache.md, in real processes: a rerun ends with the bytes of an unbroken run."""

import gc
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedlab.io import lease
from embedlab.io.atomic import sweep
from embedlab.io.check import check_store
from embedlab.io.store import open_store
from tests.io.worlds import bytes_of, write, write_and_die

ROOT = Path(__file__).resolve().parents[2]
# One for each promise of the protocol; `NAME-written` is between the last byte and the rename.
POINTS = [
    "plan-written", "vectors-written:3", "part-vectors:2", "tiles-written", "part-before-record:4",
    "part-record-written:5", "part:10", "shard-vectors:2", "shard-before-record", "shard:1", "shard:3",
    "thumbs-written", "card-written", "before-manifest", "manifest-written", "after-manifest", "tidying",
]  # fmt: skip


def start(out, fault=None):
    """Extract into `out` in another process, which dies at the fault point.

    The processes are forked off a clean server that has imported everything and run nothing: importing is
    most of such a short life.
    """
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.io.worlds"])
    process = server.Process(target=write_and_die, args=(out, fault))
    process.start()
    return process


def ended(process):
    process.join(timeout=60)
    return process.exitcode


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken") / "s"
    write(out)
    return bytes_of(out)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill -9")
def test_killed_anywhere_a_rerun_gives_the_same_bytes(tmp_path, unbroken):
    for first in range(0, len(POINTS), 3):  # three at a time
        running = {p: start(tmp_path / p.replace(":", "-"), p) for p in POINTS[first : first + 3]}
        for point, process in running.items():
            out = tmp_path / point.replace(":", "-")
            assert ended(process) == -signal.SIGKILL, f"{point} was not reached"
            assert (out / "manifest.json").exists() == (point in ("after-manifest", "tidying")), point
            begun = time.monotonic()
            write(out)
            assert time.monotonic() - begun < 5, f"{point}: the dead writer's lease held the rerun up"
            assert bytes_of(out) == unbroken, point
            assert check_store(out)["ok"], point
            assert not [f.name for f in out.rglob("*") if f.name.endswith(".tmp")], point


def test_every_fault_point_of_the_protocol_is_in_the_code_and_the_other_way_round():
    code = "".join(file.read_text() for file in (ROOT / "embedlab" / "io").glob("*.py"))
    plain = set(re.findall(r'fault\("([a-z-]+)"\)', code))
    protocol = (ROOT / "docs" / "cache.md").read_text()
    table = set(re.findall(r"^\| `([a-z-]+)` \|", protocol, re.M))
    assert plain <= table
    assert {point.partition(":")[0] for point in POINTS} <= table


def test_a_resumed_run_writes_only_what_was_missing(tmp_path):
    out = tmp_path / "s"
    write(out, stop_after=7)
    kept = {p.name: p.stat().st_mtime_ns for p in (out / "parts").glob("*.npy")}
    write(out, stop_after=1)
    assert {name: (out / "parts" / name).stat().st_mtime_ns for name in kept} == kept
    write(out)
    lines = [json.loads(line) for line in (out / "runs.jsonl").read_text().splitlines()]
    assert [(line["end"], line["resumed"]) for line in lines] == [
        ("left", False),
        ("left", True),
        ("finished", True),
    ]
    assert sum(line["images"] for line in lines) == 47


def test_a_part_damaged_between_two_runs_is_named_and_made_anew(tmp_path, unbroken):
    out = tmp_path / "s"
    write(out, stop_after=9)
    part = out / "parts" / "part-00002.npy"
    data = bytearray(part.read_bytes())
    data[-1] ^= 1
    part.write_bytes(data)
    with pytest.raises(ValueError, match=r"part-00002.npy was damaged on disk.*run the same command again"):
        write(out)
    write(out)
    assert bytes_of(out) == unbroken


def test_a_part_cut_short_is_made_anew(tmp_path, unbroken):
    out = tmp_path / "s"
    write(out, stop_after=9)
    os.truncate(out / "parts" / "part-00004.npy", 100)
    write(out)
    assert bytes_of(out) == unbroken


# -- two writers --------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_while_the_first_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "HEARTBEAT_SECONDS", 0.1)
    held = lease.Lease(tmp_path)
    try:
        with pytest.raises(
            ValueError, match=rf"another process is writing .*process {os.getpid()} on .*sign of life"
        ):
            lease.Lease(tmp_path)
    finally:
        held.release()
    lease.Lease(tmp_path).release()
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once_make_one_store(tmp_path, unbroken):
    out = tmp_path / "s"
    both = [start(out), start(out)]
    assert 0 in [
        ended(process) for process in both
    ]  # the other one was refused, or came late and found the store finished
    assert bytes_of(out) == unbroken and open_store(out).n == 43


def test_a_silent_lease_from_elsewhere_expires_by_time(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 0.5)
    file = tmp_path / "lease.json"
    file.write_text('{"token": "t", "pid": 1, "table": "another boot", "start": "5"}')
    begun = time.monotonic()
    mine = lease.Lease(tmp_path)
    assert 0.3 < time.monotonic() - begun < 5 and mine.held()
    mine.release()
    file.write_text('{"token": "t", "host": "another machine"}')
    os.utime(file, (time.time() - 30, time.time() - 30))
    assert lease._expiry(lease._read(file)) == lease.EXPIRY_ELSEWHERE_SECONDS


@pytest.mark.skipif(
    not os.path.exists("/proc/self/stat"), reason="zombies are told by /proc, which is not here"
)
def test_a_zombie_counts_as_dead_at_once(tmp_path):
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = {**lease._self(), "pid": sleeper.pid, "start": lease._start(sleeper.pid), "token": "t"}
    assert not lease._dead(holder)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, but not yet reaped
    assert lease._dead(holder)
    sleeper.wait()
    assert lease._dead(holder)


def test_a_writer_that_lost_its_lease_stops_before_it_commits(tmp_path):
    mine = lease.Lease(tmp_path)
    (tmp_path / "lease.json").write_text('{"token": "another"}')
    with pytest.raises(ValueError, match="taken over by another process"):
        mine.insist()
    mine.release()
    assert (tmp_path / "lease.json").exists()  # the other's lease is not ours to remove


def test_a_writer_that_was_dropped_gives_its_lease_back(tmp_path):
    mine = lease.Lease(tmp_path)
    assert (tmp_path / "lease.json").exists() and mine.held()
    del mine
    gc.collect()
    assert not (tmp_path / "lease.json").exists()


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch, unbroken):
    def full(handle):
        raise OSError(28, "No space left on device")

    out = tmp_path / "s"
    write(out, stop_after=2)
    before = sorted(f.name for f in (out / "parts").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write(out)
    assert sorted(f.name for f in (out / "parts").iterdir()) == before
    write(out)
    assert bytes_of(out) == unbroken


def test_a_sweep_of_one_file_leaves_its_neighbours_and_the_living(tmp_path):
    mine, young, other = (tmp_path / f".{name}.{pid}.tmp" for name, pid in [("a[1]", 7), ("a[1]", 8), ("a1", 7)])
    for file in (mine, young, other):
        file.write_text("half")
    for file in (mine, other):
        os.utime(file, (0, 0))
    sweep(tmp_path, "a[1]", quiet_for=600)
    assert set(tmp_path.iterdir()) == {young, other}
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())
    sweep(tmp_path / "nowhere")
