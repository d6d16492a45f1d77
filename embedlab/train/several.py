"""Many runs over worker processes, from one rendered pool; `embedlab train` and the demo enter here.

One torch thread a process, and parallelism over runs: two threads on one small convolution gain nothing, and
on a busy core they can be many times slower than one.
"""

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import torch

from embedlab.extract.compact import DESCRIPTION
from embedlab.progress import Progress
from embedlab.train.config import TrainConfig
from embedlab.train.grid import read_configs
from embedlab.train.loop import run
from embedlab.train.photos import Pool, Render, pools

_REFRESH_SECONDS = 0.3


def train(config: TrainConfig | str | Path, out: str | Path | None = None, workers: int = 2) -> dict:
    """Train what a configuration or a TOML file says and give {checkpoint, images_seen, seconds, metrics}.

    A file with a `[grid]` trains all its runs, each in a folder of its own below `out`; then `checkpoint` and
    `metrics` are those of the run with the most data (the first seed of it), `images_seen` is the sum, and
    `runs` lists every run. Calling again goes on where a killed call stopped and repeats nothing.
    """
    began = time.perf_counter()
    configs = [config] if isinstance(config, TrainConfig) else read_configs(config)
    if out is None:
        out = Path("run") / (configs[0].name if isinstance(config, TrainConfig) else Path(config).stem)
    if len(configs) == 1:
        [done] = train_scales(configs, out, workers=1, folders=[Path(out)])
        return done
    runs = train_scales(configs, out, workers=workers)
    largest = max(range(len(runs)), key=lambda i: (configs[i].total, -i))
    return {
        **runs[largest],
        "images_seen": sum(done["images_seen"] for done in runs),
        "seconds": time.perf_counter() - began,
        "runs": runs,
    }


def train_scales(
    configs: Sequence[TrainConfig],
    out: str | Path,
    *,
    workers: int = 2,
    folders: Sequence[Path] | None = None,
) -> list[dict]:
    """Train each configuration in `out/<config.name>`, and give one result a configuration, in order.

    Runs of one world, dials and image size read one pool of rendered images (`pool-….npy` in `out`, removed when
    they are done). Finished runs are recognised by their configuration and not repeated.
    """
    out, configs = Path(out), list(configs)
    folders = list(folders or (out / config.name for config in configs))
    if len(set(folders)) != len(folders):
        twice = sorted({str(f.name) for f in folders if folders.count(f) > 1})
        raise ValueError(
            f"{twice[:5]} name several runs: vary species, images, steps or seed, or use two folders"
        )
    results = [_finished(config, folder) for config, folder in zip(configs, folders, strict=True)]
    todo = [i for i, result in enumerate(results) if result is None]
    if not todo:
        return results
    out.mkdir(parents=True, exist_ok=True)
    own = pools(configs, out)
    with _Crew(min(workers, len(todo))) as crew:
        for pool in dict.fromkeys(own[i] for i in todo):  # world by world: one pool on disk at a time
            jobs = [_Run(configs[i], folders[i], pool) for i in todo if own[i] == pool]
            jobs.sort(key=lambda job: -job.config.steps * job.config.batch)
            if not pool.path.is_file():
                aside = pool.create()
                crew.do(pool.renders(aside), "rendering", pool.images)
                aside.replace(pool.path)
            done = crew.do(jobs, "training", sum(job.config.steps * job.config.batch for job in jobs))
            for job, result in zip(jobs, done, strict=True):
                results[folders.index(job.folder)] = result
            pool.path.unlink(missing_ok=True)
    return results


class _Run:
    """One run as a job: called with a `tick`, it trains; plain data, so that it travels to a process."""

    def __init__(self, config: TrainConfig, folder: Path, pool: Pool):
        self.config, self.folder, self.pool = config, folder, pool

    def __call__(self, tick: Callable[[int], None]) -> dict:
        train_on, test_on = self.pool.photos(self.config)
        return run(self.config, train_on, self.folder, test=test_on, training=self.pool.told(), tick=tick)


def _finished(config: TrainConfig, folder: Path) -> dict | None:
    """Give the result of a run that was finished earlier with this very configuration, else None."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return None
    told = json.loads(path.read_bytes())["training"]
    if told.get("config") != config.digest:
        raise ValueError(
            f"{folder} holds a model of another configuration ({told.get('config')}, not {config.digest}): "
            "give another --out, or remove that folder"
        )
    return {
        "checkpoint": str(folder),
        "images_seen": told["images_seen"],
        "seconds": 0.0,
        "metrics": told["final"],
    }


class _Crew:
    """Do jobs here (one worker) or in spawned processes, under one progress line."""

    def __init__(self, workers: int):
        self.workers, self.processes = workers, None

    def __enter__(self) -> "_Crew":
        if self.workers > 1:
            context = multiprocessing.get_context("spawn")  # a forked torch inherits locked thread pools
            self.counter, self.stop = context.Value("q", 0), context.Event()
            told = (self.counter, self.stop)
            self.processes = ProcessPoolExecutor(self.workers, context, _enter_worker, told)
        return self

    def __exit__(self, *error) -> None:
        if self.processes:
            self.stop.set()  # whoever is still at work, after an error or Ctrl-C, ends at its next tick
            self.processes.shutdown(wait=True, cancel_futures=True)

    def do(self, jobs: "Sequence[_Run | Render]", what: str, images: int) -> list:
        """Give each job's result, in order; the first failure ends the others."""
        with Progress(what, images, "images") as line:
            if not self.processes:
                with one_thread():
                    return [job(line.add) for job in jobs]
            self.counter.value = 0
            waiting = futures = [self.processes.submit(_work, job) for job in jobs]
            try:
                while waiting:
                    finished, waiting = wait(waiting, _REFRESH_SECONDS, FIRST_COMPLETED)
                    line.add(self.counter.value - line.done)
                    for future in finished:
                        future.result()
            except BrokenProcessPool as error:
                raise ChildProcessError(
                    f"a process died while {what}: call again, finished runs are kept (was memory short?)"
                ) from error
            finally:
                for future in waiting:
                    future.cancel()
            return [future.result() for future in futures]


class _Stopped(Exception):
    """Another job failed, or the user asked for an end: this one stops where it is, to be resumed."""


def _enter_worker(counter, stop) -> None:
    global _counter, _stop  # the only way to hand something shared to a pool's workers
    _counter, _stop = counter, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent alone answers it
    torch.set_num_threads(1)


def _work(job):
    def tick(images: int) -> None:
        if _stop.is_set():
            raise _Stopped
        with _counter.get_lock():
            _counter.value += images

    return job(tick)


@contextmanager
def one_thread():
    """Let torch use one thread within, and as many as before afterwards: sums then have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
