"""Along which direction of the space does a trait run, and do species that were left out stand where it says?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from scipy.special import stdtrit
from scipy.stats import f as f_distribution

from embedlab.claims import Evidence
from embedlab.measures.trait_join import Joined, joined
from embedlab.stats.resample import generator, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.trait.alignment import Problem
from embedlab.stats.trait.alignment_nulls import drawn_traits
from embedlab.stats.trait.axis import correlations, fitted_axis, folds, turned_traits
from embedlab.stats.tree.comparative import effective_species

EVOLVED = "traits that evolved anew on the tree, at the λ of this one"
TURNED = "; and contrasts of sister clades with random signs: the larger of both p-values counts"
LEAST_UNITS = 4  # animals of a species for an ellipse around its mean
CORNERS = 49  # of an ellipse
RANKS = "ranks stand in for a tree and leave open who is nearest kin within one: give a phylogeny"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TraitAxis(Spoken):
    """Where each species stands on a trait's direction that was fitted without it, beside what descent alone gives.

    `value` `(s,)` is the trait, or what the covariates leave of it; `position` `(s,)` the place on the fitted
    direction, in units of the trait with 0 the mean of all species; `low` and `high` its 95 % interval over the animals
    of the species (nan with fewer than 2). `across` `(s,)` is the place on the first principal axis of species means at
    right angles to the trait's, `outline` `(s, 49, 2)` a 95 % confidence ellipse around the species' mean (nan with
    fewer than 4 animals), `shares` the parts of the variance between species on the two axes.
    `r` of trait and position stands in `evidence`, beside traits that evolved anew on the tree; `p_permuted` is what
    shuffled species would say, which for related species is too little by far, and `p_turned` what contrasts turned
    round say (nan where the tree allows none). `image_position` and `image_across` `(n,)` place each image of
    `image_id`; `photographs` holds, for some species, an encoded picture.
    """

    trait: str
    species: tuple[str, ...]
    value: np.ndarray
    position: np.ndarray
    low: np.ndarray
    high: np.ndarray
    across: np.ndarray
    outline: np.ndarray
    units: np.ndarray
    unit: str
    shares: tuple[float, float]
    left_together: int
    lam: float
    p_evolved: float
    p_turned: float
    p_permuted: float
    permuted: np.ndarray
    structure: object
    tree: str
    covariates: tuple[str, ...]
    image_id: tuple[str, ...] = field(repr=False)
    image_species: np.ndarray
    image_position: np.ndarray
    image_across: np.ndarray
    typical: tuple[str, ...]
    left_out: tuple[str, ...]
    evidence: Evidence
    photographs: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        e = self.evidence
        said = (
            f"{self.trait}: {len(self.species)} species stand where their trait says on a direction fitted without "
            f"them, r = {e.estimate:.2f} [{e.interval[0]:.2f}, {e.interval[1]:.2f}]; traits that evolved anew on the "
            f"tree give {e.chance['low']:.2f} to {e.chance['high']:.2f} (p = {e.p_more:.2g}; "
            f"species shuffled as if unrelated: p = {self.p_permuted:.2g})"
        )
        return said + (f", with {', '.join(self.covariates)} taken out" if self.covariates else "")

    @property
    def caption(self) -> str:
        """Method, numbers and null in a few sentences."""
        e = self.evidence
        out = "each alone" if self.left_together == len(self.species) else f"in {self.left_together} parts"
        turned = f"; {self.p_turned:.2g} with contrasts of sister clades turned round" if self._turned else ""
        return (
            f"Ridge regression of {self.trait} on mean unit vectors of {len(self.species)} species (worth "
            f"{e.n_effective:.1f} unrelated ones), {out} left out in turn and placed on the direction of the others; "
            f"penalty by generalised cross-validation within the rest. Upright: first principal axis of species means "
            f"at right angles ({self.shares[1]:.0%} of what sets species apart; the trait's direction "
            f"{self.shares[0]:.0%}). Ellipses: 95 % confidence of a species' mean over its {self.unit}. Chance: "
            f"{EVOLVED} ({self.lam:.2f}), {len(e.null)} times, {e.chance['mean']:.2f} on average, "
            f"p = {self.p_evolved:.2g}{turned}; {self.tree}. Species shuffled as if unrelated give "
            f"{np.mean(self.permuted):.2f} on average."
        )

    @property
    def _turned(self) -> bool:
        return bool(np.isfinite(self.p_turned))

    def table(self) -> pl.DataFrame:
        """One row a species, in the order of the trait."""
        order = np.argsort(self.value, kind="stable")
        frame = pl.DataFrame({
            "species": self.species, self.trait: self.value, "position": self.position, "low": self.low,
            "high": self.high, "across": self.across, self.unit: self.units,
        }, strict=False)  # fmt: skip
        return frame[order.tolist()]

    def with_photographs(self, images: Mapping[str, bytes]) -> "TraitAxis":
        """The same with a picture of each species whose `typical` image is among `images`, encoded, by `image_id`."""
        pairs = zip(self.species, self.typical, strict=True)
        return replace(self, photographs={name: images[i] for name, i in pairs if i in images})


def trait_axis(embeddings, trait, tree, *, by: str = "species", permutations: int = 999, covariates: Sequence = (),
               hold_out: str = "species", rng: np.random.Generator | int) -> TraitAxis:  # fmt: skip
    """Place each species on the direction of a numeric trait (`traits["beak_depth"]`), fitted without its own images.

    Joins, logarithms and `covariates` are those of `trait_alignment`; covariates are taken out of the trait first.
    `hold_out` names a rank whose members are left out together ("genus": no near relative has lent the direction);
    by default each species alone, above 30 species in 20 parts. The statistic is r between trait and position.
    Relatives share traits and looks, so that r is far from 0 by descent alone (0.5 for 12 and 0.6 for 40 species, on
    average over trees on which all evolved by Brownian motion; measured): chance is drawn by traits that evolve anew
    on `tree`, and the p-value is the larger of that and of contrasts of sister clades with random signs. Species
    shuffled as if unrelated call half of such empty worlds with 12 species, and nine in ten with 40. Refused: kinds,
    fewer than 8 species.
    """
    rng = generator(rng)
    emb = embeddings.known(by)
    left_out = [f"{embeddings.n - emb.n} images without {by}"] if emb.n < embeddings.n else []
    unit = emb.unit()
    j = joined(unit, trait, [tree], by, covariates, left_out)
    if j.kind != "numeric":
        raise ValueError(f"{j.trait} is of kinds, which have no direction: ask el.trait_alignment, which takes kinds")
    y = _left(j.value, j.extra)
    problem = Problem.of(j.means, y, j.structures[0])
    lam = float(problem.lam("ml", problem.columns[None])[0])
    fold = _together(j, hold_out)
    fit = fitted_axis(j.means, y, fold=fold)
    centred = j.means - j.means.mean(axis=0)
    kernel = centred @ centred.T

    def against(traits):
        return correlations(kernel, np.array([_left(t, j.extra) for t in traits]).T, fit.fold)

    null = against(drawn_traits(problem, "lambda", lam, permutations, rng)[:, :, 0])
    own = p_value(fit.statistic, null)
    turned = _turned_p(fit.statistic, against, y, j.structures[0], lam, permutations, rng)
    permuted = against([rng.permutation(y) for _ in range(permutations)])
    across, shares = _across(centred, fit.whole)
    places = _images(unit, by, j, fit.directions, across)
    low, high, outline, units, word = _spread(unit, places, len(j.names))
    evidence = Evidence(
        statistic=f"correlation of {j.trait} with the position of species left out",
        estimate=fit.statistic, interval=fit.interval, null=null,
        chance_kind=EVOLVED + (TURNED if np.isfinite(turned) else ""),
        p_more=max(own, turned) if np.isfinite(turned) else own, p_less=p_value(fit.statistic, null, more=False),
        p_floor=1 / (permutations + 1), n=len(j.names), n_effective=effective_species(_at(lam, j.covariance)),
        cannot_tell=RANKS if getattr(tree, "of_ranks", False) else "",
    )  # fmt: skip
    source = getattr(tree, "source", "")
    return TraitAxis(
        trait=j.trait, species=j.names, value=y, position=fit.position, low=low, high=high,
        across=centred @ across, outline=outline, units=units, unit=word, shares=shares,
        left_together=int(fit.fold.max()) + 1, lam=lam, p_evolved=own, p_turned=turned,
        p_permuted=p_value(fit.statistic, permuted), permuted=permuted, structure=j.structures[0],
        tree=f"tree of {len(j.names)} tips" + (f" ({source})" if source else ""), covariates=j.covariate_names,
        image_id=tuple(places["image_id"]), image_species=places["of"], image_position=places["x"],
        image_across=places["y"], typical=_typical(unit, places, j), left_out=j.left_out, evidence=evidence,
    )  # fmt: skip


def _left(y: np.ndarray, extra: np.ndarray | None) -> np.ndarray:
    """What covariates leave of a trait."""
    if extra is None:
        return y
    base = np.column_stack([np.ones(len(y)), extra])
    return y - base @ np.linalg.lstsq(base, y, rcond=None)[0]


def _together(j: Joined, rank: str) -> np.ndarray:
    if rank == "species":
        return folds(len(j.names))
    if rank not in j.taxa:
        raise ValueError(
            f"hold_out={rank!r}: the rows do not tell it of every species, or it holds them all or one each; there is "
            f"{', '.join(['species', *j.taxa])}"
        )
    return np.unique(j.taxa[rank], return_inverse=True)[1]


def _turned_p(observed, against, y, structure, lam, permutations, rng) -> float:
    try:
        return p_value(observed, against(turned_traits(y, structure, lam, permutations, rng)))
    except ValueError:  # tips at distance zero at λ = 1
        return np.nan


def _at(lam: float, covariance: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(covariance)) > 0, covariance, lam * covariance)


def _across(centred: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The first principal axis at right angles to a direction, and the share of the variance on each."""
    unit = direction / (np.linalg.norm(direction) or 1.0)
    rest = centred - np.outer(centred @ unit, unit)
    vector = np.linalg.svd(rest, full_matrices=False)[2][0]
    vector = vector * np.sign(vector[np.abs(vector).argmax()])  # an axis has no direction: fix one
    whole = (centred**2).sum()
    return vector, (float(((centred @ unit) ** 2).sum() / whole), float(((centred @ vector) ** 2).sum() / whole))


def _images(unit, by: str, j: Joined, directions: np.ndarray, across: np.ndarray) -> dict:
    """Every image of these species on both axes, scaled so that a species' images have its mean vector for a mean."""
    place = {name: i for i, name in enumerate(j.names)}
    names = unit.column(by).to_list()
    rows = np.array([r for r, name in enumerate(names) if name in place])
    of = np.array([place[names[r]] for r in rows])
    x = unit.take(rows).float64()
    means = np.stack([x[of == i].mean(axis=0) for i in range(len(place))])
    x = x / np.linalg.norm(means, axis=1)[of, None] - j.means.mean(axis=0)
    ids = unit.column("image_id").to_list()
    return {"rows": rows, "of": of, "image_id": [ids[r] for r in rows], "x": (x * directions[of]).sum(axis=1),
            "y": x @ across}  # fmt: skip


def _spread(unit, places: dict, s: int):
    """Interval and ellipse of each species' mean, over animals where they are told apart, else over images."""
    word, whose = "images", np.arange(len(places["rows"]))
    if unit.has("individual") and not unit.column("individual").null_count():
        word, animal = "individuals", unit.column("individual").to_list()
        whose = np.unique([animal[r] for r in places["rows"]], return_inverse=True)[1]
    low, high = np.full(s, np.nan), np.full(s, np.nan)
    outline, units = np.full((s, CORNERS, 2), np.nan), np.zeros(s, int)
    turn = np.linspace(0, 2 * np.pi, CORNERS)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    for i in range(s):
        mine = places["of"] == i
        _, code, size = np.unique(whose[mine], return_inverse=True, return_counts=True)
        xy = np.column_stack([np.bincount(code, places[k][mine]) / size for k in "xy"])
        units[i] = k = len(xy)
        if k < 2:
            continue
        # About the mean over images, which is what the figure shows; that of animals may differ a little.
        centre = np.array([places["x"][mine].mean(), places["y"][mine].mean()])
        half = stdtrit(k - 1, 0.975) * xy[:, 0].std(ddof=1) / np.sqrt(k)
        low[i], high[i] = centre[0] - half, centre[0] + half
        if k >= LEAST_UNITS:
            reach = 2 * (k - 1) / (k - 2) * f_distribution.ppf(0.95, 2, k - 2) / k
            values, vectors = np.linalg.eigh(np.cov(xy.T))
            outline[i] = centre + (circle * np.sqrt(np.maximum(values, 0) * reach)) @ vectors.T
    return low, high, outline, units, word


def _typical(unit, places: dict, j: Joined) -> tuple[str, ...]:
    """The image nearest to each species' mean, an adult where that is recorded: the one to show."""
    stage = unit.column("life_stage").to_list() if unit.has("life_stage") else []
    found = []
    for i in range(len(j.names)):
        mine = np.flatnonzero(places["of"] == i)
        grown = [k for k in mine if stage and stage[places["rows"][k]] == "adult"]
        mine = np.array(grown) if grown else mine
        x = unit.take(places["rows"][mine]).float64()
        found.append(places["image_id"][mine[np.argmax(x @ j.means[i])]])
    return tuple(found)
