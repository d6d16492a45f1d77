"""Four indices of how alike two spaces place the same species, beside what shared descent gives."""

from dataclasses import dataclass

import numpy as np

from embedlab.measures.pairing import Paired
from embedlab.stats.pairs.correspondence import evolved_anew, shared_lambda, u_centred
from embedlab.stats.pairs.knn import nearest_neighbours, shared
from embedlab.stats.pairs.procrustes import in_few_axes, of_size_one
from embedlab.stats.pairs.rdm import compare_rdms, crossnobis
from embedlab.stats.reliability import Attenuation, attenuation, halves, spearman_brown
from embedlab.stats.tree.relatedness import Whitening

INDICES = ("CKA, debiased", "Procrustes correlation", "mutual k-NN", "RSA, Spearman")


@dataclass(frozen=True, eq=False)
class SpeciesLikeness:
    """Values of `INDICES` `(4,)`, their null `(b, 4)`, the RDM correlation with its ceiling, and both RDMs."""

    values: np.ndarray
    null: np.ndarray
    rsa: Attenuation
    distances: tuple[np.ndarray, np.ndarray]
    k: int


class Parts:
    """Species means `(parts, s, d)` of disjoint parts of the images, so that no photograph speaks twice.

    Of the same images, one half speaks for the first space and the other half for the second. Where every species
    has images enough each half is halved again, for crossnobis distances.
    """

    def __init__(self, pair: Paired, rng: np.random.Generator):
        self.same = pair.same
        s = len(pair.names)
        least = min(np.bincount(c[c >= 0], minlength=s).min() for c in (pair.x_codes, pair.y_codes))
        self.quartered = bool(least >= (4 if pair.same else 2))
        deep = (2 if self.quartered else 1) if pair.same else (1 if self.quartered else 0)
        marks = _marks(pair.x_codes, deep, rng)
        self.x = means(pair.x, pair.x_codes, s, marks)
        self.y = means(pair.y, pair.y_codes, s, marks if pair.same else _marks(pair.y_codes, deep, rng))

    def directions(self, x, y):
        """Parts that speak for x, and for y: each half in turn where the images are the same."""
        if not self.same:
            return [(x, y)]
        h = len(x) // 2
        return [(x[:h], y[h:]), (x[h:], y[:h])]


def means(x, codes, s: int, marks) -> np.ndarray:
    """Means of each species over the rows with each mark: `(marks, s, d)`."""
    found = np.zeros((marks.max() + 1, s, x.shape[1]))
    keep = codes >= 0
    np.add.at(found, (marks[keep], codes[keep]), x[keep])
    count = np.zeros(found.shape[:2])
    np.add.at(count, (marks[keep], codes[keep]), 1.0)
    return found / count[:, :, None]


def _marks(codes, deep: int, rng) -> np.ndarray:
    marks = np.zeros(len(codes), np.int64)
    for _ in range(deep):
        marks = 2 * marks + halves(codes.astype(np.int64) * 4 + marks, rng)
    return marks


def likeness(pair: Paired, covariance, *, k: int, draws: int, rng: np.random.Generator) -> SpeciesLikeness:
    """Measure the four indices; `covariance` None shuffles species, else the second space evolves anew on the tree."""
    parts = Parts(pair, rng)
    s = len(pair.names)
    x, y = _slim(parts.x), _slim(parts.y)
    k = min(k, max((s - 1) // 3, 1))
    orders = np.array([rng.permutation(s) for _ in range(draws)])
    values = _indices(parts, x, y, k)
    # Means of what speaks at once evolve with their own λ; how parts differ is noise, which knows no tree.
    groups = [slice(0, len(y) // 2), slice(len(y) // 2, None)] if parts.same else [slice(None)]
    wide = np.concatenate([y[g].mean(axis=0) for g in groups], axis=1)
    rest = np.concatenate([y[g] - y[g].mean(axis=0) for g in groups])
    if covariance is None:
        drawn = (wide[t] for t in orders)
    else:
        # At the largest λ that is likely: too small a λ makes descent look weak, and agreement beyond it strong.
        white = Whitening(covariance)
        lam = shared_lambda(wide, white, most=True)
        drawn = evolved_anew(wide, white, orders, lam=min(lam, 0.999999) if white.singular(lam) else lam)
    fixed, null = _prepared(parts, x, k), []
    for v, t in zip(drawn, orders, strict=True):
        centre = np.repeat(np.stack(np.split(v, len(groups), axis=1)), len(y) // len(groups), axis=0)
        null.append(_indices(parts, x, centre + rest[:, t], k, fixed))
    null = np.array(null)
    whole = [_rdm(v) for v in (x, y)]
    if parts.same:
        h = len(x) // 2
        reliable = [compare_rdms(_rdm(v[:h]), _rdm(v[h:])) for v in (x, y)]
    elif len(x) > 1:
        reliable = [spearman_brown(compare_rdms(_rdm(v[:1]), _rdm(v[1:]))) for v in (x, y)]
    else:
        reliable = [0.0, 0.0]
    rsa = attenuation(values[3], *(max(r, 0.0) for r in reliable))
    return SpeciesLikeness(values, null, rsa, (whole[0], whole[1]), k)


def _slim(v: np.ndarray) -> np.ndarray:
    """The same configurations in no more dimensions than they span: turning changes none of the indices."""
    flat = v.reshape(-1, v.shape[-1])
    flat = in_few_axes(flat - flat.mean(axis=0))
    return flat.reshape(*v.shape[:2], -1)


def _rdm(parts: np.ndarray) -> np.ndarray:
    """Distances from independent parts where there are two, which noise does not raise; plain ones otherwise."""
    h = len(parts) // 2
    return crossnobis(parts[:h].mean(axis=0), parts[h:].mean(axis=0)) if h else crossnobis(parts[0], parts[0])


def _prepared(parts: Parts, x: np.ndarray, k: int) -> list:
    """What the first space brings to each direction; it is the same in every draw."""
    found = []
    for own, _ in parts.directions(x, x):
        mean = own.mean(axis=0)
        found.append((u_centred(mean), in_few_axes(of_size_one(mean)), nearest_neighbours(mean, k)[0], _rdm(own)))
    return found


def _indices(parts: Parts, x, y, k: int, fixed=None):
    fixed = _prepared(parts, x, k) if fixed is None else fixed
    rows = []
    for (u, unit, near, rdm), (_, other) in zip(fixed, parts.directions(x, y), strict=True):
        mean = other.mean(axis=0)
        v = u_centred(mean)
        rows.append([
            float((u * v).sum() / (np.linalg.norm(u) * np.linalg.norm(v))),
            float(np.linalg.svd(unit.T @ in_few_axes(of_size_one(mean)), compute_uv=False).sum()),
            float(shared(near, nearest_neighbours(mean, k)[0]).mean()),
            compare_rdms(rdm, _rdm(other)),
        ])  # fmt: skip
    return np.mean(rows, axis=0)
