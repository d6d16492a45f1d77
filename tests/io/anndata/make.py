"""Make a small file as anndata itself writes it; run by hand, in an environment of that version.

python make.py out.h5ad      (made here: 0.7.8 with pandas 1.5.3, 0.12.19 with pandas 2.3.3; both with h5py's defaults)
"""

import sys


def make(out: str) -> None:
    import anndata
    import numpy as np
    import pandas as pd

    obs = pd.DataFrame(
        {
            "species": pd.Categorical(["Avis alba", "Avis alba", "Avis bruna", "Avis bruna", "Avis bruna"]),
            "sex": pd.Categorical(["male", None, "female", None, "male"]),
            "leiden": pd.Categorical([1, 0, 1, 1, 0]),
            "mass": [12.5, np.nan, 31.0, 29.5, 30.0],
            "count": [3, 1, 4, 1, 5],
            "seen": [True, False, True, True, False],
            "site": ["a", "b", "c", "d", "é"],
        },
        index=[f"animal-{k}" for k in range(5)],
    )
    if hasattr(anndata, "settings"):  # 0.7 has no whole numbers with holes
        obs["clutch"] = pd.array([2, None, 3, None, 4], dtype="Int64")
        obs["nests"] = pd.array([True, None, False, None, True], dtype="boolean")
    x = np.arange(20, dtype=np.float32).reshape(5, 4) / 7 + 1
    whole = anndata.AnnData(X=x, obs=obs, obsm={"X_umap": x[:, :2]}, uns={"sex_colors": ["#000000", "#ffffff"]})
    whole.write_h5ad(out, compression="gzip")


if __name__ == "__main__":
    make(sys.argv[1])
