"""Planted habitats, read from planted spaces; of the real kind, with photographs."""

import io
from functools import cache

import numpy as np
import polars as pl

from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.data.traits import TraitColumn
from embedlab.measures.habitat import habitat


def world(share: float, n: int = 40, seed: int = 1):
    """A space, its habitat and its tree: `share` of what sets species apart is the habitat."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    wet = brownian_traits(rng, tree, 1)[:, 0] + 0.8 * rng.normal(size=n) > 0.2
    emb = traits_in_space(rng, tree, wet.astype(float), share=share)
    family = pl.Series("family", [tree.names.index(name) // 5 for name in emb.rows["species"]])
    emb = type(emb)(emb.x, emb.rows.with_columns(family=pl.format("Family{}", family)), emb.card)
    values = pl.Series(np.where(wet, "freshwater", "land"))
    return emb, TraitColumn("habitat", "categorical", tree.names, values), tree


def _photograph(i: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (32, 32), (40 + 5 * i % 200, 120, 200 - 4 * i % 180)).save(out, "PNG")
    return out.getvalue()


@cache
def found():
    emb, trait, tree = world(0.2)
    spaces = [world(share)[0] for share in (0.0, 0.1)]
    result = habitat([*spaces, emb], trait, tree, names=("1M images", "10M images", "214M images"), permutations=99,
                     rng=0)  # fmt: skip
    return result.with_photographs({name: _photograph(i) for i, name in enumerate(result.typical)})


def every():
    """Name and result; the same numbers on every call."""
    return {"habitat": found()}
