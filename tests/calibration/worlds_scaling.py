"""Series in which nothing grows: runs that differ by luck, and species whose slopes follow a tree."""

from types import SimpleNamespace

import numpy as np
from scipy import stats as sps

from embedlab.claims import Evidence
from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, dimorphic_birds, random_tree
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.stats.resample import p_value
from embedlab.stats.trend.blocks import page, random_slopes
from tests.calibration.world import Coverage, Power, World, told

SEX = ("sex", "female", "male")
X = 1000.0 * 4 ** np.repeat(np.arange(4), 2)  # four scales, two runs each
LOG = np.log10(X) - np.log10(X).mean()


# --- the whole measure: a contrast that differs from run to run, whatever the scale


def runs(rng, scatter, size=0.8):
    """Eight runs at four scales; each has the same sexes apart by a length of its own."""
    stores = []
    for at in X:
        emb = dimorphic_birds(rng, species=6, per_cell=5, d=16, size=max(size + scatter * rng.normal(), 0.0))
        stores.append(Embeddings(emb.x, emb.rows, {"training": {"images_seen": at}}))
    return stores


def _followed(rng, permutations, scatter, size):
    return scaling(
        runs(rng, scatter, size), lambda emb, own: separation(emb, SEX, permutations=permutations, rng=own), rng=rng
    )


def _trend(scatter, size=0.8):
    return lambda rng, permutations: told(_followed(rng, permutations, scatter, size).evidence)


def _placebo_only(rng, permutations):
    """Against shuffled labels alone, runs that merely differ look like a trend."""
    found = _followed(rng, permutations, 0.2, 0.8)
    return p_value(found.slope, found.evidence.null)


def _page_as_judge(rng, permutations):
    """Species as blocks: the luck of one run lifts all of them, and looks like as many witnesses."""
    return _followed(rng, permutations, 0.4, 0.8).page.p_more


# --- species by species: planted slopes, without images


def species_values(rng, n, lam, slope=0.0, luck=0.0, noise=0.3):
    """Values `(n, 8)` of species whose level and slope evolved on a tree, and the tree."""
    tree = random_tree(rng, n)
    level, own = brownian_traits(rng, tree, 2, lam).T
    values = level[:, None] + np.outer(slope + own, LOG) + noise * rng.normal(size=(n, 8)) + luck * rng.normal(size=8)
    return values, tree


def _slopes(lam, n=30, slope=0.0, related=True):
    def draw(rng):
        values, tree = species_values(rng, n, lam, slope)
        return random_slopes(values, LOG, tree.structure(tree.names) if related else None)

    return draw


def _slopes_p(lam):
    def draw(rng, permutations):
        found = _slopes(lam)(rng)
        return {"p": found.p_more, "p_less": found.p_less}

    return draw


def _as_unrelated(lam):
    def naive(rng, permutations):
        values, _ = species_values(rng, 30, lam)
        return float(sps.ttest_1samp(values @ LOG / (LOG @ LOG), 0, alternative="greater").pvalue)

    return naive


def _page_alone(rng, permutations):
    found = page(rng.normal(size=(8, 5)), np.arange(5))
    return {"p": found.p_more, "p_less": found.p_less}


def _covered(found, truth):
    return {"low": found.interval[0], "high": found.interval[1], "truth": truth}


def _cover_slopes(lam, n, related=True):
    return lambda rng: _covered(_slopes(lam, n, 0.5, related)(rng), 0.5)


def _whole(lam, luck, known):
    """The interval that judges a claim: over species and runs, with the tree or without it."""

    def draw(rng):
        values, tree = species_values(rng, 30, lam, 0.5, luck)
        stores = [SimpleNamespace(card={"images_seen": at}) for at in X]
        column = {id(s): v for s, v in zip(stores, values.T, strict=True)}

        def measure(store, rng):
            own = column[id(store)]
            null = rng.normal(size=19)
            e = Evidence(statistic="planted", estimate=float(own.mean()), interval=(0.0, 1.0), null=null,
                         chance_kind="none", p_more=1.0, p_less=1.0, p_floor=0.05, n=30, n_effective=30.0)  # fmt: skip
            return SimpleNamespace(evidence=e, parts=(own, np.ones(30)), species=tuple(tree.names))

        return _covered(scaling(stores, measure, tree=tree if known else None, rng=rng).evidence, 0.5)

    return draw


def _power(rng, size, permutations):
    return _slopes(0.5, 30, size)(rng).p_more


def _power_whole(rng, size, permutations):
    stores = []
    for at, place in zip(X, LOG - LOG.min(), strict=True):
        apart = max(0.5 + size * place + 0.1 * rng.normal(), 0)
        emb = dimorphic_birds(rng, species=6, per_cell=5, d=16, size=apart)
        stores.append(Embeddings(emb.x, emb.rows, {"training": {"images_seen": at}}))
    measure = lambda emb, own: separation(emb, SEX, permutations=permutations, rng=own)  # noqa: E731
    return scaling(stores, measure, rng=rng).evidence.p_more


WORLDS = (
    World("scaling: no contrast", _trend(0.0, 0.0), exact=False),
    World("scaling: equal contrasts", _trend(0.0), exact=False),
    World("scaling: contrasts that differ by run", _trend(0.2), _placebo_only, exact=False),
    World("scaling: contrasts that differ more by run", _trend(0.4), _page_as_judge, exact=False),
    World("scaling: Page's trend, species unrelated and runs alike", _page_alone, exact=False),
    *(
        World(f"scaling: mean slope of 30 species, λ = {lam:g}", _slopes_p(lam), _as_unrelated(lam) if lam else None,
              exact=False, worlds=400)
        for lam in (0.0, 0.5, 1.0)
    ),
)  # fmt: skip
COVERAGE = (
    *(
        Coverage(f"scaling: mean slope of {n} species, λ = {lam:g}", _cover_slopes(lam, n),
                 _cover_slopes(lam, n, related=False) if lam else None, worlds=300, promised=False)
        for n in (30, 60) for lam in (0.0, 0.5, 1.0)
    ),
    Coverage("scaling: slope of unrelated species, luck of runs", _whole(0.0, 0.3, False), worlds=300, promised=False),
    Coverage("scaling: slopes on a tree, luck of runs", _whole(1.0, 0.3, True), _whole(1.0, 0.3, False), worlds=300,
             promised=False),
)  # fmt: skip
POWER = (
    Power("scaling: mean slope of 30 species, λ = .5", _power, (0.1, 0.2, 0.4, 0.8, 1.2), unit="standard deviations"),
    Power("scaling: contrasts that grow, eight runs", _power_whole, (0.05, 0.1, 0.15, 0.2, 0.3), unit="per tenfold"),
)
