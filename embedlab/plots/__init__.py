"""Results as figures: plotly for the screen, matplotlib for print, the same numbers in both."""

from importlib import import_module

FILES = {
    "Separation": "separation",
    "Orthogonality": "orthogonality",
    "SharedAxis": "shared_axis",
    "Erasure": "erasure",
    "TraitAlignment": "trait_alignment",
    "TraitAxis": "trait_axis",
    "RankLadder": "rank_ladder",
    "Phylogeny": "phylogeny",
    "NeighbourAgreement": "neighbours",
    "Hierarchy": "hierarchy",
    "Scaling": "scaling",
    "Projection": "projection",
    "Geometry": "geometry",
    "Agreement": "agreement",
    "Agreements": "agreements",
    "Theorem": "theorem",
    "TheoremAlong": "theorem_along",
    "Recognition": "recognition",
    "TraitDistances": "trait_distances",
    "Objectives": "objectives",
    "BeyondControls": "beyond_controls",
    "StudyCurves": "study_curves",
    "ContrastPlaces": "contrast_places",
    "ContrastScene": "contrast_scene",
    "Habitat": "habitat",
    "Composition": "composition",
}


def picture(result, **how):
    """Give the `Picture` of a result: what both backends draw."""
    return _file(result).picture(result, **how)


def draw(result, **how):
    """Draw a result for the screen: a plotly Figure, with chance, n and interval in it.

    A `Projection` takes `labels` (one per image, None where not recorded) and `column`, their name.
    """
    from embedlab.plots import screen

    return screen.figure(picture(result, **how))


def draw_on(figure, result, **how):
    """Draw a result on the caller's matplotlib Figure, in the size it has."""
    from embedlab.plots import paper

    return paper.draw_on(figure, picture(result, **how))


def print_figure(result, preset: str = "nature-1col", **how):
    """Draw a result for print: a matplotlib Figure as wide as `preset` says.

    Presets are `nature-1col` (89 mm), `nature-2col` (183 mm), `neurips` (5.5 in) and `poster` (400 mm).
    """
    from embedlab.plots import paper

    return paper.figure(picture(result, **how), preset)


def save(
    result, folder, name: str = "", provenance: dict | None = None, *, preset: str = "nature-1col", **how
) -> list:
    """Write `name`.svg, .pdf, .png, .html and .csv into `folder`, and give their paths.

    Without a name the last part of `folder` is it: `save(result, "figures/sex")` writes figures/sex.svg and the rest.
    `provenance` (card digests, versions, seed, command) is written into the metadata of every image and at
    the foot of the page. The same result and provenance give the same bytes.
    """
    from embedlab.plots import files

    if not name:
        folder, name = files.apart(folder)
    return files.save(result, picture(result, **how), folder, name, provenance or {}, preset)


def drawable(result) -> bool:
    """Tell whether there is a figure for this result."""
    return any(cls.__name__ in FILES for cls in type(result).__mro__)


def _file(result):
    for cls in type(result).__mro__:
        if cls.__name__ in FILES:
            return import_module(f"embedlab.plots.{FILES[cls.__name__]}")
    raise TypeError(f"no figure for a {type(result).__name__}: results that can be drawn are {', '.join(FILES)}")
