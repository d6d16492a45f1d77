"""Stores → what a host shows: their maps, one bundle with its parts, and the places of every vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedlab.data import Embeddings, Traits, Tree
from embedlab.explore import places, tiles
from embedlab.explore.axes import LEAST_PAIRS, contrast_axis, on_page, trait_axis
from embedlab.explore.bundle import bundle
from embedlab.explore.large import project_many
from embedlab.explore.page import heading, whole
from embedlab.explore.parts import parts_of
from embedlab.io.store import open_store, thumbnails
from embedlab.measures.projection import Projection, project

EXACT = 20_000  # vectors up to which a map is made by `project`; beyond, PCA fitted on a sample
UNASKED_TSNE = 5_000  # vectors up to which t-SNE is drawn without being asked for: about half a minute
MOST_AXES = 6  # traits of a table for which an axis is fitted
MOST_CONTRASTED = 5_000  # vectors up to which contrasts are fitted: about five seconds each
CONTRASTS = {"sex": [("male", "female")], "life_stage": [("adult", "juvenile"), ("adult", "larva")]}
# As `handlers.policy`, for the page's own sake: the server's header says it more strictly.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """Spaces, their maps by name, whose each map is, and the bundle made of them."""

    spaces: tuple[Embeddings, ...]
    maps: Mapping[str, Projection]
    of: Mapping[str, Embeddings]
    bundle: dict
    notes: tuple[str, ...] = ()

    def everywhere(self) -> list[tuple]:
        """Give ids, x and y of every vector of each map, in the units of the page."""
        flat = places.coordinates(self.maps)
        out = []
        for name, p in self.maps.items():
            x, y = np.round(flat[name][0], 4).T
            out.append((list(p.image_id), x, y))
        return out

    def page(self, host: Mapping | None = None) -> str:
        """Give the whole page, for a file or, with the settings of a server, for that."""
        served = host is not None and host.get("kind") == "server"
        return whole(self.bundle, title=heading(self.spaces, self.bundle), host=host, policy=POLICY if served else "")


def opened(
    spaces: Sequence[Embeddings],
    *,
    maps: Mapping[str, Projection] | None = None,
    of: Mapping[str, Embeddings] | None = None,
    methods: Sequence[str] = (),
    stores: Sequence[str | Path] = (),
    pictures: Mapping[str, bytes] | None = None,
    colour: str | None = None,
    traits: Traits | None = None,
    tree: Tree | None = None,
    near: bool = True,
    contrasts: bool = False,
    seed: int = 0,
) -> Opened:
    """Give what a host shows of some spaces.

    `maps` are ready (each of the space that `of` names), or made by `methods` ("pca", "tsne", "umap"; by default PCA,
    and t-SNE too of one space with at most 5,000 vectors). `stores` are the folders whose thumbnails are shown, or
    `pictures` encoded images by image_id. With `traits` come axes to look along, with a `tree` the tree, with
    `contrasts` axes from one sex and life stage to the other; `near` adds each image's nearest neighbours in the full
    space of the last space.
    """
    spaces = tuple(spaces)
    if colour is not None and not any(s.has(colour) for s in spaces):
        spaces[0].column(colour)  # its refusal names the closest
    if maps is None:
        maps, of = maps_of(spaces, methods, seed)
    main, notes = spaces[-1], []
    parts = parts_of(main, tree=tree)
    if not near:
        parts.pop("neighbours")
    parts["axes"] = lambda ids: [on_page(a, ids) for a in axes_of(main, traits, tree, contrasts, seed, notes)] or None
    made = bundle(spaces, maps, {}, colour, of=of, parts=parts)
    if pictures is None and stores:
        pictures = pictures_of(stores, made["ids"])
    if pictures:
        made["tiles"], made["sheets"] = tiles.packed(made["ids"], pictures)
        if -1 in made["tiles"]:
            lacking = made["tiles"].count(-1)
            made["notes"].append(f"{lacking:,} of {len(made['ids']):,} images have no thumbnail on this page")
    made["notes"] += notes
    return Opened(spaces=spaces, maps=maps, of=dict(of or {}), bundle=made, notes=tuple(notes))


def open_stores(stores: Sequence[str | Path]) -> list[Embeddings]:
    """Open several stores."""
    return [open_store(store) for store in stores]


def maps_of(spaces: Sequence[Embeddings], methods: Sequence[str], seed: int) -> tuple[dict, dict]:
    """Give maps by name, and the space that each is of: a panel a method for one space, a panel a space for several."""
    asked = list(methods) or ["pca", *(["tsne"] if len(spaces) == 1 and 50 <= spaces[0].n <= UNASKED_TSNE else [])]
    named: dict[str, Projection] = {}
    of: dict[str, Embeddings] = {}
    labels = labels_of(spaces)
    for method in dict.fromkeys(asked):
        for space, label in zip(spaces, labels, strict=True):
            one = project(space, method, rng=seed) if space.n <= EXACT else project_many(space, method, rng=seed)
            words = [label] * (len(spaces) > 1) + [one.method] * (len(spaces) == 1 or len(asked) > 1)
            name = " · ".join(words)
            named[name], of[name] = one, space
    return named, of


def labels_of(spaces: Sequence[Embeddings]) -> list[str]:
    """Give each space a name of its own: its model's, numbered where two share it.

    >>> one = Embeddings(np.ones((1, 1)), {"image_id": ["a"]}, {"model": "m"})
    >>> labels_of([one, one])
    ['m 1', 'm 2']
    """
    names = [str(s.card.get("model") or "vectors") for s in spaces]
    return [n if names.count(n) == 1 else f"{n} {1 + names[:i].count(n)}" for i, n in enumerate(names)]


def pictures_of(stores: Sequence[str | Path], ids: Sequence[str], file_format: str = "BMP") -> dict[str, bytes]:
    """Give the thumbnails of these images by id, from the first store that has them, at most as many as a page holds.

    Only the sheets on which they stand are opened. BMP, since a page packs them anew and nothing else is as quick.
    """
    found: dict[str, bytes] = {}
    for store in stores:
        place = {image: row for row, image in enumerate(open_store(store).rows["image_id"].to_list())}
        wanted = [i for i in ids if i not in found and i in place][: tiles.MOST_TILES - len(found)]
        cut = thumbnails(store, [place[i] for i in wanted], file_format) if wanted else []
        found.update((i, content) for i, content in zip(wanted, cut, strict=True) if content is not None)
    return found


def axes_of(space: Embeddings, traits: Traits | None, tree: Tree | None, contrasts: bool, seed: int,
            notes: list[str]) -> list[dict]:  # fmt: skip
    """Give axes to look along: numeric traits in the order of their table, then, if asked, sex and life stage.

    What cannot be fitted is left out; of more than six traits the others are named in `notes`.
    """
    if not space.has("species") or space.n > EXACT:
        return []
    known = tree if tree is not None and not tree.of_ranks else None
    out, rest, unfitted = [], [], []
    for name in traits.kinds if traits is not None else ():
        trait = traits[name]
        if trait.kind not in ("numeric", "binary") or any(isinstance(v, str) for v in trait.values):
            continue
        if len(out) == MOST_AXES:
            rest.append(name)
            continue
        try:
            out.append(trait_axis(space, trait, known, rng=seed))
        except ValueError as reason:
            unfitted.append((name, str(reason)))
    notes += _without_axis(unfitted)
    if rest:
        notes.append(f"axes for {MOST_AXES} traits; not for {', '.join(rest[:5])}{' and others' * (len(rest) > 5)}")
    for column, pairs in CONTRASTS.items() if contrasts and space.n <= MOST_CONTRASTED else ():
        held = set(space.rows[column].drop_nulls().unique().to_list()) if space.has(column) else set()
        pair = next((p for p in pairs if set(p) <= held), None)
        if pair is not None and _species_with_both(space, column, pair) >= LEAST_PAIRS:
            out.append(contrast_axis(space, column, *pair, rng=seed))
    return out


def _without_axis(unfitted: Sequence[tuple[str, str]]) -> list[str]:
    """Give one note for all traits that no axis could be fitted to: those that failed alike are named together.

    >>> _without_axis([("wing", "wing: too few species"), ("tail", "tail: too few species"), ("mass", "no number")])
    ['no axis for 3 traits: wing, tail: too few species; mass: no number']
    """
    alike: dict[str, list[str]] = {}
    for name, reason in unfitted:
        alike.setdefault(reason.removeprefix(f"{name}: ").replace(f"a value of {name}", "a value"), []).append(name)
    said = [f"{', '.join(some[:5])}{' and others' * (len(some) > 5)}: {reason}" for reason, some in alike.items()]
    many = f"{len(unfitted)} traits: " if len(unfitted) > 1 else ""
    more = [f"and {len(said) - 3} other reasons"] if len(said) > 3 else []
    return [f"no axis for {many}{'; '.join(said[:3] + more)}"] if said else []


def _species_with_both(space: Embeddings, column: str, pair: tuple[str, str]) -> int:
    some = space.where(**{column: list(pair)}).rows.drop_nulls("species")
    return int((some.group_by("species").n_unique()[column] == 2).sum()) if some.height else 0
