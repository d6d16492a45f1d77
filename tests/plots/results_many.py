"""Several spaces of the same species: some agree beyond their tree, one knows the tree only."""

import numpy as np
import polars as pl

from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.measures.agreements import agreements as compared

MODELS = ("tiny-8k", "small-32k", "base-128k", "pixels")


def spaces(seed=0, s=48, own=(1.2, 1.2, 1.2, 0.0), images=6, same=True, d=12):
    """Tree and stores; `own` is how much of what the species are beyond the tree each space shows."""
    rng = np.random.default_rng(seed)
    genera = np.repeat(["Parus", "Turdus", "Passer", "Ficedula"], s // 4)
    names = [f"{genus} {i}" for i, genus in enumerate(genera)]
    tree = random_tree(rng, s, names=names)
    hidden = rng.normal(size=(s, 5))
    stores = []
    for k, share in enumerate(own):
        means = brownian_traits(rng, tree, d) + share * hidden @ rng.normal(size=(5, d))
        x = np.repeat(means, images, axis=0) + rng.normal(size=(s * images, d))
        rows = {
            "image_id": [f"{'' if same else k}i{i}" for i in range(len(x))],
            "species": np.repeat(tree.names, images).tolist(),
        }
        stores.append(Embeddings(x.astype(np.float32), pl.DataFrame(rows), {"model": MODELS[k % 4]}))
    return tree, stores


def agreements():
    tree, stores = spaces()
    return compared(stores, tree=tree, permutations=199, rng=0)
