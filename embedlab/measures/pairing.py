"""Two stores side by side: the same images by their ids, or the same species by their names."""

from dataclasses import dataclass

import numpy as np

from embedlab.data.names import resolve
from embedlab.data.report import few
from embedlab.measures.contrast import by_individual


@dataclass(frozen=True, eq=False)
class Paired:
    """Unit vectors of two spaces. With `same`, row i of `x` and of `y` show the same individual or image.

    `x_codes` and `y_codes` number the species of `names` (−1 where none); photographs of one individual are averaged
    where `unit` says individuals.
    """

    x: np.ndarray
    y: np.ndarray
    x_codes: np.ndarray
    y_codes: np.ndarray
    names: tuple[str, ...]
    same: bool
    unit: str
    left_out: tuple[str, ...]


def paired(first, second, by: str, on: str) -> Paired:
    """Bring two `Embeddings` together: by image where they share ids (`on="image"`), else by species."""
    if on not in ("auto", "image", "species"):
        raise ValueError(f"on={on!r} is not known: use 'auto', 'image' or 'species'")
    ours = {name: i for i, name in enumerate(first.column("image_id").to_list())}
    theirs = {name: i for i, name in enumerate(second.column("image_id").to_list())}
    common = [name for name in ours if name in theirs]
    if on == "image" and len(common) < 3:
        raise ValueError(
            f"{len(common)} images stand in both stores; one has {few(ours, 3)}, the other {few(theirs, 3)}. "
            "Compare species instead: on='species'"
        )
    if on == "species" or not common:
        return _by_species(first, second, by)
    left_out = [
        f"{emb.n - len(common)} images of the {which} store that the other does not have"
        for emb, which in ((first, "first"), (second, "second"))
        if emb.n > len(common)
    ]
    a = first.take([ours[name] for name in common])
    b = second.take([theirs[name] for name in common])
    labelled = a if a.has(by) else b
    if a.has(by) and b.has(by):
        differ = (a.column(by) != b.column(by)).fill_null(False).to_numpy()
        if differ.any():
            ids = few(a.column("image_id").to_numpy()[differ])
            raise ValueError(
                f"{int(differ.sum())} images have one id in both stores and two {by} names: {ids}. If the ids are mere "
                "numbers, compare species: on='species'"
            )
    if labelled.has(by):
        codes, names = labelled.codes(by)
    else:
        codes, names = np.full(len(common), -1), []
    x, y = a.unit().float64(), b.unit().float64()
    unit = "images"
    if labelled.has("individual"):
        (x, y), first_seen = by_individual(labelled.column("individual").to_list(), codes.tolist(), x, y)
        codes, unit = codes[first_seen], "individuals"
    if unnamed := int((codes < 0).sum()):
        left_out.append(f"{unnamed} {unit} without {by}")
    return Paired(x, y, codes, codes, tuple(names), True, unit, tuple(left_out))


def _by_species(first, second, by: str) -> Paired:
    a, b = first.known(by), second.known(by)
    codes_a, names_a = a.codes(by)
    codes_b, names_b = b.codes(by)
    found = resolve(names_a, names_b)
    pairs = [(i, names_b.index(name)) for i, name in enumerate(found.used) if name is not None]
    pairs = list({j: (i, j) for i, j in reversed(pairs)}.values())[::-1]  # one species stands for one
    if len(pairs) < 3:
        raise ValueError(
            f"{len(pairs)} species stand in both stores; one has {few(names_a, 3)}, the other {few(names_b, 3)}"
        )
    left_out = [
        f"{len(names) - len(pairs)} {by} of the {which} store that the other does not have"
        for names, which in ((names_a, "first"), (names_b, "second"))
        if len(names) > len(pairs)
    ]
    sides = []
    for emb, codes, side in ((a, codes_a, 0), (b, codes_b, 1)):
        new = np.full(codes.max() + 1, -1)
        new[[p[side] for p in pairs]] = np.arange(len(pairs))
        keep = new[codes] >= 0
        sides += [emb.take(keep).unit().float64(), new[codes][keep]]
    names = tuple(names_a[i] for i, _ in pairs)
    return Paired(sides[0], sides[2], sides[1], sides[3], names, False, by, tuple(left_out))
