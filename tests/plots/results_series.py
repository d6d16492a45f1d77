"""A series of runs, and a tree: results for figures and pages, beside those in `results`."""

from types import SimpleNamespace

import numpy as np
import polars as pl

from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.measures.beyond_controls import beyond_controls as compared_with_controls
from embedlab.measures.ends import Beside, Ends
from embedlab.measures.hierarchy import hierarchy as measured
from embedlab.measures.objectives import objectives as compared
from embedlab.measures.recognition import recognition as named_rightly
from embedlab.measures.trait_distances import trait_distances as alike_in_traits
from tests.plots.results import _build, evidence, species


def scaling(rng):
    x = np.repeat([1000.0, 4000.0, 16000.0, 64000.0], 2)
    values = 0.05 + 0.06 * np.log10(x / 1000) + rng.normal(0, 0.008, 8)
    zero = np.zeros(8)
    return _build(
        "scaling",
        "Scaling",
        measure="Fisher ratio of sex",
        x_name="training images",
        x=x,
        runs=tuple(f"compact-{int(v)}-s{i % 2}" for i, v in enumerate(x)),
        values=values,
        low=values - 0.02,
        high=values + 0.02,
        chance=zero,
        chance_low=zero - 0.012,
        chance_high=zero + 0.012,
        slope=0.06,
        parts={"between": values * 0.5, "within": 0.5 - 0.03 * np.log10(x / 1000), "species_energy": 0.2 + 0 * x},
        ends=Ends(smallest=1e3, largest=6.4e4, difference=0.1, interval=(0.08, 0.12), disjoint=True, runs=4),
        controls=(
            Beside(name="pixel PCA", value=0.03, interval=(0.01, 0.05), gap=0.13, gap_interval=(0.1, 0.16)),
            Beside(name="random network", value=0.02, interval=(0.01, 0.04), gap=0.14, gap_interval=(0.1, 0.17)),
        ),
        placebo=(0.001, 0.4),
        species=species(24),
        by_species=values[:, None] + np.outer(np.log10(x / 4000), 0.03 * np.sin(np.arange(24))),
        tree=None,
        exposure=None,
        evidence=evidence(rng, 0.06, 0.015, 0.0, 0.01, 4, unit="scales", chance_kind="labels shuffled within species"),
    )


def hierarchy(rng, s=60):
    tree = random_tree(np.random.default_rng(3), s, names=species(s))
    x = np.repeat(brownian_traits(np.random.default_rng(4), tree, 6), 3, axis=0)
    x += 0.8 * np.random.default_rng(5).normal(size=x.shape)
    rows = {"image_id": [str(i) for i in range(3 * s)], "species": np.repeat(tree.names, 3).tolist()}
    rows["family"] = [f"f{tree.names.index(n) // 12}" for n in rows["species"]]
    rows["genus"] = [f"g{tree.names.index(n) // 4}" for n in rows["species"]]
    return measured(Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), tree, permutations=99, rng=0)


def recognition(rng, s=40):
    means = 0.7 * np.repeat(rng.normal(size=(s, 12)), 8, axis=0)
    x = means + rng.normal(size=means.shape)
    rows = {"image_id": [str(i) for i in range(8 * s)], "species": np.repeat(species(s), 8).tolist()}
    texts = Embeddings(means[::8].astype(np.float32), {"image_id": list(species(s)), "species": list(species(s))}, {})
    space = Embeddings(x.astype(np.float32), pl.DataFrame(rows), {})
    return named_rightly(space, prototypes=texts, episodes=10, permutations=99, rng=0)


def trait_distances(rng, s=70):
    tree = random_tree(np.random.default_rng(3), s, names=species(s))
    traits = brownian_traits(np.random.default_rng(4), tree, 4)
    x = np.c_[traits, 1.5 * brownian_traits(np.random.default_rng(5), tree, 4)] + 3
    rows = {"image_id": [str(i) for i in range(s)], "species": tree.names}
    table = Traits({"species": tree.names, **{n: traits[:, j] for j, n in enumerate(("Mass", "Wing", "Tail", "Leg"))}})
    space = Embeddings(x.astype(np.float32), pl.DataFrame(rows), {})
    return alike_in_traits(space, [table[n] for n in table.names], tree, permutations=199, draws=199, rng=0)


def objectives(rng):
    gains = {"hierarchical": 0.14, "taxonomic": 0.139, "flat": 0.12, "ce": 0.142, "multirank": 0.16, "supcon": 0.1}
    own = {g: 0.03 * rng.normal(size=40) for g in gains}
    stores, values = [], {}
    for world, seed in ((w, s) for w in range(3) for s in range(2)):
        for name, gain in gains.items():
            if name == "supcon" and (world or seed):
                continue  # one run: too few to tell
            training = {"objective": name, "world": world, "seed": seed, "images": 8000}
            stores.append(SimpleNamespace(card={"model": f"{name}-w{world}-s{seed}", "training": training}))
            values[id(stores[-1])] = gain + own[name] + 0.006 * rng.normal() + 0.02 * rng.normal(size=40)

    def measure(store, rng):
        value = values.get(id(store), np.full(40, 0.03))
        mean = float(value.mean())
        e = evidence(rng, mean, 0.012, 0.0, 0.008, 40, statistic="Fisher ratio of sex (trace form), mean over species")
        return SimpleNamespace(evidence=e, species=species(40), parts=(value, np.ones(40)))

    return compared(stores, measure, controls={"pixel PCA": [None], "random network": [None]}, rng=0)


def beyond_controls(rng):
    """Three seeds beside three controls, of which one has nothing to divide by."""
    base, values = 0.2 + 0.05 * rng.normal(size=40), {}

    def store(name, more, seed):
        made = SimpleNamespace(card={"model": name, "training": {"seed": seed, "images": 8000, "steps": 1500}})
        values[id(made)] = (base + more + 0.03 * rng.normal(size=40), "nothing to divide by" if name == "dealt" else "")
        return made

    def measure(made, rng):
        value, why = values[id(made)]
        words = "Fisher ratio of sex (trace form), mean over species"
        e = evidence(rng, float(value.mean()), 0.012, 0.0, 0.008, 40, statistic=words, cannot_tell=why)
        return SimpleNamespace(evidence=e, species=species(40), parts=(value, np.ones(40)))

    controls = {
        "pixel PCA": [store("pixels", -0.01, 0)],
        "random network": [store("drawn", -0.08, s) for s in range(2)],
        "shuffled labels": [store("dealt", -0.1, 0)],
    }
    return compared_with_controls([store("compact", 0.0, s) for s in range(3)], controls, measure, rng=0)
