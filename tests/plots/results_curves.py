"""What a study followed over its worlds: the real result on planted numbers, with a slope, without, and a decline."""

import numpy as np

from embedlab.reproduction.curves import COLUMNS, Curve, StudyCurves

WORLDS = tuple(f"world-{i}" for i in range(6))
SCALES = np.array([480.0, 4320.0, 38880.0])
PLANTED = {"1-shot": (0.05, 0.02), "sex-separation": (0.06, 0.004), "trait-distances": (0.1, -0.01), "own": (0.3, 0.0)}
CONTROLS = {"pixel PCA": 0.02, "random network": 0.015, "shuffled labels": 0.012}


def curve(rng, quantity: str) -> Curve:
    start, slope = PLANTED[quantity]
    value = start + slope * np.arange(3) + 0.006 * rng.normal(size=(6, 3))
    chance = np.full((6, 3), 0.01) + 0.001 * rng.normal(size=(6, 3))
    own = (value, value - 0.01, value + 0.01, chance, chance - 0.02, chance + 0.02)
    controls = {name: at + 0.002 * rng.normal(size=6) for name, at in CONTROLS.items()}
    return Curve(quantity=quantity, names=WORLDS, x=SCALES, worlds=dict(zip(COLUMNS, own, strict=True)),
                 controls=controls)  # fmt: skip


def study_curves(rng) -> StudyCurves:
    return StudyCurves(axis="images", x_name="images", curves=tuple(curve(rng, q) for q in PLANTED), of=len(WORLDS),
                       verdicts={"1-shot": "supported", "sex-separation": "too small to matter"})  # fmt: skip


def every():
    return {"study_curves": study_curves(np.random.default_rng(6))}
