"""Results with planted numbers, for figures and pages; of the real classes."""

from functools import cache
from importlib import import_module

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.contrast import Contrast
from embedlab.measures.placebo import Beside
from embedlab.stats.trait.placebo import PlaceboPanel

GENERA = ("Geospiza", "Camarhynchus", "Certhidea", "Ficedula", "Parus", "Heliconius", "Turdus", "Passer")
EPITHETS = (
    "fortis",
    "magnirostris",
    "difficilis",
    "parvulus",
    "olivacea",
    "hypoleuca",
    "major",
    "erato",
    "melpomene",
    "montanus",
)


def species(n):
    return tuple(
        f"{GENERA[i % len(GENERA)]} {EPITHETS[(i // len(GENERA) + i) % len(EPITHETS)]}{'' if i < 40 else i}"
        for i in range(n)
    )


def _build(module, name, **fields):
    """The real class where it stands; a stand-in of the same name until then."""
    try:
        cls = getattr(import_module(f"embedlab.measures.{module}"), name)
    except ModuleNotFoundError:
        cls = type(
            name,
            (),
            {
                "__str__": lambda s: s.sentence,
                "table": lambda s: s.rows,
                "__init__": lambda s, **k: s.__dict__.update(k),
            },
        )
        fields |= {
            "sentence": f"{name} planted for a test.",
            "caption": f"Planted {name}.",
            "rows": pl.DataFrame({"name": ["a", "b"], "value": [1.0, 2.0]}),
        }
        return cls(**fields)
    for key, field in cls.__dataclass_fields__.items():
        # What no figure draws may be anything of its kind.
        n = len(fields.get("species", ()))
        blank = {"tuple": (), "str": "", "float": 0.5, "int": 1, "dict": {}}
        kind = str(getattr(field.type, "__name__", field.type)).split("[")[0]
        fields.setdefault(key, np.full(n, 0.5) if "ndarray" in kind else blank.get(kind))
    return cls(**{k: v for k, v in fields.items() if k in cls.__dataclass_fields__})


def evidence(rng, estimate=0.4, half=0.1, centre=0.0, spread=0.06, n=38, **other):
    null = rng.normal(centre, spread, 999)
    more = (1 + (null >= estimate).sum()) / 1000
    less = (1 + (null <= estimate).sum()) / 1000
    return Evidence(
        **{
            "statistic": "planted",
            "estimate": estimate,
            "interval": (estimate - half, estimate + half * 1.2),
            "null": null,
            "chance_kind": "labels shuffled within species",
            "p_more": float(more),
            "p_less": float(less),
            "p_floor": 0.001,
            "n": n,
            "n_effective": float(n),
            **other,
        }
    )


def separation(rng, s=24):
    ratio = rng.gamma(1.2, 0.12, s) - 0.03
    within = rng.uniform(0.4, 0.6, s)
    return _build(
        "separation",
        "Separation",
        contrast=Contrast("sex", "female", "male"),
        species=species(s),
        ratio=ratio,
        between=ratio * within,
        within=within,
        counts=rng.integers(4, 12, (s, 2)),
        unit="individuals",
        evidence=evidence(rng, float(ratio.mean()), 0.05, 0.0, 0.02, s),
    )


def shared_axis(rng, s=24):
    return _build(
        "shared_axis",
        "SharedAxis",
        contrast=Contrast("sex", "female", "male"),
        species=species(s),
        clades=tuple(name.split()[0] for name in species(s)),
        rank="genera",
        agreement=rng.normal(0.4, 0.2, s),
        told=rng.uniform(0.4, 1.0, s),
        energy=rng.gamma(1.2, 0.06, s),
        scatter=rng.uniform(0.4, 0.6, s),
        control=np.arange(s) % 8 == 0,
        control_p=0.4,
        whitened=(0.3, 0.01),
        transfer=evidence(rng, 0.7, 0.06, 0.5, 0.05, 8, unit="genera"),
        unit="individuals",
        evidence=evidence(rng, 0.4, 0.1, 0.0, 0.06, 8, unit="genera"),
    )


def erasure(rng, s=24):
    places = ("whole space", "species erased", "inside the span", "outside, main", "outside, random", "main noise axes")
    rows = []
    for what, chance in (("contrast", 0.5), ("species", 1 / s)):
        for where in places if what == "contrast" else ("whole space", "contrast erased"):
            value = float(rng.uniform(chance, 0.95))
            rows.append({"what": what, "where": where, "accuracy": value, "low": value - 0.04, "high": value + 0.04,
                         "chance": chance, "chance_low": chance * 0.95, "chance_high": chance * 1.05,
                         "change": 0.01, "change_low": -0.02, "change_high": 0.03, "kept": True})  # fmt: skip
    return _build(
        "erasure",
        "Erasure",
        contrast=Contrast("sex", "female", "male"),
        species=species(s),
        rank=5,
        d=512,
        readings=pl.DataFrame(rows),
        unit="individuals",
        evidence=evidence(rng, 0.8, 0.05, 0.5, 0.02, s),
    )


def orthogonality(rng, s=24):
    curve = np.stack(
        [
            np.arange(1, 19),
            0.22 * (1 - np.exp(-np.arange(1, 19) / 5)),
            0.3 * (1 - np.exp(-np.arange(1, 19) / 7)),
            0.2 * (1 - np.exp(-np.arange(1, 19) / 7)),
            0.4 * (1 - np.exp(-np.arange(1, 19) / 7)),
        ],
        1,
    ).astype(float)
    nulls = {
        "spectrum-matched": rng.normal(0.34, 0.05, 500),
        "shuffled labels": rng.normal(0.29, 0.03, 500),
        "sphere-preserving": rng.normal(0.03, 0.01, 199),
        "isotropic": rng.beta(19, 500, 500),
    }
    return _build(
        "orthogonality",
        "Orthogonality",
        contrast=Contrast("sex", "female", "male"),
        species=species(s),
        groups=species(s),
        rank=18,
        d=512,
        inside=np.clip(rng.normal(0.2, 0.12, s), -0.1, 1.1),
        length=rng.gamma(4, 0.3, s),
        share=0.21,
        noise_level=0.29,
        isotropic=18 / 512,
        nulls=nulls,
        curve=curve,
        products=pl.DataFrame(
            {
                "product": ["tangent", "raw", "centred", "whitened", "unseen species"],
                "outside": [0.79, 0.77, 0.8, 0.95, 0.74],
                "low": [0.7, 0.68, 0.7, 0.93, 0.6],
                "high": [0.88, 0.86, 0.9, 0.97, 0.88],
                "chance": [0.7, 0.7, 0.69, 0.93, 0.72],
                "chance_low": [0.6, 0.58, 0.55, 0.9, 0.5],
                "chance_high": [0.8, 0.81, 0.85, 0.95, 0.9],
            }
        ),
        forms=pl.DataFrame(),
        equivalence=None,
        unit="individuals",
        evidence=evidence(
            rng,
            0.79,
            0.05,
            0.71,
            0.03,
            s,
            statistic="share outside the span",
            chance_kind="labels shuffled within species",
        ),
    )


def trait_alignment(rng, kind="numeric", s=110):
    axis = rng.normal(0, 1, s)
    value = (
        10 ** (1.5 + 0.5 * axis + 0.5 * rng.normal(size=s))
        if kind == "numeric"
        else np.array(["forest", "grassland", "wetland", "coast"], object)[
            np.clip((axis + 1.6 + 0.6 * rng.normal(size=s)).astype(int), 0, 3)
        ]
    )
    return _build(
        "trait_alignment",
        "TraitAlignment",
        trait="body_mass_g" if kind == "numeric" else "habitat",
        kind=kind,
        species=species(s),
        value=value,
        axis=axis,
        r_squared=0.52,
        adjusted=0.18,
        lam=0.86,
        n_effective=41.0,
        reliability=float("nan"),
        reliability_note="99 species have one image",
        beside=None
        if kind == "numeric"
        else Beside(placebo=PlaceboPanel(("Brownian", "λ = 0.86"), (9, 11), (200,) * 2)),
        evidence=evidence(rng, 0.18, 0.12, -0.01, 0.07, s),
    )


def phylogeny(rng, s=60):
    p = s * (s - 1) // 2
    tree = np.clip(rng.beta(5, 1.4, p), 0.05, 1)
    space = 0.35 + 0.4 * tree + 0.1 * rng.normal(size=p)
    depth = np.linspace(0.15, 0.95, 8)
    at = 0.35 + 0.4 * depth
    return _build(
        "phylogeny",
        "Phylogeny",
        species=species(s),
        tree_distance=tree,
        space_distance=space,
        correlation=0.43,
        k_mult=0.31,
        depth=depth,
        space_at_depth=at,
        space_low=at - 0.06,
        space_high=at + 0.05,
        chance_distance=float(space.mean()),
        evidence=evidence(rng, 0.43, 0.06, 0.0, 0.05, s, chance_kind="tips of the tree shuffled"),
    )


@cache
def every():
    """Name and result of each kind; the same on every call."""
    from tests.plots import results_curves, results_finches, results_habitat, results_places
    from tests.plots import results_series as series
    from tests.plots import results_spaces as spaces
    from tests.plots.results_many import agreements

    rng = np.random.default_rng(7)
    return {
        "separation": separation(rng),
        "separation-many": separation(rng, 80),
        "orthogonality": orthogonality(rng),
        "shared_axis": shared_axis(rng),
        "erasure": erasure(rng),
        "trait-numeric": trait_alignment(rng),
        "trait-kinds": trait_alignment(rng, "categorical"),
        "phylogeny": phylogeny(rng),
        "neighbours": spaces.neighbours(rng),
        "scaling": series.scaling(rng),
        "hierarchy": series.hierarchy(rng),
        "projection": spaces.projection(rng),
        "projection-pca": spaces.projection(rng, 300, "PCA"),
        "composition": spaces.composition(),
        "composition-even": spaces.composition(skew=0.0, counts=range(20, 60)),
        "geometry": spaces.geometry(rng),
        "agreement": spaces.agreement(rng),
        "agreements": agreements(),
        "theorem": spaces.theorem(rng),
        "theorem_along": spaces.theorem_along(rng),
        "recognition": series.recognition(rng),
        "trait_distances": series.trait_distances(rng),
        "objectives": series.objectives(rng),
        "beyond_controls": series.beyond_controls(rng),
        **results_places.every(),
        **results_habitat.every(),
        **results_finches.every(),
        **results_curves.every(),
    }
