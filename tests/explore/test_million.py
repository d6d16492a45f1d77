"""A million vectors open in the live host: a sample is drawn, everything is counted over all, the page stays small."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.explore.live import Live, inside
from embedlab.explore.opening import opened

N, D = 1_000_000, 8


@pytest.mark.slow
def test_a_million_vectors_open_and_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, D), dtype=np.float32)
    x[:, :2] *= 3
    kinds = pl.Series([f"Genus s{i}" for i in range(20)] + ["Rara avis"])
    species = kinds[np.where(np.arange(N) < 30, 20, rng.integers(20, size=N))]
    rows = pl.DataFrame({"image_id": np.arange(N).astype(str), "species": species})
    space = Embeddings(x, rows, {"model": "many"})
    made = opened([space], near=False)
    bundle = made.bundle
    assert 19_900 < len(bundle["ids"]) <= 20_000 and bundle["total"] == N
    held = next(c for c in bundle["columns"] if c["name"] == "species")
    assert "Rara avis" in held["levels"]  # 30 of a million, and still there
    assert "of 1,000,000 images, a sample stratified by species" in bundle["notes"][0]
    assert len(made.page({"kind": "server"})) < 3_000_000
    live = Live(bundle["ids"], space, made.everywhere(), folder=tmp_path)
    polygon = np.array([[-0.2, -0.1], [0.25, -0.2], [0.1, 0.3]])
    answer = live.lasso(0, polygon.tolist())
    _, px, py = live.places[0]
    assert answer["count"] == inside(polygon, px, py).sum() > 50_000 and answer["of"] == N
    assert abs(len(answer["rows"]) / len(bundle["ids"]) - answer["count"] / N) < 0.02
    at = int(bundle["ids"][0])
    likeness = (x @ x[at]) / np.linalg.norm(x, axis=1) / np.linalg.norm(x[at])
    likeness[at] = -2
    near = live.neighbours(0, 5)
    drawn = np.array([int(i) for i in bundle["ids"][1:]])
    best = drawn[np.argsort(-likeness[drawn])[:5]]
    assert [int(bundle["ids"][one["row"]]) for one in near["found"]] == best.tolist()
    assert abs(near["hidden"] - ((likeness > likeness[best[-1]]).sum() - 4)) <= 1  # in single precision, ties apart
    saved = live.select({"panel": 0, "polygon": polygon.tolist()})
    assert saved["images"] == answer["count"]
