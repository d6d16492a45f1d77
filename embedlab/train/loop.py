"""One run: a learner, its optimiser and the steps between them; resumable, and the same each time."""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch

from embedlab.extract.compact import write_whole
from embedlab.train.config import TrainConfig
from embedlab.train.endless import Painters, pace
from embedlab.train.feed import Beside, Feed, maker
from embedlab.train.gradients import descend
from embedlab.train.learner import Learner, adam, learning_rate, quick_products
from embedlab.train.loss import clamp_scale
from embedlab.train.parallel import Ranks, entered, share_norms
from embedlab.train.replay import scenes
from embedlab.train.sampling import Endless, Photos
from embedlab.train.saved import CONFIG, METRICS, STATE, Paused, keep_state, kept_lines, take_up, write_lines


def run(
    config: TrainConfig,
    photos: Photos | Endless,
    folder: str | Path,
    *,
    test: Photos | None = None,
    training: dict | None = None,
    painters: int = 0,
    until: float = math.inf,
    tick: Callable[..., None] = lambda images, before=False: None,
) -> dict:
    """Train one model into `folder` and give {checkpoint, images_seen, seconds, metrics}.

    A folder with a saved state of the same configuration goes on from it, to the same weights bit for bit
    as an unbroken run (on one machine). Under `torchrun` each process looks at its part of every batch, and the
    first one writes.

    Args:
        test: images to name at the end.
        training: what else the model's card shall say of its training.
        painters: processes that paint the images of an endless run; the result then tells its `pace`.
        until: a `time.time()` at whose next line of metrics the run saves its state and raises `Paused`.
        tick: is told how many images a step saw, and first how many were seen `before`, by an earlier call.
    """
    folder, began = Path(folder), time.perf_counter()
    with entered(config.device) as ranks, quick_products(config.device), ExitStack() as stack:
        replay = scenes(config.seed, config.size) if config.replay else None
        learner = Learner.drawn(config, photos, replay)
        share_norms(learner, ranks)
        told = {
            "images": len(photos),
            "species": len(photos.captions),
            "seed": config.seed,
            "world": config.world,
            "config": config.digest,
            **{key: getattr(config, key) for key in ("objective", "tower", "text")},
            **({"control": "shuffled labels"} if config.shuffle else {}),
            **(training or {}),
        }
        notes = _Notes(config, folder, learner, ranks, told, until)
        first = notes.begin()
        tick(first * config.batch, before=True)
        studio = None
        if isinstance(photos, Endless):
            own = ranks.part(config.batch)
            places = lambda step: photos.picked(step, config)[own]  # noqa: E731
            studio = Painters(photos.canvas, places, config.steps, painters)
            stack.enter_context(studio)
        make = maker(config, learner, photos, replay, ranks, studio and studio.pixels)
        beside = Beside(config.device)
        feed = stack.enter_context(Feed(lambda step: beside.prepare(lambda: make(step)), first, config.steps))
        learner.train()
        for step, made in enumerate(feed, start=first):
            for group in notes.optimiser.param_groups:
                group["lr"] = learning_rate(config, step)
            notes.optimiser.zero_grad(set_to_none=True)
            batch, again = beside.take(made)
            notes.sums += descend(
                learner, batch, again, weight=config.replay, parts=config.accumulate, ranks=ranks,
                bf16=config.precision == "bf16",
            )  # fmt: skip
            notes.optimiser.step()
            clamp_scale(learner.model.log_scale, config.scale_max)
            notes.after(step + 1)
            tick(config.batch)
        training_rate = (config.steps - first) * config.batch / max(notes.elapsed - feed.waited, 1e-9)
        metrics = notes.end(test)
    done = {
        "checkpoint": str(folder),
        "images_seen": config.steps * config.batch,
        "seconds": time.perf_counter() - began,
        "metrics": metrics,
    }
    return done | ({"pace": pace(ranks.count * studio.rate, training_rate)} if studio else {})


class _Notes:
    """All that a run writes and reads: its curve, its saved state, snapshots and the finished model."""

    def __init__(self, config: TrainConfig, folder: Path, learner: Learner, ranks: Ranks, told: dict, until: float):
        self.config, self.folder, self.learner = config, folder, learner
        self.ranks, self.told, self.until = ranks, told, until
        self.optimiser = adam(learner, config)
        self.sums = torch.zeros(3, device=config.device)  # loss, floor, excess of replay since the last line
        self.line: dict = {}

    def begin(self) -> int:
        """Take up what was saved, and give the number of steps done."""
        if self.ranks.first:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / CONFIG, self.config.toml().encode())
        self.ranks.wait()
        done = take_up(self.folder, self.config.digest, self.learner, self.optimiser)
        lines = kept_lines(self.folder / METRICS, done)
        self.ranks.wait()  # all have read what is written now
        if self.ranks.first:
            write_lines(self.folder / METRICS, lines)
        self.line = lines[-1] if lines else {}
        self.saved = self.logged = done
        self.began = self.clock = time.perf_counter()
        return done

    @property
    def elapsed(self) -> float:
        """Seconds since the first step of this call."""
        return time.perf_counter() - self.began

    def after(self, done: int) -> None:
        """Note what a step calls for: a line, a saved state, a snapshot, nothing."""
        config, last = self.config, done == self.config.steps
        if config.snapshots == "powers" and done & (done - 1) == 0 and not last and self.ranks.first:
            self.save(self.folder / f"step-{done:06d}", done, final={})
        if done % config.log_every and not last:
            return
        self.line = self._line(done)
        if self.ranks.first:
            write_lines(self.folder / METRICS, [self.line], mode="a")
        if not math.isfinite(self.line["loss"]):
            raise ValueError(f"the loss is {self.line['loss']} after {done} steps: lower lr = {config.lr}")
        late = not last and self.until < math.inf and self.ranks.told(time.time() > self.until)
        if not last and (late or done - self.saved >= config.save_every):
            self.saved = done
            if self.ranks.first:
                keep_state(self.folder, config.digest, self.learner, self.optimiser, done)
        if late:
            raise Paused(f"{self.folder} is saved after {done:,} of {config.steps:,} steps")

    def _line(self, done: int) -> dict:
        loss, floor, again = (self.sums / (done - self.logged)).tolist()
        self.sums.zero_()
        now, before, since = time.perf_counter(), self.clock, done - self.logged
        self.logged, self.clock = done, now
        return {
            "step": done,
            "images_seen": done * self.config.batch,
            "loss": loss,
            "floor": floor,
            "excess": loss - floor,
            **({"replay_excess": again} if self.config.replay else {}),
            "lr": learning_rate(self.config, done - 1),
            "scale": self.learner.model.log_scale.exp().item(),
            "images_per_second": since * self.config.batch / max(now - before, 1e-9),
        }

    def save(self, folder: Path, done: int, final: dict) -> None:
        """Write the model as it stands after so many steps."""
        told = {**self.told, "images_seen": done * self.config.batch, "steps": done, "final": final}
        # What was computed in 16 bits on a GPU is brought back in 16 bits: no more was known of it.
        half = self.config.precision == "bf16" and self.config.device == "cuda"
        self.learner.save(folder, f"compact-{self.config.name}", told, half=half)

    def end(self, test: Photos | None) -> dict:
        """Name the test images, write the finished model, drop the state; give the last numbers."""
        metrics = {
            key: self.line[key] for key in ("loss", "floor", "excess", "replay_excess", "scale") if key in self.line
        }
        if self.ranks.first:
            if test is not None:
                metrics |= self.learner.zero_shot(test)
            self.save(self.folder, self.config.steps, metrics)
            (self.folder / STATE).unlink(missing_ok=True)
        return self.ranks.told(metrics)
