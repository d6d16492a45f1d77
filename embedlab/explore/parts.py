"""The optional parts of a page, each made once it is known which images the page shows."""

from collections.abc import Callable, Sequence

from embedlab.explore.axes import contrast_axis, on_page, trait_axis
from embedlab.explore.neighbours import NEIGHBOURS, neighbours
from embedlab.explore.tree_part import tree_part
from embedlab.stats.resample import generator


def parts_of(
    space, *, tree=None, traits: Sequence = (), contrasts: Sequence[tuple[str, str, str]] = (),
    k: int = NEIGHBOURS, permutations: int = 999, rng=0,
) -> dict[str, Callable]:  # fmt: skip
    """Give makers of a bundle's optional parts, for `bundle(…, parts=…)`: each takes the ids that the page shows.

    "neighbours": the `k` nearest of each image in `space`. "tree": `tree` pruned to the species of `space`. "axes":
    one for each numeric column of `Traits` in `traits`, beside chance on the tree (or on ranks, where there is none),
    and for each contrast `(column, one, other)`. What was not given, or cannot be shown, is left out; an axis that
    cannot be fitted raises ValueError at once.
    """
    rng = generator(rng)
    fitted = [trait_axis(space, trait, tree, permutations=permutations, rng=rng) for trait in traits]
    fitted += [contrast_axis(space, *contrast, permutations=min(permutations, 499), rng=rng) for contrast in contrasts]
    parts: dict[str, Callable] = {"neighbours": lambda ids: neighbours(space, ids, k)}
    if tree is not None and space.has("species"):
        species = space.column("species").to_list()
        parts["tree"] = lambda ids: tree_part(tree, species)
    if fitted:
        parts["axes"] = lambda ids: [on_page(axis, ids) for axis in fitted]
    return parts
