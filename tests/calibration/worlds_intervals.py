"""Worlds whose truth is known: how often the default interval of each measure covers it."""

import numpy as np
import polars as pl

from embedlab.data import Embeddings
from embedlab.data.evolution import brownian_traits, random_tree, species_names
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.phylogeny import phylogeny
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.vectors import squared_distances, upper
from tests.calibration.world import Coverage
from tests.calibration.worlds_kinship import covers, evolved

SEX = ("sex", "female", "male")
# --- separation and orthogonality: species whose sexes differ as drawn from one law


def sexes(rng, differ, means, per=6, names=None):
    """Sexes that differ by the rows of `differ` `(s, d)`, round `means` `(s, d)`, with noise of 1 on each axis."""
    s, d = differ.shape
    sides = np.array([-0.5, 0.5])[None, :, None, None] * differ[:, None, None]
    x = means[:, None, None] + sides + rng.normal(size=(s, 2, per, d))
    of = np.repeat(names or species_names(s), 2 * per)
    rows = {"image_id": [str(i) for i in range(of.size)], "species": of, "sex": ["female", "male"] * (of.size // 2)}
    rows["sex"] = np.tile(np.repeat(["female", "male"], per), s)
    return Embeddings(x.reshape(-1, d).astype(np.float32), pl.DataFrame(rows), {})


FAR = 40.0  # means far from 0 on an axis of their own: length 1 then scales all alike, and ratios stay


def apart(n, kind=None):
    """Squared distances of the sexes over their scatter: 8 axes of noise, the truth is the mean of the law."""

    def draw(rng):
        tree = random_tree(rng, n)
        if kind is None:
            square = 4 * rng.gamma(2.0, size=n) / 2  # of mean 4
        else:
            square = 4 * np.maximum(1 + 0.25 * evolved(rng, tree, kind), 0.0)
        direction = rng.normal(size=(n, 8))
        differ = np.zeros((n, 9))
        differ[:, :8] = direction * np.sqrt(square / (direction**2).sum(axis=1))[:, None]
        means = np.zeros((n, 9))
        means[:, 8] = FAR
        emb = sexes(rng, differ, means, names=tree.names)
        found = separation(emb, SEX, tree=tree if kind is not None else None, permutations=9, rng=rng)
        # The axis along the mean is lost to the unit length; 8 axes of noise 1 in each sex are left. Scatter is
        # known from 80 numbers, and one over it is 80 / 78 too large on average: that is what the measure gives.
        return covers(found.evidence.interval, 4 / 16 * 80 / 78)

    return draw


def outside(n, kind=None):
    """Contrasts with 0.6 of their squared length outside three axes on which species lie; shares vary by species."""

    def draw(rng):
        tree = random_tree(rng, n)
        effect = rng.normal(size=n) if kind is None else evolved(rng, tree, kind)
        share = np.clip(0.4 + 0.12 * effect, 0, 1)
        long = 60 * (0.5 + rng.random(n)) if kind is None else np.full(n, 60.0)
        within, beyond = rng.normal(size=(n, 3)), rng.normal(size=(n, 8))
        differ = np.zeros((n, 12))
        differ[:, :3] = within * np.sqrt(long * share / (within**2).sum(axis=1))[:, None]
        differ[:, 3:11] = beyond * np.sqrt(long * (1 - share) / (beyond**2).sum(axis=1))[:, None]
        means = np.zeros((n, 12))
        means[:, :3] = 15 * rng.normal(size=(n, 3))
        means[:, 11] = 10 * FAR
        emb = sexes(rng, differ, means, names=tree.names)
        found = orthogonality(
            emb, SEX, axes=3, tree=tree if kind is not None else None, permutations=9, compare=False, rng=rng
        )
        return covers(found.evidence.interval, 0.6)

    return draw


# --- correlation of distances: species drawn from a large clade that stands still


class _Clade:
    """A clade of 600 species whose correlation is known; the same one for every 20 worlds."""

    kept: dict = {}  # noqa: RUF012 - filled as worlds are drawn; the same for the same number

    @classmethod
    def number(cls, i: int, death: float, lam: float):
        key = (i, death, lam)
        if key not in cls.kept:
            rng = np.random.default_rng([7, i])
            tree = random_tree(rng, 600, death=death)
            x = brownian_traits(rng, tree, 12, lam=lam) + 0.3 * rng.normal(size=(600, 12))
            x /= np.linalg.norm(x, axis=1)[:, None]
            near = upper(np.sqrt(squared_distances(x)))
            cls.kept[key] = tree, x, float(np.corrcoef(near, upper(tree.distances(tree.names)))[0, 1])
        return cls.kept[key]


def sampled(n, death=0.0, lam=1.0):
    def draw(rng):
        tree, x, truth = _Clade.number(int(rng.integers(10)), death, lam)
        some = rng.choice(600, n, replace=False)
        names = [tree.names[i] for i in some]
        rows = {"image_id": names, "species": names}
        found = phylogeny(Embeddings(x[some].astype(np.float32), pl.DataFrame(rows), {}), tree, permutations=9, rng=rng)
        return covers(found.evidence.interval, truth)

    return draw


# --- trait alignment: a planted share of variance, trait and space evolved alike


DEFAULT = {"lam": "full", "null": "lambda"}


def planted(n, share, lam=1.0, d=8, how=DEFAULT):
    def draw(rng):
        tree = random_tree(rng, n)
        z = brownian_traits(rng, tree, d + 1, lam=lam)
        direction = rng.normal(size=d)
        direction *= np.sqrt(share / (1 - share) * d) / np.linalg.norm(direction)
        x = z[:, 1:] + z[:, :1] * direction
        fit = aligned_beyond_phylogeny(x, z[:, 0], tree.structure(tree.names), permutations=99, rng=rng, **how)
        return covers(fit.interval, share)

    return draw


# --- neighbours and slopes: the truth is what many worlds give on average


def families(rng, n, per_family):
    """Genera in families, or species in genera, one image each: `n` taxa of `per_family` members."""
    top = np.repeat(0.5 * rng.normal(size=(n, 12)), per_family, axis=0)
    x = top + 0.6 * rng.normal(size=(n * per_family, 12))
    x = np.repeat(x, 2, axis=0) + 0.5 * rng.normal(size=(2 * n * per_family, 12))
    family = np.repeat([f"F{i:03d}" for i in range(n)], 2 * per_family)
    genus = np.repeat([f"G{i:03d}" for i in range(n * per_family)], 2)
    rows = {"image_id": [str(i) for i in range(family.size)], "family": family, "genus": genus}
    rows["species"] = [f"s{i:04d}" for i in range(family.size)]
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {})


def near(n, truth):
    def draw(rng):
        found = neighbour_agreement(families(rng, n, 3), ("family", "genus"), permutations=9, rng=rng)
        return covers(found.evidence["family"].interval, truth)

    return draw


def slope(n, scatter):
    """Eight runs at four scales: squared distances grow by 1 a tenfold, runs scatter about the line."""

    def draw(rng):
        own = 1 + 0.4 * rng.normal(size=n)
        base = 4 + rng.gamma(2.0, size=n)
        stores = []
        for i in range(8):
            square = np.maximum(base + own * (i // 2) + scatter * rng.normal(), 0.0)
            direction = rng.normal(size=(n, 4))
            differ = np.zeros((n, 5))
            differ[:, :4] = direction * np.sqrt(square / (direction**2).sum(axis=1))[:, None]
            means = np.zeros((n, 5))
            means[:, 4] = FAR
            emb = sexes(rng, differ, means, per=4)
            stores.append(Embeddings(emb.x, emb.rows, {"training": {"images_seen": 1000 * 10 ** (i // 2)}}))
        found = scaling(stores, lambda emb, own: separation(emb, SEX, permutations=9, rng=own), rng=rng)
        return covers(found.evidence.interval, 1 / 8 * 24 / 22)  # scatter from 24 numbers: see `apart`

    return draw


COVERAGE = (
    *(Coverage(f"separation, {n} species", apart(n)) for n in (30, 60)),
    Coverage("separation on a tree: Brownian, 30 species", apart(30, 1.0)),
    *(Coverage(f"orthogonality, {n} species", outside(n), worlds=200) for n in (30, 60)),
    Coverage("orthogonality on a tree: Brownian, 30 species", outside(30, 1.0), worlds=200),
    *(Coverage(f"distances on a tree, {n} species", sampled(n)) for n in (30, 60)),
    Coverage("distances on a tree with extinction, 30 species", sampled(30, 0.9)),
    Coverage("distances that hardly know the tree, 30 species", sampled(30, 0.0, 0.2), promised=False),
    *(
        Coverage(f"trait: share {share:g}, {n} species", planted(n, share))
        for n, share in ((30, 0.05), (30, 0.3), (60, 0.1), (60, 0.4))
    ),
    Coverage("trait: share .2, lambda .5, 60 species", planted(60, 0.2, 0.5), promised=False),
    Coverage("trait: share .2, lambda .5, 30 species", planted(30, 0.2, 0.5), promised=False),
    *(Coverage(f"trait: RRPP, share {share:g}, {n} species", planted(n, share, how={}))
      for n, share in ((30, 0.3), (60, 0.1))),
    *(Coverage(f"neighbours of {n} families", near(n, truth)) for n, truth in ((30, 0.157), (60, 0.096))),
    *(Coverage(f"slope over 8 runs, 30 species, {said}", slope(30, size), worlds=200)
      for said, size in (("runs on a line", 0.0), ("runs that scatter", 0.5))),
)  # fmt: skip
