"""Names of several runs, short enough for a small panel: what is the same in all is said once, elsewhere."""

from collections.abc import Sequence


def apart(names: Sequence[str], longest: int = 26) -> list[str]:
    """Give what tells names apart: their parts between dashes, less those that all share at the same place.

    One name, and names that would no longer differ, stay whole. A name over `longest` letters loses its middle.

    >>> apart(["compact-64x8-1100-seed0", "compact-400x40-1100-seed1"])
    ['64x8-seed0', '400x40-seed1']
    >>> apart(["bioclip-2"]), apart(["tiny-8k", "pixels"])
    (['bioclip-2'], ['tiny-8k', 'pixels'])
    """
    parts = [name.split("-") for name in names]
    kept = list(names)
    if len(names) > 1 and len({len(p) for p in parts}) == 1:
        differ = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
        short = ["-".join(word for word, told in zip(p, differ, strict=True) if told) for p in parts]
        if len(set(short)) == len(set(names)) and all(short):
            kept = short
    return [name if len(name) <= longest else f"{name[: longest - 12]}…{name[-11:]}" for name in kept]
