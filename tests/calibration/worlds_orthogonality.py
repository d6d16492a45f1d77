"""Worlds for Claim II: sexes that differ as noise does, each species its own way, or not at all; and planted ones."""

import numpy as np
import polars as pl
from scipy import stats as sps

from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds, species_names
from embedlab.measures.contrast import blocks
from embedlab.measures.erasure import erasure
from embedlab.measures.inner_products import _share
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.shared_axis import shared_axis
from embedlab.stats.resample import p_value
from embedlab.stats.scatter import fisher_ratio
from embedlab.stats.subspaces.consistency import shared_direction
from tests.calibration.world import Coverage, Power, World, told

SEX = ("sex", "female", "male")
POWER_LAW = "power"


def noise_like(rng, shared, spectrum, species=10, per_cell=8, d=48, size=0.7, unequal=False, males=1.0, family=1):
    """Sexes differ by a vector drawn from the noise of individuals: one for all species, or one for each family.

    `males` is how many times as far males scatter as females; `unequal` gives each cell 4 to 12 individuals.
    """
    scale = np.ones(d) if spectrum == "flat" else np.sqrt(1 / np.arange(1, d + 1))
    scale = scale * np.sqrt(d / np.square(scale).sum())
    x, rows = [], {"species": [], "family": [], "sex": []}
    common = size * scale * rng.normal(size=d)
    for i, name in enumerate(species_names(species)):
        mean = scale * rng.normal(size=d)
        if not shared and i % family == 0:
            contrast = size * scale * rng.normal(size=d)
        for side, kind, wide in ((-0.5, "female", 1.0), (0.5, "male", males)):
            n = int(rng.integers(4, 13)) if unequal else per_cell
            own = common if shared else contrast
            x.append(mean + side * own + 0.5 * wide * scale * rng.normal(size=(n, d)))
            for key, value in zip(rows, (name, f"f{i // family}", kind), strict=True):
                rows[key] += [value] * n
    x = np.concatenate(x).astype(np.float32)
    return Embeddings(x, pl.DataFrame({"image_id": [str(i) for i in range(len(x))], **rows}), {})


def dealt_out(rng, **world):
    """Sexes dealt out anew within each species."""
    emb = noise_like(rng, True, POWER_LAW, **world)
    sex, of = np.array(emb.column("sex").to_list(), object), np.array(emb.column("species").to_list())
    for name in np.unique(of):
        sex[of == name] = rng.permutation(sex[of == name])
    return Embeddings(emb.x, emb.rows.with_columns(sex=pl.Series(sex.tolist())), {})


# --- where the contrast lies


def _place(make):
    def draw(rng, permutations):
        return told(orthogonality(make(rng), SEX, permutations=permutations, compare=False, rng=rng).evidence)

    return draw


def _isotropic(make):
    """Rank over dimensions as chance: "the sexes differ *inside* the span" is then true of any noise."""

    def draw(rng, permutations):
        found = orthogonality(make(rng), SEX, permutations=permutations, compare=False, rng=rng)
        return p_value(found.share, found.nulls["isotropic"]) if np.isfinite(found.share) else 1.0

    return draw


def _cosine(make):
    """ "A cosine near zero": the mean contrast and the first species axis stand within 6° of a right angle."""

    def draw(rng, permutations):
        emb = make(rng).unit()
        x, of = emb.float64(), np.array(emb.column("species").to_list())
        male = np.array(emb.column("sex").to_list()) == "male"
        means = np.array([x[of == s].mean(axis=0) for s in np.unique(of)])
        axis = np.linalg.svd(means - means.mean(axis=0))[2][0]
        contrast = x[male].mean(axis=0) - x[~male].mean(axis=0)
        return 0.01 if abs(contrast @ axis) < 0.1 * np.linalg.norm(contrast) else 1.0

    return draw


def _in_unit_length(make):
    """In unit length alone, scatter passes for a difference inside: a share outside below 97.5 % of chance."""

    def draw(rng, permutations):
        outside, _, _, _, low, _ = _share(blocks(make(rng), SEX, least=4), 5, permutations, rng, False)
        return 0.05 if outside < low else 1.0

    return draw


# --- how far they stand apart: a t test over species of the Fisher ratio


def _fisher(corrected):
    def draw(rng, permutations):
        emb = dealt_out(rng, unequal=True)
        ratio = fisher_ratio(emb.unit().float64(), emb.column("sex").to_numpy(), corrected=corrected,
                             by=emb.column("species").to_numpy())  # fmt: skip
        p = float(sps.ttest_1samp(ratio, 0, alternative="greater").pvalue)
        return {"p": p} if corrected else p

    return draw


# --- is it one axis


def _agreement(make, clades=""):
    return lambda rng, permutations: told(
        shared_axis(make(rng), SEX, clades=clades, permutations=permutations, rng=rng).evidence
    )


def _transfer(make, clades=""):
    return lambda rng, permutations: told(
        shared_axis(make(rng), SEX, clades=clades, permutations=permutations, rng=rng).transfer
    )


def _relatives_count(make, which):
    def draw(rng, permutations):
        found = shared_axis(make(rng), SEX, permutations=permutations, rng=rng)
        return (found.evidence if which == "agreement" else found.transfer).p_more

    return draw


def _own(family, spectrum=POWER_LAW):
    return lambda rng: noise_like(rng, False, spectrum, species=16, per_cell=5, d=24, family=family)


# --- what is read where


def _read(make):
    return lambda rng, permutations: told(erasure(make(rng), SEX, permutations=permutations, rng=rng).evidence)


def _in_sample(make):
    """A t test along the axis that joins the means, on the images that gave the axis."""

    def draw(rng, permutations):
        emb = make(rng).unit()
        x, male = emb.float64(), np.array(emb.column("sex").to_list()) == "male"
        along = x @ (x[male].mean(axis=0) - x[~male].mean(axis=0))
        return float(sps.ttest_ind(along[male], along[~male], alternative="greater").pvalue)

    return draw


def _small(rng):
    return dealt_out(rng, species=8, per_cell=6, d=16)


def _alike(spectrum, shared, **more):
    return lambda rng: noise_like(rng, shared, spectrum, **more)


WORLDS = (
    World("orthogonality: no contrast", _place(_alike(POWER_LAW, True, size=0.0)), exact=False),
    World("orthogonality: sexes dealt out within species", _place(dealt_out), exact=False),
    *(
        World(
            f"orthogonality: {'one contrast' if shared else 'a contrast a species'}, {spectrum} noise",
            _place(_alike(spectrum, shared)),
            _isotropic(_alike(spectrum, shared)) if spectrum == POWER_LAW else _cosine(_alike(spectrum, shared)),
            exact=False,
        )
        for spectrum in ("flat", POWER_LAW)
        for shared in (True, False)
    ),
    World("orthogonality: unequal counts", _place(_alike(POWER_LAW, True, unequal=True)), exact=False),
    World("orthogonality: males scatter twice as far", _place(_alike(POWER_LAW, True, males=2.0)), exact=False),
    World(
        "orthogonality: sexes alike, males scatter twice as far",
        _place(_alike(POWER_LAW, True, size=0.0, males=2.0)),
        _in_unit_length(_alike(POWER_LAW, True, size=0.0, males=2.0)),
        exact=False,
    ),
    World("fisher ratio: sexes dealt out, t over species", _fisher(True), _fisher(False), exact=False),
    World("one axis: agreement, a contrast a species", _agreement(_own(1))),
    World(
        "one axis: agreement, a contrast a family",
        _agreement(_own(2), "family"),
        _relatives_count(_own(2), "agreement"),
    ),
    World("one axis: transfer, a contrast a species", _transfer(_own(1, "flat"))),
    World(
        "one axis: transfer, a contrast a family", _transfer(_own(2), "family"), _relatives_count(_own(2), "transfer")
    ),
    World("erasure: sexes dealt out, read once species are erased", _read(_small), _in_sample(_small), exact=False),
)


def _outside(rng, size, permutations):
    emb = dimorphic_birds(rng, species=12, per_cell=8, d=48, outside=size, spectrum=POWER_LAW)
    return orthogonality(emb, SEX, permutations=permutations, compare=False, rng=rng).evidence.p_more


def _half_shared(which):
    def draw(rng, size, permutations):
        emb = noise_like(rng, False, POWER_LAW, species=16, per_cell=5, d=24)
        x, male = emb.float64(), emb.column("sex").to_numpy() == "male"
        x += size * np.where(male, 0.5, -0.5)[:, None] * rng.normal(size=24)
        found = shared_axis(Embeddings(x.astype(np.float32), emb.rows, {}), SEX, permutations=permutations, rng=rng)
        return (found.evidence if which == "agreement" else found.transfer).p_more

    return draw


def _readable(rng, size, permutations):
    emb = dimorphic_birds(rng, species=8, per_cell=6, d=16, size=size)
    return erasure(emb, SEX, permutations=permutations, rng=rng).evidence.p_more


POWER = (
    Power("orthogonality: share planted outside", _outside, (0.5, 0.7, 0.85, 0.95, 1.0), unit="share outside"),
    Power("one axis: agreement", _half_shared("agreement"), (0.1, 0.2, 0.3, 0.5, 0.8), unit="length of the axis"),
    Power("one axis: transfer", _half_shared("transfer"), (0.1, 0.2, 0.3, 0.5, 0.8), unit="length of the axis"),
    Power("erasure: sexes read once species are erased", _readable, (0.1, 0.15, 0.2, 0.3, 0.5), unit="length"),
)


def _agreed(units, spread):
    """Contrasts of which a known part is common, with noise of known size."""

    def draw(rng):
        d, part = 24, 0.4
        axis = rng.normal(size=d)
        axis *= np.sqrt(part) / np.linalg.norm(axis)
        lengths = np.exp(spread * rng.normal(size=units) - spread**2 / 2)  # mean 1: what species share has a length
        own = np.sqrt((1 - part) / d) * rng.normal(size=(units, d))
        truth = part / (part * np.exp(spread**2) + 1 - part)
        noise = 0.5
        seen = lengths[:, None] * axis + own + np.sqrt(noise / d) * rng.normal(size=(units, d))
        low, high = shared_direction(seen, np.full(units, noise), flips=9, rng=rng).interval
        return {"low": low, "high": high, "truth": truth}

    return draw


COVERAGE = (
    Coverage("one axis: agreement of 30 species", _agreed(30, 0.3)),
    Coverage("one axis: agreement of 8 species", _agreed(8, 0.3), promised=False),
)
