"""`embedlab export` and `el.export`: the file, the receipt, maps and colours, and refusals with their remedy."""

import json
import re

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import embedlab as el
from embedlab.cli import app
from embedlab.plots.theme import colours
from tests.stores import write_store

KEYS = {"file", "format", "rows", "dim", "bytes", "sha256", "model", "key", "maps", "notes"}


def ask(*words, code: int = 0):
    done = CliRunner().invoke(app, ["export", *(str(w) for w in words)])
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    n = 40
    rows = pl.DataFrame(
        {
            "image_id": [f"b{k}" for k in range(n)],
            "species": [f"Avis {'abcdefghij'[k % 10]}" for k in range(n)],
            "sex": [(None, "male", "female")[k % 3] for k in range(n)],
        }
    )
    x = np.random.default_rng(1).normal(size=(n, 8)).astype(np.float32)
    return write_store(tmp_path_factory.mktemp("export") / "birds.store", x, rows)


def test_the_file_takes_the_stores_name_and_the_receipt_says_all(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, _ = ask(store, "--to", "parquet")
    lines = out.splitlines()
    assert re.fullmatch(r"40 rows × 8 by \S+ \(key [0-9a-f]{12}\) as Parquet as emb-explorer documents it", lines[0])
    assert lines[-2] == "in birds.parquet (0.0 MB)"
    assert lines[-1] == "next: emb-explorer, by that path   or   embedlab import birds.parquet --out STORE"
    assert pq.read_table("birds.parquet").num_rows == 40
    said = json.loads(ask(store, "--to", "h5ad", "--out", tmp_path / "new" / "b.h5ad", "--json")[0])
    assert set(said) == KEYS and (said["format"], said["rows"], said["dim"]) == ("h5ad", 40, 8)
    assert said["bytes"] == (tmp_path / "new" / "b.h5ad").stat().st_size


def test_maps_and_colours_travel_with_h5ad(store, tmp_path):
    anndata = pytest.importorskip("anndata", reason="no anndata: pip install 'embedlab[bio]'")
    out, _ = ask(store, "--to", "h5ad", "--map", "pca", "--map", "tsne", "--seed", 3, "--out", tmp_path / "b.h5ad")
    assert "as AnnData, with pca and tsne in obsm" in out and "next: anndata.read_h5ad(" in out
    read = anndata.read_h5ad(tmp_path / "b.h5ad")
    assert set(read.obsm) == {"X_pca", "X_tsne"} and read.obs["sex"].isna().sum() == 14
    made = el.project(el.open(store), "tsne", rng=3)
    assert np.allclose(read.obsm["X_tsne"], made.xy, atol=1e-5), "the map of that seed"
    assert read.uns["embedlab_maps"]["X_tsne"] == made.caption and "random map" in made.caption
    assert list(read.uns["sex_colors"]) == list(colours(2)), "female and male as in our figures"
    assert "species_colors" not in read.uns, "ten names are more than colours can tell apart"


def test_a_selection_and_a_map_of_ones_own_leave_by_the_door(store, tmp_path):
    birds = el.open(store)
    males = birds.where(sex="male")
    said = el.export(males, tmp_path / "males.h5ad", maps=el.project(birds, "pca", rng=0))
    assert (said["rows"], said["maps"]) == (13, ["pca"]) and set(said) == KEYS
    two = [el.project(birds, "pca", rng=0), el.project(males, "pca", rng=0)]
    assert el.export(males, tmp_path / "two.h5ad", maps=two)["maps"] == ["pca", "pca_2"]
    assert el.export(birds, tmp_path / "all.parquet")["format"] == "parquet"


def test_refusals_name_the_remedy(store, tmp_path):
    cases = {
        "'csv' is no format that is written here: choose parquet or h5ad": (store, "--to", "csv"),
        "pca, tsne or umap": (store, "--to", "h5ad", "--map", "pcoa", "--out", tmp_path / "a.h5ad"),
        "maps ('pca') go into h5ad alone": (store, "--to", "parquet", "--map", "pca", "--out", tmp_path / "a.parquet"),
        "make a store with embedlab extract": (tmp_path / "no", "--to", "parquet", "--out", tmp_path / "a.parquet"),
        "exists, and nothing is written over": (store, "--to", "parquet", "--out", tmp_path / "mine.parquet"),
    }
    (tmp_path / "mine.parquet").write_text("mine")
    for message, words in cases.items():
        out, err = ask(*words, "--json", code=1)
        assert message in json.loads(out)["error"] and message in err
    with pytest.raises(ValueError, match=r"a\.txt ends in neither \.parquet nor \.h5ad: name it so, or say to="):
        el.export(store, tmp_path / "a.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.parquet"]
