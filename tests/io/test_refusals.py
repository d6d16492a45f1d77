"""Every refusal of writer and reader, matched on its useful words."""

import shutil

import numpy as np
import polars as pl
import pytest

from embedlab.io import layout
from embedlab.io.check import check_store
from embedlab.io.store import open_store, store_state
from tests.io.worlds import DIM, FACTS, IMAGES, asked, plan_of, vectors_of, write


@pytest.mark.parametrize("begun", ["finished", "unfinished"])
def test_another_key_or_other_inputs_in_the_same_folder(begun, copy, tmp_path):
    out = copy
    if begun == "unfinished":
        out = tmp_path / "half"
        write(out, stop_after=3)
    for changes, says in [
        ({"facts": {**FACTS, "preprocess": {"size": 9}}}, "preprocess.size: 8 there, 9 asked for"),
        ({"facts": {**FACTS, "layer": "x", "model": "y"}}, "layer: 'embed' there.*model: 'toy' there"),
        ({"dtype": "float16"}, "dtype: 'float32' there, 'float16' asked for"),
        ({"dim": 7}, "vectors of 6 numbers, these have 7"),
        ({"plan": plan_of(46)}, "other inputs .47 there, 46 now"),
        ({"plan": plan_of().with_columns(species=pl.lit("corrected"))}, "metadata differ"),
    ]:
        with pytest.raises(ValueError, match=says):
            asked(out, **changes)
    assert not (out / "lease.json").exists()


def test_resuming_with_other_libraries_is_refused_unless_allowed(tmp_path):
    out = tmp_path / "s"
    write(out, stop_after=3, card={"versions": {"torch": "2.13"}})
    with pytest.raises(ValueError, match=r"torch: '2\.13' there, '3\.0' asked for"):
        asked(out, card={"versions": {"torch": "3.0"}})
    with asked(out, card={"versions": {"torch": "3.0"}}, allow_drift=True) as writer:
        assert writer.resumed


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ValueError, match=r"holds other files \(thesis\.docx\)"):
        asked(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file or a link"):
        asked(tmp_path / "file")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["file", "thesis.docx"]


def test_plans_that_cannot_be(tmp_path):
    for changes, says in [
        ({"plan": plan_of(0)}, "no rows"),
        ({"plan": plan_of().drop("image_id")}, "needs an image_id; the columns are path"),
        ({"plan": pl.DataFrame({"image_id": [1, 2]})}, "must be text"),
        ({"plan": pl.DataFrame({"image_id": ["a", None, ""]})}, "2 rows have no image_id"),
        (
            {"plan": pl.DataFrame({"image_id": list("abcabc")})},
            "3 image ids occur more than once: 'a', 'b', 'c'",
        ),
        ({"plan": plan_of().with_columns(given_status=pl.lit(1))}, "exist too: rename"),
        ({"dim": 0}, "at least one number"),
        ({"dtype": "bfloat16"}, "choose float32, float16"),
        ({"shard_rows": 10, "part_rows": 4}, "cannot be cut into parts of 4"),
        ({"plan": 5}, "needs `inputs`"),
    ]:
        with pytest.raises(ValueError, match=says):
            asked(tmp_path / "s", **changes)
    with pytest.raises(TypeError, match="not JSON serializable"):
        asked(tmp_path / "s", facts={"model": object()})
    assert not (tmp_path / "s").exists()


def test_parts_that_cannot_be(tmp_path):
    x = vectors_of(0, 5)
    nan, zero = x.copy(), x.copy()
    nan[1, 2], zero[3] = np.nan, 0
    with asked(tmp_path / "s", part_rows=5, shard_rows=20) as writer:
        for arguments, says in [
            ((0, nan), "1 of 5 vectors have numbers that are not finite: 'img0001'"),
            ((0, zero), "1 of 5 vectors are zero throughout: 'img0003'"),
            ((0, x[:4]), "part 0 needs 5 × 6 numbers"),
            ((0, x[:, :5]), "got shape \\(5, 5\\)"),
            ((0, x[:4], [True] * 4 + [False]), "0 listed as unreadable"),
            ((0, x, [True] * 4), "`ok` speaks of 4"),
            ((99, x), "part 99 is not planned: there are 10"),
        ]:
            with pytest.raises(ValueError, match=says):
                writer.write_part(*arguments)
        with pytest.raises(ValueError, match="uint8"):
            writer.write_part(0, x, thumbs=np.zeros((5, 32, 32, 3), np.uint8))
        assert writer.pending == list(range(10))
        with pytest.raises(ValueError, match=r"10 of 10 parts are not written"):
            writer.finish()
    with asked(tmp_path / "half", dtype="float16") as writer:
        with pytest.raises(ValueError, match="do not fit into float16"):
            writer.write_part(0, vectors_of(0, IMAGES) * 1e5)
        writer.abandon()
    assert not (tmp_path / "half").exists()


def test_a_store_without_one_readable_image_is_refused(tmp_path):
    with asked(tmp_path / "s", plan=plan_of(2)) as writer:
        writer.write_part(0, np.empty((0, DIM)), [False] * 2, bad=[("a", "x", ""), ("b", "x", "")])
        with pytest.raises(ValueError, match=r"none of 2 images could be read \('a': x; 'b': x\)"):
            writer.finish()
    assert not (tmp_path / "s").exists(), "the same folder must take the repaired images"


def test_a_shard_may_be_empty(tmp_path):
    plan = plan_of(6)
    with asked(tmp_path / "s", plan=plan, part_rows=2, shard_rows=2) as writer:
        writer.write_part(0, vectors_of(0, 2))
        writer.write_part(1, np.empty((0, DIM)), [False] * 2, bad=[("a", "x", ""), ("b", "x", "")])
        writer.write_part(2, vectors_of(4, 6))
        writer.finish()
    assert open_store(tmp_path / "s").n == 4 and open_store(tmp_path / "s", shards=[1]).n == 0
    assert check_store(tmp_path / "s")["ok"]


def test_opening_what_is_no_finished_store(tmp_path, copy):
    with pytest.raises(FileNotFoundError, match="does not exist or is empty"):
        open_store(tmp_path / "nowhere")
    write(tmp_path / "half", stop_after=3)
    assert store_state(tmp_path / "half") == "unfinished"
    with pytest.raises(ValueError, match=r"unfinished store \(3 of 10 parts\).*run the command"):
        open_store(tmp_path / "half")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("x")
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        open_store(tmp_path / "other")


def test_damaged_or_hostile_records_are_refused(copy):
    manifest = copy / "manifest.json"
    good = manifest.read_text()
    for text, says in [
        ("{", "is damaged"),
        ("[]", "a list where a mapping"),
        ("[" * 200_000, "is damaged"),
        ("{}", "has schema None"),
        (good.replace(layout.SCHEMA, "embedlab.store/2"), "schema 'embedlab.store/2'; this version"),
        (good.replace("shard-00001.f32.npy", "../../etc/passwd"), "is not the name of a file of a store"),
        (good.replace("thumbs/000.webp", "/etc/passwd"), "is not the name of a file of a store"),
        (good.replace("thumbs/000.webp", "thumbs/000.webp\\n"), "is not the name of a file of a store"),
        (good.replace("shard-00001.f32.npy", "shard-00000.f32.npy"), "shard 1 is called"),
        (good.replace('"dtype": "float32"', '"dtype": "object"'), "lacks 'object'"),
        (good.replace('"shards"', '"shard_list"'), "lacks 'shards'"),
    ]:
        manifest.write_text(text)
        with pytest.raises(ValueError, match=says):
            open_store(copy)


def test_links_out_of_the_store_are_refused(copy, tmp_path):
    secret = tmp_path / "secret.npy"
    shutil.copy(copy / "shard-00001.f32.npy", secret)
    (copy / "shard-00001.f32.npy").unlink()
    (copy / "shard-00001.f32.npy").symlink_to(secret)
    with pytest.raises(ValueError, match="is a link"):
        open_store(copy)


def test_vectors_that_do_not_fit_their_record_are_refused(copy, tmp_path):
    file = copy / "shard-00000.f32.npy"
    x = np.load(file)
    for bad, says in [
        (x[:3], "its record says 18 × 6 float32"),
        (x.astype(np.float64), "float64, its record says"),
        (np.asfortranarray(x), "column by column"),
        (x.astype(object), "holds Python objects"),
    ]:
        np.save(file, bad, allow_pickle=True)
        with pytest.raises(ValueError, match=says):
            open_store(copy)
    np.save(file, x)
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ValueError, match="cut short or changed"):
        open_store(copy)
    file.write_bytes(b"not numpy")
    with pytest.raises(ValueError, match=r"not a readable \.npy"):
        open_store(copy)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="is missing"):
        open_store(copy)


def test_tables_that_do_not_fit_their_record_are_refused(copy):
    file = copy / "shard-00000.meta.parquet"
    rows = pl.read_parquet(file)
    for bad, says in [(rows[:3], "3 rows"), (rows.drop("norm"), r"lacks the columns \['norm'\]")]:
        bad.write_parquet(file)
        with pytest.raises(ValueError, match=says):
            open_store(copy)
    file.write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ValueError, match="is damaged"):
        open_store(copy)
