"""What of a step is training: the whole loop from a uint8 memory map beside forward, backward and step alone.

Both in turns in one process, same model and batch: (a) one resident batch, forward, backward, optimiser step; (b) the
loop of `embedlab train`, with reading, augmentation, captions, learning rate, metrics. Shares are by the clock, and by
seconds of processor, which count the thread that prepares batches in full: what is left where no core is spare. Then
images made on the fly: what the painters give, what the trainer takes, and which of the two is slower.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.timing import only, surroundings
from embedlab.train.batches import Photos, batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.gradients import descend
from embedlab.train.learner import Learner, adam
from embedlab.train.loop import run
from embedlab.train.loss import clamp_scale

SPECIES, IMAGES, TARGET = 256, 16, 0.9


def main() -> int:
    """Print the tables; give 1 where the loop keeps less than 90 % of the bare rate."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--steps", type=int, default=30, help="in a round")
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--no-endless", action="store_true")
    told = asked.parse_args()
    like = TrainConfig(
        species=SPECIES, images=IMAGES, steps=told.steps, log_every=10, save_every=10**6, device=told.device
    )
    rows = [
        ("convolutions, bag of words, 40 px", like),
        ("convolutions, bag of words, 64 px", replace(like, size=64)),
        # a token has 4 x width channels; a tenth of the images a second, so fewer steps will do
        ("ViT, causal text, 64 px", replace(like, size=64, tower="vit", text="causal", steps=max(4, told.steps // 5))),
    ]
    if told.device == "cuda":
        rows = [(name, replace(config, batch=4096, precision="bf16")) for name, config in rows]
    print(surroundings("torch"))
    print(f"one torch thread; {told.rounds} rounds of {told.steps} steps in turns; images per second")
    print(f"{'':<36}{'bare':>8}{'loop':>8}{'share':>8}{'range':>14}{'of processor':>13}")
    bad = False
    with tempfile.TemporaryDirectory() as folder, only(1):
        torch.set_num_threads(1)
        for name, config in rows:
            wall, cpu = compared(config, Path(folder), told.rounds)
            share, own = (np.median(rates[:, 1] / rates[:, 0]) for rates in (wall, cpu))
            spread = wall[:, 1] / wall[:, 0]
            bad |= own < TARGET  # the clock of a crowded machine says little; processor time counts every thread
            print(
                f"{name:<36}{np.median(wall[:, 0]):>8,.0f}{np.median(wall[:, 1]):>8,.0f}{share:>8.1%}"
                f"  {spread.min():>5.0%} to {spread.max():.0%}{own:>13.1%}{'' if own >= TARGET else '  below target'}"
            )
        if not told.no_endless:
            endless(rows[1][1], Path(folder))
    return int(bad)


def compared(config: TrainConfig, folder: Path, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Give images per second of each round, (rounds, 2) for bare steps and whole loop: by the clock, by processor."""
    photos = noise(config, folder)
    learner = Learner.drawn(config, photos)
    optimiser = adam(learner, config)
    batch = batch_at(photos, photos.numbers(learner.vocabulary), 0, config, device=config.device)

    def bare() -> np.ndarray:
        wait(config)
        began = now()
        for _ in range(config.steps):
            optimiser.zero_grad(set_to_none=True)
            descend(learner, batch, bf16=config.precision == "bf16")
            optimiser.step()
            clamp_scale(learner.model.log_scale, config.scale_max)
        wait(config)
        return config.steps * config.batch / (now() - began)

    def loop() -> np.ndarray:
        # from the first step's end to the last step's: drawing a model and saving it happen once a run
        ticks = []
        run(config, photos, folder / "run", tick=lambda images, before=False: ticks.append(now()))
        return (len(ticks) - 2) * config.batch / (ticks[-1] - ticks[1])

    learner.train()
    bare(), loop()
    rates = np.array([(bare(), loop()) if i % 2 else (loop(), bare())[::-1] for i in range(rounds)])
    return rates[:, :, 0], rates[:, :, 1]


def noise(config: TrainConfig, folder: Path) -> Photos:
    """Give a memory map of noise with captions of seven words, as many as a real run would have."""
    path = folder / f"{config.size}.npy"
    if not path.exists():
        shape = (SPECIES * IMAGES, config.size, config.size, 3)
        np.save(path, np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    names = [" ".join(f"{rank}{s // 2**k}" for rank, k in zip("kpcofgs", range(6, -1, -1), strict=True))
             for s in range(SPECIES)]  # fmt: skip
    return Photos(
        pixels=np.load(path, mmap_mode="r"),
        rows=np.arange(SPECIES * IMAGES),
        species=np.repeat(np.arange(SPECIES), IMAGES),
        captions=[[name, name.split()[-1]] for name in names],
        forms=np.array([0.6, 0.4]),
    )


def endless(config: TrainConfig, folder: Path) -> None:
    """Print both rates of an endless run, with no painter beside the trainer and with one."""
    from embedlab.train.photos import Pool

    config = replace(config, pool="endless", species=64, world_species=128, steps=config.steps // 2)
    pool = Pool.of([config], folder)
    aside = pool.create()
    for job in pool.renders(aside):
        job(lambda images: None)
    aside.replace(pool.path)
    for painters in (0, 1):
        photos, _ = pool.photos(config)
        pace = run(config, photos, folder / "endless", painters=painters)["pace"]
        print(
            f"made on the fly, {config.size} px, {painters} painters beside the trainer: painting "
            f"{pace['painting']:,.0f}, training {pace['training']:,.0f} images/s; the slower is {pace['slower']}"
        )


def now() -> np.ndarray:
    """Give seconds by the clock and of this process."""
    return np.array([time.perf_counter(), time.process_time()])


def wait(config: TrainConfig) -> None:
    """Let a GPU finish what was asked of it."""
    if config.device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    sys.exit(main())
