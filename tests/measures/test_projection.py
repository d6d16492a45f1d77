"""Maps: PCA against its definition, faithfulness by hand, and the same map from the same seed."""

import sys

import numpy as np
import polars as pl
import pytest

from embedlab import progress
from embedlab.data import Embeddings
from embedlab.data.synthetic import nothing
from embedlab.measures.projection import _faithfulness, project
from tests.terminal import Terminal


def space(x):
    return Embeddings(np.asarray(x, np.float32), pl.DataFrame({"image_id": [str(i) for i in range(len(x))]}), {})


def test_pca_is_the_best_plane(rng):
    emb = nothing(rng)
    found = project(emb, rng=0)
    x = emb.unit().float64()
    x = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(x.T @ x)
    assert found.explained == pytest.approx((values[::-1] / values.sum())[:2], rel=1e-6)  # float32 unit vectors
    for axis in range(2):
        assert abs(np.corrcoef(found.xy[:, axis], x @ vectors[:, -1 - axis])[0, 1]) == pytest.approx(1, abs=1e-6)
    assert found.image_id == tuple(emb.column("image_id"))


def test_a_plane_is_kept_whole(rng):
    angle = rng.uniform(0, 1, 60)
    flat = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(60)])  # an arc: already in a plane
    found = project(space(flat), rng=0)
    assert found.overlap > 0.95 and found.trustworthiness > 0.99  # ties among float32 vectors may swap neighbours
    assert found.chance_overlap == pytest.approx(15 / 59) and found.continuity > 0.99
    assert found.chance_trustworthiness == pytest.approx(0.5, abs=0.12)
    assert found.chance_continuity == pytest.approx(0.5, abs=0.12)
    assert "continuity" in str(found) and "continuity" in found.caption


def test_a_map_that_folds_is_not_trusted_and_one_that_tears_is_not_continuous(rng):
    """Three far groups: laid on one another they are not to be trusted; the map tears nothing."""
    x = np.repeat(np.eye(3, 6) * 9, 20, axis=0) + rng.normal(size=(60, 6))
    xy = rng.normal(size=(60, 2))
    folded = _faithfulness(x, xy, rng)
    whole = _faithfulness(x, x[:, :2], rng)
    assert folded["trustworthiness"] < 0.7 < whole["trustworthiness"] < 1
    torn = _faithfulness(xy, x, rng)
    assert torn["continuity"] == pytest.approx(folded["trustworthiness"], abs=1e-9)


def test_a_cloud_without_structure_keeps_little(rng):
    found = project(space(rng.normal(size=(200, 64))), rng=0)
    assert found.overlap < 0.4 and "keeps" in str(found) and "random map" in str(found)


def test_the_map_does_not_flip_when_rows_change_places(rng):
    x = rng.normal(size=(40, 6)) * [4, 2, 1, 1, 1, 1]
    order = rng.permutation(40)
    assert project(space(x[order]), rng=0).xy == pytest.approx(project(space(x), rng=0).xy[order], abs=1e-5)


@pytest.mark.parametrize("method", ["tsne", pytest.param("umap", marks=pytest.mark.slow)])
def test_groups_stay_together_and_the_seed_stands_in_the_caption(rng, method):
    x = np.repeat(np.eye(3, 8) * 6, 20, axis=0) + rng.normal(size=(60, 8))
    one, again = (project(space(x), method, rng=7) for _ in range(2))
    assert (one.xy == again.xy).all() and "seed 7" in one.caption and one.explained is None
    group = np.repeat(np.arange(3), 20)
    distance = np.linalg.norm(one.xy[:, None] - one.xy[None], axis=2) + 1e9 * np.eye(60)
    assert np.mean(group[distance.argmin(axis=1)] == group) > 0.9


@pytest.mark.parametrize("method", ["tsne", pytest.param("umap", marks=pytest.mark.slow)])
def test_a_map_that_takes_long_says_what_takes_long(rng, monkeypatch, method):
    x, first = space(rng.normal(size=(200, 8))), "umap" not in sys.modules
    project(x, rng=0)  # imports take long on a busy machine, and may say so
    told = Terminal()
    monkeypatch.setattr(sys, "stderr", told)
    project(x, rng=0)
    assert "PCA" not in told.getvalue(), "short work has nothing to say"
    for name, value in (("_SILENT_SECONDS", 0.0), ("_BEAT_SECONDS", 0.001)):
        monkeypatch.setattr(progress, name, value)
    project(x, method, rng=0)
    said = told.getvalue()
    assert f"{'t-SNE' if method == 'tsne' else 'UMAP'} map of 200 vectors" in said and said.endswith("\r\x1b[2K")
    assert ("the first of a session is compiled · " in said) == (first and method == "umap")


def test_a_generator_gives_its_seed(rng):
    assert project(space(rng.normal(size=(9, 3))), rng=np.random.default_rng(1)).seed == int(
        np.random.default_rng(1).integers(2**31)
    )


def test_what_cannot_be_mapped_is_refused(rng):
    with pytest.raises(ValueError, match="method 'mds' is not known: use 'pca', 'tsne' or 'umap'"):
        project(space(rng.normal(size=(9, 3))), "mds", rng=0)
    with pytest.raises(ValueError, match="2 vectors: a map needs at least 3"):
        project(space(np.eye(2)), rng=0)
    with pytest.raises(ValueError, match=r"rows \[1\] have length zero"):
        project(space([[1.0, 0], [0, 0], [0, 1]]), rng=0)
