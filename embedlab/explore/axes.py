"""Axes to look along: a trait's direction or a contrast's, each image placed by a fit that has not seen its species.

The tests of the house are `trait_alignment` and `orthogonality`; these axes are for looking, beside what chance gives.
"""

import numpy as np

from embedlab.data.names import resolve
from embedlab.explore.axis_fit import contrast_positions, interval_of, orthogonal, species_folds, trait_positions
from embedlab.plots.theme import number, p_words
from embedlab.stats.resample import generator, p_value, shuffles_within
from embedlab.stats.tree.comparative import pagel_lambda
from embedlab.stats.tree.evolution import simulate

LEAST_SPECIES = 8
LEAST_PAIRS = 3  # species that show both kinds, below which no contrast can be fitted without one of them


def trait_axis(embeddings, trait, tree=None, *, by: str = "species", permutations: int = 999, rng) -> dict:
    """Give each image's place on the direction that foretells a trait, fitted without its species.

    A part of a bundle. Ridge regression of the trait on the species' mean directions, the penalty as large as a mean
    squared axis; species are left out in ten folds, whole genera where the rows tell them. `values` are in the
    trait's own unit (log10 where a positive trait spans more than a factor of ten); `r` from -1 to 1 is the
    correlation, over species, of forecast and trait, 1 a perfect forecast, with a 95 % interval that draws species
    again. `chance` is what traits give that evolved anew on the `tree` at this trait's λ, or, without one, the trait
    dealt out over species: below 0 on average, since a forecast that knows nothing leans away from who was left out.
    `p` counts chance at least as large.

    Errors: fewer than 8 species with a value (and a tip), a trait without numbers, the same value in all.
    """
    rng = generator(rng)
    emb = embeddings.known(by).unit()
    means = emb.per_species(by)
    value, title, notes = _numbers(trait, means.names)
    if tree is not None:
        tips = tree.match(means.names)[1].used
        notes += [f"{n} without a tip" for n in [len(means.names) - len(tips)] if n]
        value = [v if s in tips else None for s, v in zip(means.names, value, strict=True)]
    kept = np.array([i for i, v in enumerate(value) if v is not None], dtype=np.int64)
    if len(kept) < LEAST_SPECIES:
        raise ValueError(f"{title}: {len(kept)} species have a vector and a value; at least {LEAST_SPECIES} are needed")
    y = np.array([value[i] for i in kept], float)
    if np.ptp(y) == 0:
        raise ValueError(f"{title} is {y[0]:g} in all {len(y)} species: there is no direction to find")
    names = [means.names[i] for i in kept]
    place = {s: i for i, s in enumerate(names)}
    codes = np.array([place.get(s, -1) for s in emb.column(by).to_list()])
    folds, held = species_folds(emb, by, names)
    fit = trait_positions(emb.float64(), codes, means.means[kept], y, folds)
    r = _corr(fit.species, y)
    if tree is None:
        drawn = np.array([rng.permutation(y) for _ in range(permutations)])
        kind = "the trait dealt out over species as if they were unrelated"
    else:
        covariance = tree.covariance([tips[s] for s in names])
        lam = pagel_lambda(y, covariance).lam
        drawn = simulate(covariance, rng, count=permutations, model="lambda", parameter=float(lam))
        kind = f"traits that evolved anew on the tree at λ = {number(float(lam))}"
    null = np.array([_corr(fit.operator @ other, other) for other in drawn])
    low, high = interval_of(fit.species, y, rng=rng)
    p = p_value(r, null)
    across = orthogonal(emb.float64(), fit.direction)
    part = {
        "name": title, "kind": "trait", **_placed(emb, fit.images, across),
        "species": names, "position": _short(fit.species), "trait": _short(y), "r": r, "low": low, "high": high,
        "chance": _chance(null, kind), "p": p, "n": len(names), "images": int((codes >= 0).sum()),
        "x_title": f"{title}, foretold without the species", "y_title": "first component at right angles to it",
        "trait_title": f"{title}, recorded",
    }  # fmt: skip
    part["caption"] = (
        f"Each image's {title} as a ridge regression on the other species foretells it ({held}); up, the first "
        f"principal component at right angles to that direction. Over {len(names)} species forecast and trait "
        f"correlate {number(r)} [{number(low)}, {number(high)}]; chance ({kind}, {permutations:,} times) gives "
        f"{number(part['chance']['low'])} to {number(part['chance']['high'])}, {p_words(p)}."
        + (f" Left out: {'; '.join(notes)}." if notes else "")
    )
    return part


def contrast_axis(
    embeddings, column: str, one: str, other: str, *, by: str = "species", permutations: int = 499, rng
) -> dict:
    """Give each image's place on the direction from `other` to `one`, fitted without its species.

    A part of a bundle. The direction is the mean over species of mean(one) − mean(other); an image is placed from the
    mean of its species, by the species other than its own. `values` count in mean differences: about −0.5 is a
    typical `other`, 0.5 a typical `one`. `r` from -1 to 1 is the correlation of place and kind within species: 0 a
    direction that other species do not share, 1 no overlap. Chance deals the kinds out anew within each species and
    fits again; `p` counts chance at least as large. The interval draws species again.

    Errors: an unknown column, fewer than 3 species with both kinds.
    """
    rng = generator(rng)
    emb = embeddings.known(by).unit()
    codes, names = emb.codes(by)
    kinds = np.array([1 if v == one else 0 if v == other else -1 for v in emb.column(column).cast(str).to_list()])
    x = emb.float64()
    both = [s for s in range(len(names)) if {0, 1} <= set(kinds[codes == s].tolist())]
    if len(both) < LEAST_PAIRS:
        raise ValueError(
            f"{column}: {len(both)} species show both {one!r} and {other!r}; at least {LEAST_PAIRS} are needed to "
            "find a direction without one of them"
        )
    fit = contrast_positions(x, codes, kinds, len(names))
    asked = np.flatnonzero((kinds >= 0) & np.isin(codes, both))
    null = np.empty(permutations)
    for j, order in enumerate(shuffles_within(codes[asked], permutations, rng)):
        dealt = np.full(len(kinds), -1)
        dealt[asked] = kinds[asked][order]
        null[j] = contrast_positions(x, codes, dealt, len(names)).r
    low, high = interval_of(*fit.sums, rng=rng)
    p = p_value(fit.r, null)
    title = f"{column.replace('_', ' ')}: {other} to {one}"
    across = orthogonal(fit.centred, fit.direction)
    part = {
        "name": title, "kind": "contrast", **_placed(emb, fit.images, across),
        "r": fit.r, "low": low, "high": high,
        "chance": _chance(null, f"{column.replace('_', ' ')} dealt out anew within species"), "p": p, "n": len(both),
        "images": len(asked), "column": column, "x_title": f"{other} (−0.5) to {one} (0.5), by the other species",
        "y_title": "first component at right angles to it",
    }  # fmt: skip
    part["caption"] = (
        f"Each image's place between the {other} and the {one} of its species, on the mean difference in the other "
        f"species; up, the first component of what is left within species. In {len(both)} species with both, place and "
        f"kind correlate {number(fit.r)} [{number(low)}, {number(high)}] within species; kinds dealt out anew within "
        f"species ({permutations:,} times) give {number(part['chance']['low'])} to {number(part['chance']['high'])}, "
        f"{p_words(p)}."
    )
    return part


def on_page(axis: dict, ids) -> dict:
    """Give an axis with its places in the order of a bundle's `ids`, None where an image has none.

    >>> on_page({"image_id": ["a", "b"], "values": [1.0, 2.0], "across": [3.0, 4.0]}, ["b", "x"])
    {'values': [2.0, None], 'across': [4.0, None]}
    """
    place = {image: i for i, image in enumerate(axis["image_id"])}
    out = {key: value for key, value in axis.items() if key != "image_id"}
    for key in ("values", "across"):
        out[key] = [axis[key][place[i]] if i in place else None for i in ids]
    return out


def _numbers(trait, names):
    """The trait's number for each species (None where there is none), its name, and notes."""
    if not all(hasattr(trait, part) for part in ("name", "kind", "species", "values")):
        raise TypeError(f"a trait is one column, as in el.Traits.read(FILE)['Mass']; saw {trait!r:.80}")
    lookup = dict(zip(trait.species, trait.values, strict=True))
    found = [None if key is None else lookup[key] for key in resolve(names, list(trait.species)).used]
    if any(isinstance(v, str) for v in found):
        raise ValueError(f"{trait.name} is {trait.kind}: an axis needs numbers. Colour by it, or give a contrast")
    found = [None if v is None or not np.isfinite(v) else float(v) for v in found]
    known = [v for v in found if v is not None]
    notes = [f"{len(found) - len(known)} species without a value"] if len(known) < len(found) else []
    if trait.kind == "numeric" and known and min(known) > 0 and max(known) > 10 * min(known):
        return [None if v is None else float(np.log10(v)) for v in found], f"log10 {trait.name}", notes
    return found, trait.name.replace("_", " "), notes


def _placed(emb, values, across) -> dict:
    return {"image_id": emb.rows["image_id"].to_list(), "values": _short(values), "across": _short(across)}


def _chance(null: np.ndarray, kind: str) -> dict:
    low, high = np.quantile(null, [0.025, 0.975])
    return {"low": float(low), "high": float(high), "mean": float(null.mean()), "kind": kind, "times": len(null)}


def _corr(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def _short(values) -> list[float]:
    return [float(f"{v:.5g}") for v in values]
