"""What a notebook calls: `el.project`, `el.show`, `el.explore`, `el.gallery`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from embedlab.data import Embeddings, Traits, Tree
from embedlab.explore.gallery import Gallery
from embedlab.explore.large import project_many
from embedlab.explore.notebook import View
from embedlab.explore.opening import EXACT, opened
from embedlab.explore.page import named
from embedlab.io.here import FOLDER, open_here
from embedlab.measures.projection import Projection
from embedlab.measures.projection import project as measured

MOST_FACETS = 9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Map(Projection):
    """A `Projection` that knows whose it is: `of` are the `Embeddings` that it lays out."""

    of: Embeddings = field(repr=False)


def project(embeddings: Embeddings, method: str = "pca", *, rng, **parameters) -> Map:
    """Lay unit vectors out in two dimensions by "pca", "tsne" or "umap"; the map knows its vectors, for `el.show`.

    `rng` is a seed, which stands in the caption beside the map's faithfulness. See `measures.projection.project`;
    PCA of more than 20,000 vectors finds its axes on a sample and says so.
    """
    if embeddings.n > EXACT and method.lower() == "pca" and not parameters:
        made = project_many(embeddings, rng=rng)
    else:
        made = measured(embeddings, method, rng=rng, **parameters)
    return Map(of=embeddings, **{f.name: getattr(made, f.name) for f in fields(Projection)})


def show(
    maps: Projection | Sequence[Projection] | Mapping[str, Projection],
    *,
    color: str | None = None,
    facet: str | None = None,
    space: Embeddings | None = None,
    pictures: Mapping[str, bytes] | None = None,
    traits: Traits | None = None,
    tree: Tree | None = None,
    rng: int = 0,
) -> View:
    """Show maps as linked panels in a notebook: hover, lasso, gallery; `.selection()` gives what was chosen.

    `maps` come from `el.project`; those of several spaces share one choice where they share images. `color` is a column
    of the rows; `facet` makes one map into a panel for each level of a column, at most 9, on one scale. `space` are the
    vectors of maps that were made elsewhere. Thumbnails come from the store that `el.open` opened, or from `pictures`,
    encoded images by image_id. With `traits` or a `tree` come axes to look along and the tree.
    """
    every = named(maps)
    if not every:
        raise ValueError("no map: make one with el.project(embeddings, 'umap', rng=0)")
    of = {name: getattr(m, "of", space) for name, m in every.items()}
    if bare := [name for name, s in of.items() if s is None]:
        raise TypeError(f"{', '.join(bare[:5])}: this map does not know its vectors. Make it with el.project, or say "
                        "show(map, space=embeddings)")  # fmt: skip
    if facet is not None and len(every) > 1:
        raise ValueError(f"facet={facet!r} makes panels of one map; there are {len(every)}: show one of them")
    spaces = list({id(s): s for s in of.values()}.values())
    stores = [Path(s.card[FOLDER]) for s in spaces if FOLDER in s.card]
    made = opened(spaces, maps=every, of=of, stores=stores, pictures=pictures, colour=color, traits=traits, tree=tree,
                  seed=rng)  # fmt: skip
    if facet is not None:
        faceted(made.bundle, spaces[0].column(facet).name)
    return View(made)


def explore(
    spaces: Embeddings | str | Path | Sequence[Embeddings | str | Path],
    *,
    color: str | None = None,
    method: str | Sequence[str] = (),
    traits: Traits | None = None,
    tree: Tree | None = None,
    rng: int = 0,
) -> View:
    """Look around spaces in a notebook: a linked panel each, all turned to face one way, one lasso for all.

    `spaces` are `Embeddings` or paths of stores; `method` is "pca", "tsne" or "umap", or several; by default PCA, and
    t-SNE too of one space with at most 5,000 vectors. `.save("map.html")` writes the page as a file.
    """
    given = list(spaces) if isinstance(spaces, list | tuple) else [spaces]
    if not given:
        raise ValueError("nothing to explore: give Embeddings, or the path of a store")
    held = [one if isinstance(one, Embeddings) else open_here(one) for one in given]
    stores = [Path(s.card[FOLDER]) for s in reversed(held) if FOLDER in s.card]
    methods = [method] if isinstance(method, str) else list(method)
    return View(opened(held, methods=methods, stores=stores, colour=color, traits=traits, tree=tree, seed=rng))


def gallery(embeddings: Embeddings, cols: int = 8, *, most: int = 64,
            pictures: Mapping[str, bytes] | None = None) -> Gallery:  # fmt: skip
    """Show the images of some vectors in rows of `cols`, with their species where it is known.

    At most `most` of them; how many more there are is said. Thumbnails come from the store that `el.open` opened, or
    from `pictures`, encoded images by image_id.
    """
    if cols < 1 or most < 1:
        raise ValueError(f"a gallery of {cols} columns and {most} images shows nothing: both are at least 1")
    folder = embeddings.card.get(FOLDER)
    if pictures is None and folder is None:
        raise ValueError(
            "these vectors do not know their images: open their store with el.open, or give pictures={image_id: bytes}"
        )
    return Gallery(embeddings, cols, most, pictures, folder)


def faceted(bundle: dict, column: str) -> None:
    """Make the one map of a bundle into a panel for each level of a column, in the frame and scale of the whole.

    The nine most frequent levels; what is left out is said in the notes.
    """
    found = next((c for c in bundle["columns"] if c["name"] == column and c["kind"] == "kinds"), None)
    if found is None:
        kinds = [c["name"] for c in bundle["columns"] if c["kind"] == "kinds"]
        raise ValueError(f"{column} holds no names to make panels of; there are {', '.join(kinds[:5]) or 'none'}")
    whole, codes = bundle["maps"][0], found["codes"]
    counts = {code: 0 for code in range(len(found["levels"]))}
    for row in whole["row"]:
        if codes[row] >= 0:
            counts[codes[row]] += 1
    order = sorted((c for c in counts if counts[c]), key=lambda c: (-counts[c], c))
    kept = sorted(order[:MOST_FACETS])
    left = len(whole["row"]) - sum(counts[c] for c in kept)
    frame = [[min(whole[v]), max(whole[v])] for v in ("x", "y")]
    maps = []
    for code in kept:
        at = [k for k, row in enumerate(whole["row"]) if codes[row] == code]
        part = {key: [whole[key][k] for k in at] for key in ("row", "x", "y", "kept") if key in whole}
        maps.append({**part, "name": found["levels"][code], "axes": whole["axes"], "frame": frame,
                     "caption": f"{len(at):,} images"})  # fmt: skip
    bundle["maps"] = maps
    bundle["notes"].append(f"Each panel shows one {column.replace('_', ' ')} on the same map: {whole['caption']}")
    if left:
        rarer = len(order) - len(kept)
        why = f"not recorded, or one of {rarer} rarer" if rarer else "not recorded"
        bundle["notes"].append(f"{left:,} images stand on no panel: {why}")
