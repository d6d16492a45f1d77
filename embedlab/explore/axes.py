"""Axes to look along: a trait's direction or a contrast's, each image placed by a fit that has not seen its species.

The tests of the house are `trait_axis`, `trait_alignment` and `orthogonality`; axes are for looking along.
"""

import numpy as np

from embedlab.data.taxonomy import Taxonomy
from embedlab.data.tree import Tree
from embedlab.explore.axis_fit import contrast_positions, interval_of, orthogonal
from embedlab.measures.trait_axis import trait_axis as measured
from embedlab.plots.theme import number, p_words
from embedlab.plots.typography import typeset
from embedlab.stats.resample import generator, p_value, shuffles_within

LEAST_PAIRS = 3  # species that show both kinds, below which no contrast can be fitted without one of them


def trait_axis(embeddings, trait, tree=None, *, permutations: int = 999, rng) -> dict:
    """Give each image's place on the direction along which a trait runs, fitted without its species.

    A part of a bundle, made of `embedlab.measures.trait_axis` (which see for the fit, the chance and the errors).
    Without a `tree` the ranks in the rows stand in for one, and the part says that it cannot tell.
    """
    if tree is None:
        tree = Tree.from_taxonomy(Taxonomy.from_rows(embeddings.rows))
    return of_result(measured(embeddings, trait, tree, permutations=permutations, rng=rng))


def of_result(result) -> dict:
    """Give a `TraitAxis` as a part of a bundle: places of images and species, r, its interval, chance and p.

    `values` and `position` are in the unit of the trait, 0 the mean of all species. `cannot_tell` says why no p is to
    be believed, or is empty.
    """
    e = result.evidence
    name = result.trait.replace("_", " ")
    return {
        "name": name, "kind": "trait",
        **_placed(result.image_id, result.image_position, result.image_across),
        "species": list(result.species), "position": _short(result.position), "trait": _short(result.value),
        "r": e.estimate, "low": e.interval[0], "high": e.interval[1], "chance": _chance(e.null, e.chance_kind),
        "p": e.p_more, "cannot_tell": e.cannot_tell, "n": len(result.species), "images": len(result.image_id),
        "x_title": f"{name}, as the other species tell it", "y_title": "first principal axis at right angles",
        "trait_title": f"{name}, recorded",
        "caption": f"Each image on the direction along which {name} runs in the other species, in its unit from the "
        "mean of all species.",
        "how": typeset(result.caption + (f" Left out: {'; '.join(result.left_out)}." if result.left_out else "")),
    }  # fmt: skip


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
        null[j] = contrast_positions(x, codes, dealt, len(names), fit.centred).r
    low, high = interval_of(*fit.pairs, rng=rng)
    p = p_value(fit.r, null)
    title = f"{column.replace('_', ' ')}: {other} to {one}"
    across = orthogonal(fit.centred, fit.direction)
    part = {
        "name": title, "kind": "contrast", **_placed(emb.rows["image_id"].to_list(), fit.images, across),
        "r": fit.r, "low": low, "high": high,
        "chance": _chance(null, f"{column.replace('_', ' ')} dealt out anew within species"), "p": p, "n": len(both),
        "images": len(asked), "column": column, "cannot_tell": "",
        "x_title": f"{other} (−0.5) to {one} (0.5), by the other species",
        "y_title": "first principal axis at right angles, within species",
    }  # fmt: skip
    part["caption"] = (
        f"Each image's place between the {other} and the {one} of its species, on the mean difference in the other "
        "species."
    )
    part["how"] = (
        f"In {len(both)} species with both, place and kind correlate {number(fit.r)} [{number(low)}, {number(high)}] "
        "within species; the direction is the mean difference over the species other than the image's own. Kinds dealt "
        f"out anew within species, {permutations:,} times, and fitted again give {number(part['chance']['low'])} to "
        f"{number(part['chance']['high'])}, {p_words(p)}. The interval draws species again."
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


def _placed(ids, values, across) -> dict:
    return {"image_id": list(ids), "values": _short(values), "across": _short(across)}


def _chance(null: np.ndarray, kind: str) -> dict:
    low, high = np.quantile(null, [0.025, 0.975])
    return {"low": float(low), "high": float(high), "mean": float(null.mean()), "kind": kind, "times": len(null)}


def _short(values) -> list[float]:
    return [float(f"{v:.5g}") for v in values]
