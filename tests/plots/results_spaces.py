"""Planted results about whole spaces: maps, shapes, two of them side by side, the theorem."""

from types import SimpleNamespace

import numpy as np
import polars as pl

from tests.plots.results import _build, evidence, species


def projection(rng, n=600, method="t-SNE"):
    centre = rng.normal(0, 12, (12, 2))
    xy = centre[np.arange(n) % 12] + rng.normal(0, 1.6, (n, 2))
    return _build(
        "projection",
        "Projection",
        method=method,
        seed=0,
        parameters={"perplexity": 30} if method == "t-SNE" else {},
        xy=xy,
        image_id=tuple(f"img-{i:05d}" for i in range(n)),
        trustworthiness=0.93,
        overlap=0.41,
        chance_overlap=15 / n,
        continuity=0.9,
        chance_trustworthiness=0.5,
        chance_continuity=0.5,
        explained=(0.21, 0.13) if method == "PCA" else None,
    )


def composition(skew=1.0, counts=range(1, 4000, 40)):
    """A flock of which a few orders have most images; with `skew` 0 all species have about as many."""
    from embedlab.measures.composition import composition as counted

    sizes = sorted(counts if skew else [sum(counts) // len(counts)] * len(counts), reverse=True)
    classes = ("Aves", "Insecta", "Mammalia")
    rows = pl.DataFrame([
        {"class": classes[i // 5 % 3], "family": f"Longnamedfamily{i // 5}", "species": f"A s{i}"}
        for i, size in enumerate(sizes) for _ in range(size // 20 + 1)
    ])  # fmt: skip
    return counted(SimpleNamespace(rows=rows), rng=0)


def geometry(rng):
    return _build(
        "geometry",
        "Geometry",
        n=1030,
        d=768,
        norm_min=44.9,
        norm_median=50.2,
        norm_max=56.7,
        norm_low=47.0,
        norm_high=53.0,
        mean_cosine=0.24,
        sd_cosine=0.11,
        mean_norm=0.49,
        effective_rank=212.0,
        participation_ratio=61.0,
        top2=0.17,
        zero_rows=0,
        views=("raw", "centred", "unit", "centred unit", "whitened"),
        across={
            "dimension": np.array([14.0, 14, 13, 12, 9]),
            "dimension_low": np.array([12.0, 12, 11, 10, 7]),
            "dimension_high": np.array([16.0, 16, 15, 14, 11]),
            "hubness": np.array([2.0, 2, 1.6, 1.1, np.nan]),
        },
        chance={"dimension": np.array([20.0, 20, 19, 18, 22]), "hubness": np.array([1.0, 1, 0.6, 0.5, np.nan])},
        sampled=1000,
    )


def agreement(rng):
    from embedlab.measures.agreement import Index

    def index(level, name, value, half, chance):
        return Index(level=level, name=name, value=value, interval=(value - half, value + half), n=60, p_value=0.01,
                     chance=(chance, chance - 0.03, chance + 0.03), against="shuffled within species")  # fmt: skip

    x = rng.gamma(3, 0.02, 780)
    return _build(
        "agreement",
        "Agreement",
        x="a-model-with-a-very-long-name/large",
        y="beta",
        dims=(768, 512),
        same_images=True,
        n=900,
        unit="images",
        species=species(40),
        indices=(
            index("images", "CKA, debiased", 0.6, 0.05, 0.4),
            index("beyond species", "CKA of deviations", 0.3, 0.1, 0),
            index("species", "RSA, Spearman", 0.7, np.nan, 0.5),
            index("beyond the tree", "CKA, whitened", 0.4, 0.2, 0),
        ),
        ceiling=0.8,
        corrected=0.875,
        distances=(x, 2 * x + rng.normal(0, 0.02, 780)),
        tree="Tree of 40 tips",
        evidence={k: evidence(rng, 0.35, 0.1, 0.0, 0.05, 40) for k in ("individuals", "species")},
    )  # fmt: skip


def theorem(rng):
    from embedlab.stats.shape.prototypes import Gram

    k = np.array([3, 9, 27, 81])
    return _build(
        "theorem",
        "Theorem",
        species=species(20),
        prototypes="planted texts",
        k=81,
        d=512,
        rank=80,
        length=0.1,
        temperature=0.01,
        inside_l2=2e-3,
        orthogonal_l2=4e-4,
        competitors=2.4,
        orders=(3.0, 4.0),
        exact=2e-15,
        gram=Gram(0.4, 0.4, 0.95),
        gram_centred=Gram(-0.012, 0.05, 0.9),
        share=0.2,
        chance_share=80 / 512,
        soft_share=0.02,
        chance_soft=0.01,
        curve=np.stack([k, k - 1, 0.3 / k, 1e-17 + 0 * k, 0.31 / k, 4e-4 + 0 * k, 6e-4 + 0 * k, 4e-4 + 0 * k], 1),
    )


def neighbours(rng):
    ranks = ("kingdom", "phylum", "class", "order", "family", "genus", "species")
    value = np.array([0.99, 0.97, 0.93, 0.8, 0.66, 0.5, 0.4])
    chance = np.array([0.9, 0.6, 0.4, 0.15, 0.06, 0.03, 0.02])
    return _build(
        "neighbours",
        "NeighbourAgreement",
        ranks=ranks,
        agreement=value,
        low=value - 0.03,
        high=np.minimum(value + 0.03, 1),
        chance=chance,
        ceiling=np.array([1, 1, 1, 0.99, 0.97, 0.94, 0.9]),
        n=np.array([2300, 2300, 2300, 2280, 2280, 2200, 2100]),
        parent_chance=np.array([np.nan, 0.61, 0.62, 0.41, 0.3, 0.26, 0.24]),
        k=10,
        parents=("", *ranks[:-1]),
        apart=(*ranks[1:], ""),
        evidence={r: evidence(rng, v, 0.03, c, 0.01, 60) for r, v, c in zip(ranks, value, chance, strict=True)},
    )


def theorem_along(rng):
    steps = 2.0 ** np.arange(0, 11)
    fall = np.linspace(1, 0, 11)
    return _build(
        "theorem_along",
        "TheoremAlong",
        steps=steps,
        k=49,
        every=240,
        d=96,
        inside=2e-3 * (1 + 40 * (1 - fall)),
        orthogonal=1e-3 + 4e-3 * (1 - fall) ** 2,
        isotropic=1.5e-3 * (1 + 30 * (1 - fall)),
        exact=np.full(11, 3e-16),
        soft_share=0.02 + 0.05 * fall,
        chance_soft=np.full(11, 0.03),
        cosine=0.9 * fall,
        temperature=0.1 * fall + 0.02,
    )
