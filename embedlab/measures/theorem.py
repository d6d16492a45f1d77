"""Is it free to move off a prototype where no competitor stands? A check of the theorem on a model as trained."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.data.names import resolve
from embedlab.data.report import few
from embedlab.stats.resample import generator
from embedlab.stats.shape.prototypes import (
    Gram,
    competitor_span,
    contrastive_loss,
    loss_gradient,
    normalisation_penalty,
    probabilities,
    prototype_gram,
    second_order,
    soft_span_share,
    taylor_order,
)
from embedlab.stats.shown import Spoken
from embedlab.stats.vectors import group_means, unit_rows

CLIP_TEMPERATURE = 0.01


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Theorem(Spoken):
    """What displacements of length `length` cost, in nats, at the species' mean images, beside prototypes.

    Costs are means over species, directions and both signs: `inside` the span of competitors' differences,
    `orthogonal` to it and to the image, and `isotropic` (any direction: chance), each without L2 normalisation and
    with it (`_l2`); `predicted` and `predicted_l2` are what second order says of the first and the last. `exact` is
    the largest change of the loss, and `exact_gradient` of its gradient (relative), that an orthogonal displacement
    brings before normalisation: 0 by the theorem. `orders` are those of the Taylor remainder, 3 and 4 by theory.
    `soft_share` and `share` tell how much of the steepest curvature, and of the span, the images' own deviations
    meet, beside `chance_soft` and `chance_share` of random directions. `curve` has a row for each number of
    competitors: k, rank, inside, orthogonal, inside_l2, orthogonal_l2, isotropic_l2, predicted_l2.
    """

    species: tuple[str, ...]
    prototypes: str
    k: int
    d: int
    rank: int
    temperature: float
    length: float
    exact: float
    exact_gradient: float
    orders: tuple[float, float]
    inside: float
    predicted: float
    orthogonal: float
    isotropic: float
    inside_l2: float
    orthogonal_l2: float
    predicted_l2: float
    isotropic_l2: float
    competitors: float
    gram: Gram
    gram_centred: Gram
    share: float
    chance_share: float
    soft_share: float
    chance_soft: float
    curve: np.ndarray
    left_out: tuple[str, ...]

    @property
    def vacuous(self) -> bool:
        """Whether the competitors' differences span the whole space, so that nothing is orthogonal to them."""
        return self.rank >= self.d

    def __str__(self) -> str:
        if self.vacuous:
            return (
                f"{self.k} prototypes span all {self.d} dimensions: no direction is orthogonal to them, and the "
                f"theorem says nothing. Softly, {self.competitors:.1f} competitors count"
            )
        return (
            f"moving an image by {self.length:g} inside the span of {self.k} prototypes (rank {self.rank} of {self.d}) "
            f"costs {self.inside_l2:.2g} nats, orthogonally {self.orthogonal_l2:.2g}, in any direction "
            f"{self.isotropic_l2:.2g}; before normalisation {self.inside:.2g}, {self.orthogonal:.1g} and "
            f"{self.isotropic:.2g}"
        )

    @property
    def caption(self) -> str:
        """Method and what chance is."""
        return (
            f"Excess of −log softmax at temperature {self.temperature:g} over that at the mean image of each of "
            f"{len(self.species)} species, for displacements of length {self.length:g} in random directions and both "
            f"signs; prototypes: {self.prototypes}. Dotted: random directions of the whole space. embedlab's "
            "reconstruction of a theorem known at second hand, image-to-text half of the loss only; nothing here says "
            "that training finds the free directions."
        )

    def table(self) -> pl.DataFrame:
        """One row a number of competitors; the whole set last."""
        return pl.DataFrame(
            self.curve,
            schema=["prototypes", "rank", "inside", "orthogonal", "inside_l2", "orthogonal_l2", "isotropic_l2",
                    "predicted_l2"],
            orient="row",
        )  # fmt: skip


def theorem(embeddings, prototypes=None, *, by: str = "species", temperature: float = CLIP_TEMPERATURE,
            length: float = 0.1, directions: int = 20, rng: np.random.Generator | int) -> Theorem:  # fmt: skip
    """Check on a trained model what its prototypes make free: `Embeddings` of images, and of texts where there are.

    `prototypes` are `Embeddings` with a row a class (a store made by `extract --text`), matched to the images'
    species by their `species` column or `image_id`; classes without images stay as competitors. Without them the
    unit mean of each species stands for its text. `temperature` is that of the model (CLIP's .01 by default).
    Displacements start from each species' mean image of length 1. Refused are fewer than 3 prototypes.
    """
    rng = generator(rng)
    emb = embeddings.known(by)
    left_out = [f"{embeddings.n - emb.n} images without {by}"] if emb.n < embeddings.n else []
    x = emb.unit().float64()
    codes, names = emb.codes(by)
    means, size = group_means(x, codes, len(names)), np.bincount(codes)
    t, at, what = _texts(prototypes, names, means, emb.d, left_out)
    used = at >= 0
    if used.sum() < 1 or len(t) < 3:
        raise ValueError(f"{len(t)} prototypes, {int(used.sum())} of species with images: at least 3 and 1 are needed")
    mu, labels = unit_rows(means[used]), at[used]
    basis = competitor_span(t)
    rank, free = basis.shape[1], basis.shape[1] < emb.d - 1
    steps = _steps(basis, mu, length, directions, rng)
    z, y = np.repeat(mu, directions, axis=0), np.repeat(labels, directions)
    costs = {name: _cost(z, v, t, y, temperature) if v is not None else (np.nan, np.nan) for name, v in steps.items()}
    exact = exact_gradient = predicted_l2 = np.nan
    if free:
        here = loss_gradient(z, t, y, temperature)
        change = contrastive_loss(z + steps["orthogonal"], t, y, temperature) - contrastive_loss(z, t, y, temperature)
        moved = loss_gradient(z + steps["orthogonal"], t, y, temperature) - here
        steepest = np.abs(here).max()
        exact, exact_gradient = float(np.abs(change).max()), float(np.abs(moved).max() / (steepest or 1.0))
        predicted_l2 = float(normalisation_penalty(z, steps["orthogonal"], t, y, temperature).mean())
    inside = steps["inside"]
    short = inside * min(1.0, 0.5 * temperature / length)  # where neither rounding nor higher orders show
    p = probabilities(mu, t, temperature)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
    own = (x - means[codes])[(size[codes] > 1) & used[codes]]
    where = codes[(size[codes] > 1) & used[codes]]
    some = rng.permutation(len(own))[:300]
    share = soft = np.nan
    if some.size:
        place = np.cumsum(used) - 1
        energy = (own[some] ** 2).sum(axis=1)
        some = some[energy > 0]
        share = float(((own[some] @ basis) ** 2).sum() / (own[some] ** 2).sum())
        soft = _mean(soft_span_share(mu[place[where[some]]], own[some], t, temperature))
    gram, centred = prototype_gram(t)
    return Theorem(
        species=tuple(n for n, u in zip(names, used, strict=True) if u), prototypes=what, k=len(t), d=emb.d, rank=rank,
        temperature=temperature, length=length, exact=exact, exact_gradient=exact_gradient,
        orders=(taylor_order(z, short, t, y, temperature), taylor_order(z, short, t, y, temperature, both=True)),
        inside=costs["inside"][0], predicted=float(second_order(z, inside, t, y, temperature)[1].mean()),
        orthogonal=costs["orthogonal"][0], isotropic=costs["isotropic"][0], inside_l2=costs["inside"][1],
        orthogonal_l2=costs["orthogonal"][1], predicted_l2=predicted_l2, isotropic_l2=costs["isotropic"][1],
        competitors=float(np.exp(entropy).mean()), gram=gram, gram_centred=centred, share=share,
        chance_share=rank / emb.d, soft_share=soft,
        chance_soft=_mean(soft_span_share(z[:300], steps["isotropic"][:300], t, temperature)),
        curve=_curve(t, mu, labels, length, max(directions // 4, 2), temperature, rng), left_out=tuple(left_out),
    )  # fmt: skip


def _mean(values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def _texts(prototypes, names, means, d, left_out):
    """Unit prototypes, the one of each species (−1 where none), and where they come from."""
    if prototypes is None:
        return unit_rows(means), np.arange(len(names)), "mean image of each species"
    if prototypes.d != d:
        raise ValueError(f"images have {d} dimensions and prototypes {prototypes.d}: take both from one model")
    column = "species" if prototypes.has("species") else "image_id"
    known = prototypes.column(column).to_list()
    found = resolve(list(names), [k for k in known if k is not None])
    at = np.array([-1 if u is None else known.index(u) for u in found.used])
    if (at < 0).any():
        missing = [n for n, a in zip(names, at, strict=True) if a < 0]
        left_out.append(f"{len(missing)} species without a prototype: {few(missing)}")
    return prototypes.unit().float64(), at, str(prototypes.card.get("model", "")) + " texts"


def _steps(basis, mu, length, directions, rng) -> dict:
    """Displacements of one length: inside the span, orthogonal to it and to the image, and anywhere."""
    n, d = len(mu) * directions, len(basis)
    z = np.repeat(mu, directions, axis=0)
    inside = rng.normal(size=(n, basis.shape[1])) @ basis.T
    beyond = None
    if basis.shape[1] < d - 1:
        beyond, toward = (v - (v @ basis) @ basis.T for v in (rng.normal(size=(n, d)), z))
        toward = toward / np.maximum(np.linalg.norm(toward, axis=1), 1e-300)[:, None]
        beyond = beyond - (beyond * toward).sum(axis=1)[:, None] * toward
        beyond -= (beyond @ basis) @ basis.T  # once more: rounding of the first
    found = {"inside": inside, "orthogonal": beyond, "isotropic": rng.normal(size=(n, d))}
    return {k: None if v is None else v * (length / np.linalg.norm(v, axis=1))[:, None] for k, v in found.items()}


def _cost(z, step, t, y, temperature) -> tuple[float, float]:
    """Mean excess of the loss over both signs, without and with normalisation."""
    return tuple(
        float(np.mean([
            contrastive_loss(z + sign * step, t, y, temperature, normalise=n)
            - contrastive_loss(z, t, y, temperature, normalise=n)
            for sign in (1.0, -1.0)
        ]))
        for n in (False, True)
    )  # fmt: skip


def _curve(t, mu, labels, length, directions, temperature, rng) -> np.ndarray:
    """The same costs with ever more competitors: nested random subsets that hold a species' own prototype."""
    k = len(t)
    sizes = np.unique(np.r_[np.geomspace(3, k, 8).astype(int), k])
    some = rng.permutation(len(mu))[:20]
    order = rng.permutation(k)
    rows = []
    for size in sizes:
        each = []
        for i in some:
            chosen = np.r_[labels[i], order[order != labels[i]][: size - 1]]
            basis = competitor_span(t[chosen])
            steps = _steps(basis, mu[i : i + 1], length, directions, rng)
            z, y = np.repeat(mu[i : i + 1], directions, axis=0), np.zeros(directions, int)
            cost = {key: _cost(z, v, t[chosen], y, temperature) if v is not None else (np.nan, np.nan)
                    for key, v in steps.items()}  # fmt: skip
            away = steps["orthogonal"]
            predicted = np.nan if away is None else normalisation_penalty(z, away, t[chosen], y, temperature).mean()
            each.append([basis.shape[1], cost["inside"][0], cost["orthogonal"][0], cost["inside"][1],
                         cost["orthogonal"][1], cost["isotropic"][1], predicted])  # fmt: skip
        rows.append([size, *np.mean(each, axis=0)])
    return np.array(rows)
