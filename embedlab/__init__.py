"""EmbedLab: ask what a foundation model knows of biology.

    import embedlab as el
    vectors = el.open("birds.store")                               # or el.extract(images, model=…, out=…)
    result = el.orthogonality(vectors, ("sex", "female", "male"), rng=0)
    print(result)                                                  # one sentence, with chance in it
    el.save(result, "figures/sex")                                 # sex.svg, .pdf, .png, .html and .csv

Names load when they are first used: `import embedlab` takes a moment and brings no torch.
"""

import importlib.util
import sys
from types import ModuleType

__version__ = "0.1.0"

# name -> where it lives: the nouns and verbs of the reference; everything else is reached by its own module.
_WHERE = {
    "Embeddings": "embedlab.data.embeddings:Embeddings",
    "Manifest": "embedlab.data.manifest:Manifest",
    "Taxonomy": "embedlab.data.taxonomy:Taxonomy",
    "Traits": "embedlab.data.traits:Traits",
    "Tree": "embedlab.data.tree:Tree",
    "open": "embedlab.io.here:open_here",
    "import_file": "embedlab.io.here:import_here",
    "project": "embedlab.explore.doors:project",
    "show": "embedlab.explore.doors:show",
    "gallery": "embedlab.explore.doors:gallery",
    "composition": "embedlab.measures.composition:composition",
    "geometry": "embedlab.measures.geometry:geometry",
    "trait_alignment": "embedlab.measures.trait_alignment:trait_alignment",
    "trait_axis": "embedlab.measures.trait_axis:trait_axis",
    "rank_ladder": "embedlab.measures.rank_ladder:rank_ladder",
    "orthogonality": "embedlab.measures.orthogonality:orthogonality",
    "contrast_places": "embedlab.measures.contrast_places:contrast_places",
    "contrast_scene": "embedlab.measures.contrast_scene:contrast_scene",
    "habitat": "embedlab.measures.habitat:habitat",
    "shared_axis": "embedlab.measures.shared_axis:shared_axis",
    "erasure": "embedlab.measures.erasure:erasure",
    "separation": "embedlab.measures.separation:separation",
    "phylogeny": "embedlab.measures.phylogeny:phylogeny",
    "hierarchy": "embedlab.measures.hierarchy:hierarchy",
    "neighbour_agreement": "embedlab.measures.neighbours:neighbour_agreement",
    "recognition": "embedlab.measures.recognition:recognition",
    "trait_distances": "embedlab.measures.trait_distances:trait_distances",
    "scaling": "embedlab.measures.scaling:scaling",
    "objectives": "embedlab.measures.objectives:objectives",
    "beyond_controls": "embedlab.measures.beyond_controls:beyond_controls",
    "agreement": "embedlab.measures.agreement:agreement",
    "agreements": "embedlab.measures.agreements:agreements",
    "kept": "embedlab.measures.kept:kept",
    "check": "embedlab.plots.check:check",
    "theorem": "embedlab.measures.theorem:theorem",
    "Claim": "embedlab.claims:Claim",
    "judge": "embedlab.claims:judge",
    "draw": "embedlab.plots:draw",
    "save": "embedlab.plots:save",
    "export": "embedlab.exports:export",
}
# Verbs that share their name with a room: the room itself answers when it is called.
_CALLED = {"extract": "_extract", "report": "_report", "explore": "_explore", "world": "_world"}
__all__ = [*_WHERE, *_CALLED, "__version__"]


def _extract(images, model: str, out, **settings):
    """Turn images into `Embeddings`, kept in the store `out`; a second call opens what is there.

    `images` is a folder (its subfolders name the species), a glob, a table with `image_id, path, species, …`, or a
    `Manifest`; `model` is a name of those that `embedlab models` lists. Settings, all optional: `layer`, `device`,
    `batch_size`, `text`. `embedlab.extract.extract.extract_images` says more.
    """
    from embedlab.extract.extract import extract_images
    from embedlab.io.here import open_here

    extract_images(images, model, out, **settings)
    return open_here(out)


def _report(*args, **settings):
    """Write one self-contained page about stores and outcomes, as `embedlab.report.report` does."""
    return importlib.import_module("embedlab.report").report(*args, **settings)


def _explore(*args, **settings):
    """Look around spaces in a notebook, as `embedlab.explore.doors.explore` does."""
    return importlib.import_module("embedlab.explore.doors").explore(*args, **settings)


def _world(out, **settings):
    """Give a simulated world whose photographs, manifest, traits and tree lie in the folder `out`, grown if need be."""
    from embedlab.world.here import world_here

    return world_here(out, **settings)


class _Room(ModuleType):
    """A room that can be called by its own name."""

    def __call__(self, *args, **settings):
        return globals()[_CALLED[self.__name__.removeprefix("embedlab.")]](*args, **settings)


def _said(name: str, room: ModuleType) -> str:
    """Give what `help(el.extract)` begins with: what the call does comes before what the room is."""
    verb = globals()[_CALLED[name]]
    how = "out, **settings" if name == "world" else "images, model, out, **settings" if name == "extract" else "…"
    return f"el.{name}({how}): {verb.__doc__.strip()}\n\n    The room: {room.__doc__}"


class _House(ModuleType):
    """The package itself: `import embedlab.extract.…` would put a mute module where a verb stands."""

    def __setattr__(self, name, value):
        if name in _CALLED and isinstance(value, ModuleType):
            if not isinstance(value, _Room):
                value.__doc__ = _said(name, value)
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _House


def __getattr__(name):
    if name in _CALLED:
        return importlib.import_module(f"embedlab.{name}")
    if name in _WHERE:
        module, _, attribute = _WHERE[name].partition(":")
        value = getattr(importlib.import_module(module), attribute)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'embedlab' has no name {name!r}; {_near(name)}it offers {', '.join(sorted(__all__))}")


def _near(name: str) -> str:
    """Give the words on a name that may have been meant, here or among the statistics; none where nothing is near."""
    if name.startswith("_") or importlib.util.find_spec(f"embedlab.{name}"):  # a room that is being imported
        return ""
    from difflib import get_close_matches

    stats = importlib.import_module("embedlab.stats")
    for names, where in ((__all__, "el"), (stats.__all__, "embedlab.stats")):
        lower = {n.lower(): n for n in names}
        if found := get_close_matches(name.lower(), lower, n=1, cutoff=0.7):
            return f"closest is {where}.{lower[found[0]]}; "
    return ""


def __dir__():
    return sorted({*globals(), *__all__} - {"ModuleType", "importlib", "sys"})
