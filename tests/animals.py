"""Animals in ranks: vectors of two classes down to species, each rank apart as far as it is told to be."""

import numpy as np
import polars as pl

from embedlab.data import Embeddings


def animals(seed=0, depth=(3.0, 2.0, 1.5), noise=0.5, deal=False):
    """2 classes of 3 families of 3 genera of 2 species, 4 photographs each; `depth` says how far each rank parts."""
    rng = np.random.default_rng(seed)
    d, x, rows = 24, [], []
    for c in range(2):
        of_class = depth[0] * rng.normal(size=d)
        for f in range(3):
            of_family = of_class + depth[1] * rng.normal(size=d)
            for g in range(3):
                of_genus = of_family + depth[2] * rng.normal(size=d)
                for s in range(2):
                    of_species = of_genus + 0.7 * rng.normal(size=d)
                    for _ in range(4):
                        x.append(of_species + noise * rng.normal(size=d))
                        rows.append((f"class{c}", f"fam{c}{f}", f"Gen{c}{f}{g}", f"Gen{c}{f}{g} sp{s}"))
    table = pl.DataFrame(rows, schema=["class", "family", "genus", "species"], orient="row")
    x = np.array(x, np.float32)
    if deal:  # species dealt anew over the vectors: ranks tell nothing, species do
        order = rng.permutation(36)
        x = x.reshape(36, 4, d)[order].reshape(-1, d)
    return Embeddings(x, table.with_columns(image_id=pl.Series([f"i{i}" for i in range(len(x))])), {"model": "m"})
