"""Species on a fitted axis, with photographs: the real measures on small planted worlds."""

from functools import cache
from io import BytesIO

import numpy as np
import polars as pl

from embedlab.data import Traits
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.measures.rank_ladder import rank_ladder
from embedlab.measures.trait_axis import trait_axis
from tests.animals import animals


def photograph(number: int) -> bytes:
    """A tile that no other number gives, as PNG."""
    from PIL import Image

    pixels = np.random.default_rng(number).integers(0, 255, (4, 4, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).resize((64, 64)).save(out, "PNG")
    return out.getvalue()


@cache
def axis(species: int = 13, photographs: bool = True):
    rng = np.random.default_rng(11)
    tree = random_tree(rng, species)
    trait = brownian_traits(rng, tree)[:, 0]
    emb = traits_in_space(rng, tree, trait, share=0.4, per_species=6)
    traits = Traits(pl.DataFrame({"species": tree.names, "beak_depth": trait}))
    found = trait_axis(emb, traits["beak_depth"], tree, permutations=199, rng=0)
    shown = found.typical if photographs else ()
    return found.with_photographs({name: photograph(i) for i, name in enumerate(shown)})


@cache
def ladder(stores: int = 2):
    made = {f"model of {n} images": animals(noise=8.0 / n) for n in (1, 16)[-stores:]}
    return rank_ladder(made, permutations=39, rng=0)


def every():
    ladders = {"rank_ladder": ladder(), "rank_ladder-one": ladder(1)}
    return {"trait_axis": axis(), "trait_axis-many": axis(60, False), **ladders}
