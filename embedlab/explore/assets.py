"""The explorer's script and style, as one text each: small files joined in a fixed order, with the house's colours."""

import json
from functools import cache
from importlib import resources

from embedlab.plots import page, theme

# core first, then what draws, then what reads; the address recalls only once every part has started.
ORDER = (
    "core", "canvas", "colour", "panels", "pointers", "density", "gallery", "controls", "names",
    "search", "exact", "enrichment", "treemap", "taxonomy", "tree", "neighbours", "axis",
    "address", "host_server", "start",
)  # fmt: skip


@cache
def script() -> str:
    """Give the one script of all hosts. It defines `EmbedLab`; on a page that holds a view, it mounts it."""
    folder = resources.files("embedlab.explore").joinpath("js")
    look = {
        "few": theme.OKABE_ITO,
        "many": theme.PETROFF,
        "shapes": theme.SHAPES,
        "paths": page.SHAPES,
        "pale": [c for c in (*theme.OKABE_ITO, *theme.PETROFF) if theme.pale(c)],
        "dark": theme.DARK,
    }
    texts = [folder.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in ORDER if _there(folder, name)]
    return "\n".join((texts[0], f"EmbedLab.look = {json.dumps(look)};", *texts[1:]))


@cache
def style() -> str:
    """Give the explorer's style sheet; every rule of it lies under `.embedlab`."""
    folder = resources.files("embedlab.explore")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("explore.css", "parts.css"))


def _there(folder, name: str) -> bool:
    return folder.joinpath(f"{name}.js").is_file()
