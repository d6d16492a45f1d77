"""Stores as files of other programs: what emb-explorer asks of Parquet, what anndata reads, and the way back."""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedlab.data import RANKS, Embeddings
from embedlab.data.columns import canonical_rows
from embedlab.io.exports import export_file
from embedlab.io.imports import import_file
from embedlab.io.store import StoreWriter, open_store

N, D = 9, 4
HOLES = [None, "male", "female"] * 3
FORMATS = ["parquet", "h5ad"]


def birds(**more) -> Embeddings:
    """Nine vectors with a column of every kind, and something missing in each that can miss."""
    some = [k % 4 != 1 for k in range(N)]
    rows = {
        "image_id": [f"é{k}" for k in range(N)],
        "path": [f"birds/ü {k}.jpg" for k in range(N)],
        "class": ["Aves"] * N,
        "genus": ["Avis"] * N,
        "species": [f"Avis {('alba', 'bruna')[k % 2]}" for k in range(N)],
        "sex": HOLES,
        "life_stage": [None if k == 3 else "adult" for k in range(N)],
        "url": [f"https://example.org/{k}.jpg" if ok else None for k, ok in enumerate(some)],
        "mass": [12.5 + k if ok else None for k, ok in enumerate(some)],
        "clutch": [k if ok else None for k, ok in enumerate(some)],
        "age": list(range(N)),
        "ringed": [bool(k % 2) if ok else None for k, ok in enumerate(some)],
        "seen": [True] * N,
        **more,
    }
    x = np.random.default_rng(3).normal(size=(N, D)).astype(np.float32)
    return Embeddings(x, rows, {"model": "planted-1", "key": "ab" * 32, "norm": "raw", "folder": "/secret/place"})


def back(what, to, folder, **how):
    """Write, read in again, and give what was said and the space."""
    said = export_file(what, folder / f"x.{to}", to, **how)
    import_file(folder / f"x.{to}", folder / f"{to}.store")
    return said, open_store(folder / f"{to}.store")


def test_parquet_is_as_emb_explorer_documents_it(tmp_path):
    said = export_file(birds(), tmp_path / "x.parquet", "parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    kinds = {field.name: field.type for field in table.schema}
    assert kinds["uuid"] == pa.string() and kinds["emb"].equals(pa.list_(pa.float32()))
    assert all(kinds[rank] == pa.string() for rank in RANKS) and kinds["identifier"] == pa.string()
    assert table.schema.names[:3] == ["uuid", "emb", "identifier"] and "url" not in kinds and "image_id" not in kinds
    assert np.array_equal(np.stack(table["emb"].to_numpy()), birds().x)
    assert table["uuid"].to_pylist() == birds().rows["image_id"].to_list()
    assert table["sex"].null_count == 3 and table["kingdom"].null_count == N and table["class"].null_count == 0
    assert not any(pa.types.is_nested(kind) for name, kind in kinds.items() if name != "emb")
    assert said["rows"] == N and said["bytes"] == (tmp_path / "x.parquet").stat().st_size
    assert said["notes"] == ["no kingdom is known: emb-explorer counts in its tree of taxa only rows that have one"]
    card = json.loads(pq.read_metadata(tmp_path / "x.parquet").metadata[b"embedlab_card"])
    assert card == {"model": "planted-1", "key": "ab" * 32, "norm": "raw"}, "and no word of this machine"


@pytest.mark.parametrize("to", FORMATS)
def test_what_is_written_comes_back(to, tmp_path):
    space = birds(day=[None, *[datetime.date(2026, 5, k) for k in range(1, N)]])
    _, read = back(space, to, tmp_path)
    assert read.x.tobytes() == space.x.tobytes() and read.card["model"] == "planted-1"
    wanted = space.rows if to == "parquet" else space.rows.with_columns(pl.col("day").cast(pl.String))
    assert set(read.rows.columns) == set(wanted.columns)
    assert read.rows.select(wanted.columns).equals(wanted)


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_store_gives_the_same_bytes(to, tmp_path):
    one, two = (export_file(birds(), tmp_path / f"{k}.{to}", to) for k in "ab")
    assert one["sha256"] == two["sha256"] and one["bytes"] == two["bytes"]


def test_anndata_opens_what_was_written(tmp_path):
    anndata = pytest.importorskip("anndata", reason="no anndata: pip install 'embedlab[bio]'")
    space = birds()
    ids = space.rows["image_id"].to_list()
    places = np.arange(10, dtype=float).reshape(5, 2)
    said = export_file(space, tmp_path / "x.h5ad", "h5ad", maps={"umap": (places, ids[:5][::-1], "a map, seed 0")},
                       palette=lambda k: ("#0072B2", "#D55E00")[:k])  # fmt: skip
    assert said["maps"] == ["umap"]
    read = anndata.read_h5ad(tmp_path / "x.h5ad")
    assert np.array_equal(read.X, space.x) and read.X.dtype == np.float32
    assert list(read.obs_names) == ids and list(read.var_names) == ["0", "1", "2", "3"]
    assert list(read.obs["sex"].cat.categories) == ["female", "male"]
    assert [None if v != v else v for v in read.obs["sex"]] == HOLES, "missing is missing, and no word"
    assert read.obs["clutch"].isna().tolist() == space.rows["clutch"].is_null().to_list()
    assert str(read.obs["clutch"].dtype) == "Int64" and str(read.obs["ringed"].dtype) == "boolean"
    assert str(read.obs["age"].dtype) == "int64" and read.obs["mass"].isna().sum() == 2
    assert list(read.uns["sex_colors"]) == ["#0072B2", "#D55E00"] and "path_colors" not in read.uns
    assert json.loads(read.uns["embedlab_card"])["model"] == "planted-1"
    assert dict(read.uns["embedlab_maps"]) == {"X_umap": "a map, seed 0"}
    assert np.array_equal(read.obsm["X_umap"][:5], places[::-1]) and np.isnan(read.obsm["X_umap"][5:]).all()
    held = anndata.read_h5ad(tmp_path / "x.h5ad", backed="r")
    assert np.array_equal(held.X[3:5], space.x[3:5])
    held.file.close()


@pytest.mark.parametrize("version", ["0.7.8", "0.12.19"])
def test_files_that_anndata_wrote_are_read(version, tmp_path):
    """Made by `anndata/make.py` in environments of those versions; 0.7 keeps the names of categories elsewhere."""
    said = import_file(Path(__file__).parent / "anndata" / f"{version}.h5ad", tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert (said["format"], said["rows"], said["dim"]) == ("h5ad", 5, 4)
    assert np.array_equal(store.x, np.arange(20, dtype=np.float32).reshape(5, 4) / 7 + 1)
    rows = store.rows.to_dict(as_series=False)
    assert rows["image_id"] == [f"animal-{k}" for k in range(5)]
    assert rows["sex"] == ["male", None, "female", None, "male"]
    assert rows["leiden"] == ["1", "0", "1", "1", "0"] and rows["mass"] == [12.5, None, 31.0, 29.5, 30.0]
    assert rows["count"] == [3, 1, 4, 1, 5] and rows["seen"] == [True, False, True, True, False]
    assert rows["site"][-1] == "é" and "obsm left out ('X_umap')" in " ".join(said["notes"])
    if version != "0.7.8":
        assert rows["clutch"] == [2, None, 3, None, 4] and rows["nests"] == [True, None, False, None, True]


@pytest.mark.parametrize("to", FORMATS)
def test_names_that_a_format_keeps_for_itself_make_way(to, tmp_path):
    odd = {"uuid": ["q"] * N, "emb": [1.0] * N, "wing/tail": ["w"] * N, "_index": ["i"] * N, "tags": [[1, 2]] * N}
    said, read = back(birds(**odd), to, tmp_path)
    new = ["uuid_as_given", "emb_as_given", "wing/tail"] if to == "parquet" else ["uuid", "emb", "wing_tail", "_index_"]
    assert set(new) <= set(read.rows.columns) and "tags" not in read.rows.columns
    assert read.rows["image_id"].to_list() == birds().rows["image_id"].to_list()
    assert "columns of lists, records or bytes are left out: 'tags'" in said["notes"]
    assert any(note.startswith("renamed") for note in said["notes"])


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """A store of three shards in half precision, 12,000 × 256."""
    out, n = tmp_path_factory.mktemp("sharded") / "s.store", 12_000
    rows = pl.DataFrame({"image_id": [f"i{k}" for k in range(n)], "sex": [HOLES[k % 3] for k in range(n)]})
    x = np.random.default_rng(0).normal(size=(n, 256)).astype(np.float16)
    with StoreWriter(out, facts={"model": "m"}, plan=rows, dim=256, dtype="float16", shard_rows=5000,
                     part_rows=2500) as writer:  # fmt: skip
        for part in writer.pending:
            start, stop = writer.span(part)
            writer.write_part(part, x[start:stop].astype(np.float32), np.ones(stop - start, bool))
        writer.finish()
    return out, x


@pytest.mark.parametrize("to", FORMATS)
def test_shards_are_joined_in_their_order(sharded, to, tmp_path):
    said, read = back(sharded[0], to, tmp_path)
    assert np.array_equal(read.x, sharded[1].astype(np.float32)) and said["dim"] == 256
    assert read.rows["image_id"][[0, 5000, 11_999]].to_list() == ["i0", "i5000", "i11999"]
    assert "stored as float16, written as float32: the same numbers" in said["notes"]


MEASURED = """
import sys, threading, time
from embedlab.io.exports import export_file
def held():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
import pyarrow.parquet, h5py  # what is imported once is not counted
before, most, over = held(), [0], threading.Event()
def watch():
    while not over.wait(0.002):
        most[0] = max(most[0], held())
thread = threading.Thread(target=watch); thread.start()
export_file(sys.argv[1], sys.argv[2] + "." + sys.argv[3], sys.argv[3])
over.set(); thread.join()
print((most[0] - before) / 1024)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A store of 131,072 × 512, 268 MB."""
    out, part = tmp_path_factory.mktemp("large") / "s.store", 16_384
    rows = pl.DataFrame({"image_id": [f"i{k}" for k in range(8 * part)]})
    x = np.random.default_rng(0).normal(size=(part, 512)).astype(np.float32)
    with StoreWriter(out, facts={"model": "m"}, plan=rows, dim=512, dtype="float32", part_rows=part) as writer:
        for k in writer.pending:
            writer.write_part(k, x, np.ones(part, bool))
        writer.finish()
    return out


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's count of memory that is not a file's")
@pytest.mark.parametrize("to", FORMATS)
def test_memory_does_not_grow_with_the_store(to, large, tmp_path):
    done = subprocess.run([sys.executable, "-c", MEASURED, large, tmp_path / "x", to], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 150, f"{done.stdout} MB held for 268 MB of vectors"


def test_the_real_embeddings_leave_as_they_came(shared, tmp_path):
    file = shared("data/bioclip2_example_1k.parquet")
    import_file(file, tmp_path / "s")
    said = export_file(tmp_path / "s", tmp_path / "x.parquet", "parquet")
    theirs, ours = pq.read_table(file), pq.read_table(tmp_path / "x.parquet")
    for name in ("uuid", "kingdom", "phylum", "class", "order", "family", "genus", "species", "identifier"):
        assert ours[name].to_pylist() == theirs[name].to_pylist(), name
        assert ours.schema.field(name).type == theirs.schema.field(name).type, name
    assert ours["emb"].combine_chunks().flatten().equals(theirs["emb"].combine_chunks().flatten())
    assert said["notes"] == [] and said["rows"] == 1030
    again = canonical_rows(pl.from_arrow(ours.drop(["emb"])))[0]
    assert again["image_id"].to_list() == open_store(tmp_path / "s").rows["image_id"].to_list()


@pytest.mark.parametrize("to", FORMATS)
def test_a_kill_before_the_rename_leaves_no_file(to, tmp_path):
    export = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_exports import birds; from embedlab.io.exports import export_file
export_file(birds(), {str(tmp_path / f'x.{to}')!r}, {to!r})"""
    env = {**os.environ, "EMBEDLAB_FAULT": "export-written"}
    died = subprocess.run([sys.executable, "-c", export], env=env, capture_output=True)
    assert died.returncode == -9, died.stderr[-500:]
    left = list(tmp_path.iterdir())
    assert len(left) == 1 and left[0].name.startswith(f".x.{to}.") and left[0].suffix == ".tmp"
    assert export_file(birds(), tmp_path / f"x.{to}", to)["rows"] == N and left[0].exists(), "it may still be written"
    (tmp_path / f"x.{to}").unlink()
    os.utime(left[0], (0, 0))
    assert export_file(birds(), tmp_path / f"x.{to}", to)["rows"] == N
    assert [p.name for p in tmp_path.iterdir()] == [f"x.{to}"], "what lay there for long is swept"


def test_an_error_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match=r"obs/site/?: 'a\\x00b' holds a NUL character.*or write parquet"):
        export_file(birds(site=["a\0b"] * N), tmp_path / "x.h5ad", "h5ad")
    assert list(tmp_path.iterdir()) == []


def test_refusals_say_what_to_do(tmp_path, monkeypatch):
    space = birds()
    (tmp_path / "there.parquet").write_text("mine")
    asks = {
        "there.parquet exists, and nothing is written over: choose another name": ("there.parquet", "parquet", {}),
        "'tsv' is no format that is written here: choose parquet or h5ad": ("x.tsv", "tsv", {}),
        "is called .h5ad and would hold parquet: call it x.parquet": ("x.h5ad", "parquet", {}),
        r"maps \('pca'\) go into h5ad alone": ("x.parquet", "parquet", {"maps": {"pca": ()}}),
        r"the map 'pca' shows none of these images \(it shows 'else'\): make it of the space": (
            "x.h5ad", "h5ad", {"maps": {"pca": ([[0.0, 1.0]], ["else"], "")}}),
    }  # fmt: skip
    for message, (name, to, how) in asks.items():
        with pytest.raises(ValueError, match=message):
            export_file(space, tmp_path / name, to, **how)
    with pytest.raises(ValueError, match="there is no vector to write: give a store, or a selection"):
        export_file(space.take([]), tmp_path / "x.parquet", "parquet")
    with pytest.raises(FileNotFoundError, match="does not exist or is empty: make a store"):
        export_file(tmp_path / "no.store", tmp_path / "x.parquet", "parquet")
    back(space, "parquet", tmp_path)
    with pytest.raises(ValueError, match=r"parquet.store is a store, which holds its own files only: write y.h5ad"):
        export_file(space, tmp_path / "parquet.store" / "y.h5ad", "h5ad")
    assert (tmp_path / "there.parquet").read_text() == "mine"
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"needs h5py, which is not here: pip install 'embedlab\[bio\]'"):
        export_file(space, tmp_path / "y.h5ad", "h5ad")
