"""What is damaged or out of turn is told with the file, what was wrong in it and what to do."""

import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedlab.data import Manifest
from embedlab.io import layout
from embedlab.io.imports import import_file
from embedlab.io.store import blocks, open_store
from tests.io.worlds import asked, changed, vectors_of


def test_records_that_do_not_fit_are_told_with_their_file(copy):
    manifest = copy / layout.MANIFEST
    good = manifest.read_text()
    for values, said in [
        ({"rows": 99}, r"manifest\.json does not add up \(.* rows in shards, 99 in all; .*copy the store again"),
        ({"key": "0" * 64}, r"manifest\.json does not add up"),
        ({"shards": [{}]}, r"manifest\.json lacks 'vectors': copy the store again, or remake it"),
    ]:
        changed(manifest, **values)
        with pytest.raises(ValueError, match=said):
            open_store(copy)
        manifest.write_text(good)
    changed(manifest, counts={})
    with pytest.raises(ValueError, match=r"manifest\.json lacks 'planned': copy the store again"):
        asked(copy, part_rows=5, shard_rows=20)
    manifest.write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json is damaged \(.*\): copy the store again, or remake it"):
        open_store(copy)


def test_a_table_that_is_damaged_is_told_with_its_file(copy):
    (copy / "shard-00000.meta.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ValueError, match=r"meta\.parquet is damaged \(.*\): copy the store again, or remake it"):
        open_store(copy)


def test_a_writer_says_when_its_time_is_over(tmp_path, finished):
    with pytest.raises(ValueError, match="blocks need at least one row each, not 0"):
        next(blocks(finished, 0))
    with asked(tmp_path / "s", part_rows=5, shard_rows=20) as writer:
        pass
    with pytest.raises(ValueError, match="is finished or closed; nothing more can be written"):
        writer.write_part(0, vectors_of(0, 5))
    with pytest.raises(ValueError, match="is closed: open another one to go on"):
        writer.finish()
    with pytest.raises(ValueError, match="is finished or closed; remove the folder yourself"):
        writer.abandon()
    plan = tmp_path / "s" / layout.PLAN
    if plan.exists():
        changed(plan, card=None)
        with pytest.raises(ValueError, match=r"is damaged \(.*\): remove .*s and begin again"):
            asked(tmp_path / "s", part_rows=5, shard_rows=20)


def test_a_file_that_cannot_be_imported_is_told_by_name(tmp_path):
    (tmp_path / "nothing.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"nothing\.npz is empty \(0 bytes\): nothing to import"):
        import_file(tmp_path / "nothing.npz", tmp_path / "s")
    pq.write_table(pa.table({"uuid": pa.array([], pa.string()), "emb": pa.array([], pa.list_(pa.float32()))}),
                   tmp_path / "none.parquet")  # fmt: skip
    with pytest.raises(ValueError, match=r"none\.parquet has no rows: nothing to import"):
        import_file(tmp_path / "none.parquet", tmp_path / "s")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as bundle:
        bundle.writestr("emb.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': nonsense")
    with pytest.raises(ValueError, match=r"x\.npz: emb is damaged \(.*\): fetch it again"):
        import_file(tmp_path / "x.npz", tmp_path / "s")
    with pytest.raises(FileNotFoundError, match="no such folder of images: .*nowhere"):
        Manifest.from_folder(tmp_path / "nowhere")


def test_an_h5ad_whose_rows_have_no_names_is_told(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        file["X"] = np.ones((2, 3), np.float32)
        file.create_group("obs").attrs["_index"] = "who"
    with pytest.raises(ValueError, match="obs has no index 'who', which names its rows; it holds"):
        import_file(tmp_path / "x.h5ad", tmp_path / "s")
