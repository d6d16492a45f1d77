"""A page of the explorer with every optional part: a tree, neighbours in the full space, axes of a trait and of sex."""

from functools import cache

import numpy as np
import pages
import polars as pl
from waiting import settled

from embedlab.data import Embeddings
from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.data.traits import TraitColumn
from embedlab.explore import html
from embedlab.explore.parts import parts_of
from embedlab.measures.projection import project

SPECIES, EACH = 24, 14


@cache
def world():
    """Images of 24 related species, two sexes, a beak that one direction of the space follows; no tip for two."""
    rng = np.random.default_rng(11)
    tree = random_tree(rng, SPECIES)
    beak = np.exp(1.2 + 0.5 * brownian_traits(rng, tree)[:, 0])
    base = brownian_traits(rng, tree, 16)
    base[:, 0] = 2.5 * np.log(beak)
    of = np.repeat(np.arange(SPECIES), EACH)
    male = np.tile([0, 1], len(of) // 2)
    x = base[of] + 0.35 * rng.normal(size=(len(of), 16)) + 0.6 * (male[:, None] - 0.5) * np.eye(16)[5]
    names = list(tree.names)
    genus = [n.split()[0] for n in names]
    family = [f"{g[:2]}idae" for g in genus]
    rows = {
        "image_id": [f"bird-{j:04d}" for j in range(len(of))],
        "order": ["Passeriformes" if s < 16 else "Piciformes" for s in of],
        "family": [family[s] for s in of],
        "genus": [genus[s] for s in of],
        "species": [names[s] for s in of],
        "sex": [None if j % 11 == 0 else ("female", "male")[m] for j, m in enumerate(male)],
        "habitat": [("forest", "savanna", "marsh")[s % 3] for s in of],
        "note": ["<b>bold</b> élan" if j % 40 == 7 else None for j in range(len(of))],
        "mass": (20 * beak[of] * np.exp(0.1 * rng.normal(size=len(of)))).round(2).tolist(),
    }
    space = Embeddings(x.astype(np.float32), rows, {"model": "planted-1", "norm": "raw"})
    trait = TraitColumn("beak_depth", "numeric", names, pl.Series(beak))
    return space, trait, tree.prune(names[:-2]), tree


def write(out):
    """Write the page; give its path, the space and the maps."""
    space, trait, tree, _ = world()
    maps = {"PCA": project(space, "pca", rng=0), "t-SNE": project(space, "tsne", rng=0)}
    tiles = {image: pages.tile(j) for j, image in enumerate(space.rows["image_id"].to_list())}
    parts = parts_of(space, tree=tree, traits=[trait], contrasts=[("sex", "male", "female")], rng=0)
    html(space, maps, out, colour="habitat", thumbnails=tiles, parts=parts, title="Birds that never were")
    return out, space, maps


def fresh(page):
    """The page as it opens: all maps, no filter, no axis, nothing chosen, coloured by habitat."""
    page.evaluate(
        """() => { const v = embedlab.view; document.querySelector('[data-el=search]').value = ''; v.turnTo('');
            v.filter(null); v.show(null); v.state.panel = 0; if (v.state.shuffled) v.shuffle(0); v.paint('habitat');
            v.choose([], ''); for (const d of document.querySelectorAll('details')) d.open = true; }"""
    )
    return settled(page)  # browsers tell of an opened <details>, and of a new size, in a task of their own
