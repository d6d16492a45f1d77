"""Draw every world of every cell, on all cores, and say which promises were kept: `make calibrate`.

What was drawn stays in `.calibration/`, filed by the code that it rests on; a run that was stopped goes on.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from embedlab.progress import Progress
from tests.calibration import ledger
from tests.calibration.drawing import CHUNK, jobs
from tests.calibration.verdicts import broken, uneven


def drawn(area: str, label: str, permutations: int, scale: float, keys: list[str]) -> tuple[str, list[dict], float]:
    """Some worlds of one job, in a process of its own, with the processor seconds they took."""
    job = next(j for j in jobs(permutations, scale, area=area) if j.label == label)
    begun = time.process_time()
    return label, [job.draw(key) for key in keys], time.process_time() - begun


def missing(all_jobs, where) -> list[tuple[str, list[str]]]:
    """What is not drawn yet, in portions, the same portion of every job before the next."""
    portions = []
    for job in all_jobs:
        have = ledger.kept(job.path(where))
        keys = [k for k in job.keys() if k not in have]
        portions += [(i, job.label, keys[i : i + CHUNK]) for i in range(0, len(keys), CHUNK)]
    return [(label, keys) for _, label, keys in sorted(portions)]


def main(argv=None) -> int:
    """Run as a command; give 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration.run", description=__doc__)
    parser.add_argument("--only", default="", help="cells whose file or name holds this")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the worlds to draw (1)")
    parser.add_argument("--permutations", type=int, default=99, help="resamples a world (99)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (all cores)")
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md and its figure")
    asked = parser.parse_args(argv)
    where = ledger.folder()
    all_jobs = jobs(asked.permutations, asked.scale, asked.only)
    by_label = {job.label: job for job in all_jobs}
    portions = missing(all_jobs, where)
    took = dict.fromkeys(by_label, 0.0)
    with (
        ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool,
        Progress("drawing", sum(len(keys) for _, keys in portions), "worlds") as line,
    ):
        area = {label: job.source.stem.removeprefix("worlds_") for label, job in by_label.items()}
        waiting = [pool.submit(drawn, area[k], k, asked.permutations, asked.scale, keys) for k, keys in portions]
        for done in as_completed(waiting):
            label, found, seconds = done.result()
            ledger.keep(by_label[label].path(where), found)
            took[label] += seconds
            line.note(label)
            line.add(len(found))
    bad = 0
    for job in all_jobs:
        have = ledger.kept(job.path(where))
        found = [have[k] for k in job.keys()]
        for said in filter(None, (broken(job, found), uneven(job, found))):
            print(f"BROKEN  {job.label}: {said}")
            bad += 1
    from tests.calibration.table import table, write

    print(table(all_jobs, where))
    if slow := sorted(((s, k) for k, s in took.items() if s > 60), reverse=True):
        print("slowest cells, processor seconds: " + "; ".join(f"{k} {s:.0f}" for s, k in slow[:8]))
    print(f"{len(all_jobs)} columns, {bad} broken promises")
    if asked.write:
        write(all_jobs, where)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
