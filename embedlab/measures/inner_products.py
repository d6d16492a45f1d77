"""The share of a contrast outside the species span, asked in other formulas and in other inner products."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import betaln

from embedlab.measures.contrast import Block, Blocks, blocks
from embedlab.measures.halves import Fold, folds
from embedlab.measures.span_chance import matched
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.bootstrap import cut as cut_at
from embedlab.stats.subspaces.overlap import matched_overlaps, projection_overlap
from embedlab.stats.subspaces.shares import energy_share, norm_share
from embedlab.stats.subspaces.subspace import span
from embedlab.stats.whitening import whitener

MAIN = 2  # axes of the contrasts whose overlap with the span is told


def forms(cut: Blocks, cuts: list[Fold], r: int, share: float, chance: float, rng) -> pl.DataFrame:
    """Formulas that go by one name, each with its chance: isotropic, and drawn from the noise. Shares *inside*.

    Only the first, which judges, is free of noise and cross-fitted; the others are as they are found in print.
    """
    d = cuts[0].d
    s = len(cut.groups)
    strata = np.bincount([b.group for b in cut.blocks], minlength=s)[:, None]
    means, contrasts = np.zeros((s, d)), np.zeros((s, d))
    for b in cut.blocks:
        one, two = b.x[b.is_b].mean(axis=0), b.x[~b.is_b].mean(axis=0)
        means[b.group] += (one + two) / 2
        contrasts[b.group] += one - two
    means, contrasts = means / strata, contrasts / strata
    axes, _ = span(means, r)
    left = np.vstack([f.left for f in cuts[: len(cuts) // 2]])
    _, singular, modes = np.linalg.svd(left, full_matrices=False)
    drawn = (rng.standard_normal((400, singular.size)) * singular) @ modes
    level = float(((left @ axes) ** 2).sum() / (left**2).sum())
    q = min(MAIN, s)
    main = np.linalg.svd(contrasts, full_matrices=False)[2][:q].T
    spread = matched_overlaps(modes @ axes, singular**2, q, 199, rng).overlap.mean()
    round_norm = np.exp(betaln(r / 2 + 0.5, (d - r) / 2) - betaln(r / 2, (d - r) / 2)) if r < d else 1.0
    rows = [
        ("energy, cross-fitted and noise-free", share, r / d, float(chance)),
        ("energy, plain", energy_share(contrasts, axes), r / d, level),
        ("norm, plain", norm_share(contrasts, axes), float(round_norm), norm_share(drawn, axes)),
        ("variance within groups", float(np.mean([f.level[:r].sum() for f in cuts])), r / d, level),
        (f"overlap with the first {q} axes of the contrasts", projection_overlap(axes, main), max(r, q) / d, spread),
    ]
    return pl.DataFrame(rows, schema=["form", "inside", "isotropic", "spectrum_matched"], orient="row")


def in_each(embeddings, cut: Blocks, told: tuple, groups, strata, wanted: int, b: int, rng) -> pl.DataFrame:
    """Share *outside* in five inner products, and with species halved, each with its interval and matched chance.

    "tangent" judges: its row is `told`, and `cut` is its space. "unit": vectors of length 1, where kinds that differ
    only in scatter seem to differ inside the span. "centred": the mean of all is taken off before vectors are scaled
    to length 1. "whitened": in the metric that makes scatter within groups round, shrunk, as linear discriminants use
    it; a Euclidean product can hide an orthogonality, or make one. "unseen species", tangent again: each species
    lends its mean to the span or its contrast to the question, not both.
    """
    unit, raw = (blocks(embeddings, cut.contrast, groups=groups, strata=strata, least=4, unit=u) for u in (True, False))
    middle = np.mean([b.x.mean(axis=0) for b in raw.blocks], axis=0)
    asked = {
        "unit": (unit, False),
        "raw": (raw, False),
        "centred": (_mapped(raw, lambda x: _unit(x - middle)), False),
        "whitened": (_mapped(raw, _metric(raw).transform), False),
        "unseen species": (cut, True),
    }
    rows = [("tangent", *map(float, told))]
    for name, (space, apart) in asked.items():
        if apart and len(set(cut.species)) < 4:
            continue
        rows.append((name, *_share(space, wanted, b, rng, apart)))
    names = ["product", "outside", "low", "high", "chance", "chance_low", "chance_high"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _share(cut: Blocks, wanted: int, b: int, rng, apart: bool) -> tuple[float, ...]:
    cuts = folds(cut, wanted, rng, apart=apart)
    r = min(f.inside.shape[1] for f in cuts)
    species = list(dict.fromkeys(cut.species))
    of = [species.index(name) for name in cut.species]
    inside = np.bincount(of, sum(f.inside[:, :r].sum(axis=1) for f in cuts))
    energy = np.bincount(of, sum(f.energy for f in cuts))
    chance = matched(cuts, r, b, rng)[:, -1]
    low, high = bootstrap_ratio(inside, energy, rng=rng)
    share = inside.sum() / energy.sum() if energy.sum() > 0 else np.nan
    low, high = cut_at((low, high), share, (0, 1))
    found = (share, high, low, chance.mean(), *np.quantile(chance, [0.975, 0.025]))
    return tuple(float(1 - v) for v in found)


def _metric(cut: Blocks):
    cells = [x for b in cut.blocks for x in (b.x[b.is_b], b.x[~b.is_b])]
    return whitener(np.vstack([(x - x.mean(axis=0)) * np.sqrt(len(x) / (len(x) - 1)) for x in cells]))


def _mapped(cut: Blocks, change) -> Blocks:
    return replace(cut, blocks=tuple(Block(b.group, change(b.x), b.is_b) for b in cut.blocks))


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
