"""Many runs over worker processes, from rendered pools; `embedlab train` and the demo enter here.

One torch thread a process, and parallelism over runs: two threads on one small convolution gain nothing, and
on a busy core they can be many times slower than one. Under `torchrun` it is the other way about: all processes
share one run after the other.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from embedlab.extract.compact import DESCRIPTION
from embedlab.train.config import TrainConfig
from embedlab.train.crew import Crew
from embedlab.train.grid import read_configs
from embedlab.train.loop import run
from embedlab.train.parallel import Ranks, entered
from embedlab.train.photos import Pool, pools
from embedlab.train.sampling import Endless
from embedlab.world.card import DESIGN

_WORTH_PROCESSES = 8  # rendering jobs: fewer are done before a second process has imported torch


def train(
    config: TrainConfig | str | Path,
    out: str | Path | None = None,
    workers: int = 2,
    minutes: float | None = None,
) -> dict:
    """Train what a configuration or a TOML file says and give {checkpoint, images_seen, seconds, metrics}.

    A file with a `[grid]` trains all its runs, each in a folder of its own below `out`; then `checkpoint` and
    `metrics` are those of the run with the most data (the first seed of it), `images_seen` is the sum, and
    `runs` lists every run. Calling again goes on where a killed call stopped and repeats nothing.

    After `minutes`, what is under way is saved and `Paused` raised: the same call goes on. A run on images made
    on the fly tells its `pace`: the rates of painting and training, and the slower of the two.
    """
    began = time.perf_counter()
    until = math.inf if minutes is None else time.time() + 60 * minutes
    configs = [config] if isinstance(config, TrainConfig) else read_configs(config)
    if out is None:
        out = Path("run") / (configs[0].name if isinstance(config, TrainConfig) else Path(config).stem)
    if len(configs) == 1:
        [done] = train_scales(configs, out, workers=workers, folders=[Path(out)], until=until)
        return done
    runs = train_scales(configs, out, workers=workers, until=until)
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
    until: float = math.inf,
) -> list[dict]:
    """Train each configuration in `out/<config.name>`, and give one result a configuration, in order.

    Runs of one world, dials and image size read one pool of rendered images (`pool-….npy` in `out`, removed when
    they are done). Finished runs are recognised by their configuration and not repeated. At `until`, a
    `time.time()`, whatever is under way is saved and `Paused` raised.
    """
    out, configs = Path(out), list(configs)
    folders = list(folders or (out / config.name for config in configs))
    if len(set(folders)) != len(folders):
        twice = sorted({str(f.name) for f in folders if folders.count(f) > 1})
        raise ValueError(
            f"{twice[:5]} name several runs: vary species, images, steps or seed, or use two folders"
        )
    cuda = any(config.device == "cuda" for config in configs)
    if cuda and not torch.cuda.is_available():
        raise ValueError("device = 'cuda', and torch finds no GPU here: set device = 'cpu', or go where one is")
    with entered("cuda" if cuda else "cpu") as ranks, Crew(workers, quiet=not ranks.first) as crew:
        results = [_finished(config, folder) for config, folder in zip(configs, folders, strict=True)]
        results = ranks.told(results)  # the first one writes: what it sees, holds for all
        todo = [i for i, result in enumerate(results) if result is None]
        own = pools(configs, out) if todo else []
        for pool in dict.fromkeys(own[i] for i in todo):  # world by world: one pool on disk at a time
            jobs = [Run(configs[i], folders[i], pool, workers, until) for i in todo if own[i] == pool]
            jobs.sort(key=lambda job: -job.config.steps * job.config.batch)
            _render(pool, crew, ranks, len(jobs))
            images = sum(job.config.steps * job.config.batch for job in jobs)
            done = crew.do(jobs, "training", images, here=ranks.count > 1 or any(job.alone for job in jobs))
            for job, result in zip(jobs, done, strict=True):
                results[folders.index(job.folder)] = result
            ranks.wait()
            if ranks.first:
                pool.path.unlink(missing_ok=True)
    return results


@dataclass(frozen=True)
class Run:
    """One run as a job: called with a `tick`, it trains; plain data, so that it travels to a process."""

    config: TrainConfig
    folder: Path
    pool: Pool
    workers: int
    until: float

    @property
    def alone(self) -> bool:
        """Whether it leaves no room for a run beside it: it has a GPU, or painters of its own."""
        return self.config.device == "cuda" or self.config.pool == "endless"

    def __call__(self, tick: Callable[..., None]) -> dict:
        """Train, and give the result of `run`."""
        train_on, test_on = self.pool.photos(self.config)
        painters = 0
        if isinstance(train_on, Endless):
            if self.config.device == "cuda":  # it paints faster than processes could hand images over
                train_on = replace(train_on, canvas=replace(train_on.canvas, device="cuda"))
            else:
                painters = max(1, self.workers - 1)
        return run(
            self.config, train_on, self.folder, test=test_on, training=self.pool.told(),
            painters=painters, until=self.until, tick=tick,
        )  # fmt: skip


def _render(pool: Pool, crew: Crew, ranks: Ranks, runs: int) -> None:
    """Paint a pool that is not there yet; several ranks each paint their share."""
    if ranks.told(pool.path.is_file()):
        return
    if ranks.first:
        pool.path.parent.mkdir(parents=True, exist_ok=True)
    aside = ranks.told(pool.create() if ranks.first else None)
    jobs = pool.renders(aside)[ranks.rank :: ranks.count]
    few = runs == 1 and len(jobs) < _WORTH_PROCESSES
    crew.do(jobs, "rendering", pool.images * len(jobs) // len(pool.renders(aside)), here=few or ranks.count > 1)
    ranks.wait()
    if ranks.first:
        aside.replace(pool.path)
    ranks.wait()


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
    if told.get("design", DESIGN) != DESIGN:
        raise ValueError(
            f"{folder} holds a model that saw worlds of design {told['design']}, and they are drawn to design {DESIGN} "
            "now: give another --out, or remove that folder"
        )
    return {
        "checkpoint": str(folder),
        "images_seen": told["images_seen"],
        "seconds": 0.0,
        "metrics": told["final"],
    }
