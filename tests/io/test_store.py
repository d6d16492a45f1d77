import json
import shutil
import stat

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.io import layout, store
from embedlab.io.check import check_store
from embedlab.io.store import (
    StoreWriter,
    blocks,
    open_store,
    store_info,
    store_state,
    thumbnails,
)
from tests.io.worlds import DIM, FACTS, IMAGES, bytes_of, plan_of, readable, vectors_of, write

GOOD = readable(0, IMAGES)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One finished store of three shards, for tests that only read."""
    out = tmp_path_factory.mktemp("io") / "s"
    write(out)
    return out


@pytest.fixture
def copy(finished, tmp_path):
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    for file in out.rglob("*"):
        file.chmod(0o755)
    return out


def change(path, **values):
    content = json.loads(path.read_text())
    content.update(values)
    path.write_text(json.dumps(content))


# -- what is written is what is read ------------------------------------------------------------------------


def test_three_shards_give_back_vectors_rows_and_card(finished):
    got = open_store(finished)
    assert got.x.tobytes() == vectors_of(0, IMAGES)[GOOD].tobytes()
    expected = plan_of().filter(pl.Series(GOOD)).drop("sha256")
    assert got.rows.equals(expected)  # the user's own "status" is back under its name
    assert (
        got.card["model"] == "toy" and got.card["norm"] == "raw" and got.card["counts"]["planned"] == IMAGES
    )
    with pytest.raises(ValueError, match="read-only"):
        got.x[0, 0] = 1


def test_one_shard_is_a_memory_map_aligned_to_64_bytes(tmp_path):
    write(tmp_path / "s", shard_rows=64, part_rows=16)
    x = open_store(tmp_path / "s").x
    assert isinstance(x, np.memmap) and not x.flags.writeable
    assert x.offset % 64 == 0 and x.flags.c_contiguous


def test_some_shards_and_blocks_add_up_to_the_whole(finished):
    whole = open_store(finished)
    single = [open_store(finished, shards=[shard]) for shard in range(3)]
    assert all(isinstance(one.x, np.memmap) for one in single)
    assert np.array_equal(np.concatenate([one.x for one in single]), whole.x)
    for size in (1, 7, 1000):
        pieces = list(blocks(finished, size))
        assert max(len(x) for x, _ in pieces) <= size
        assert np.array_equal(np.concatenate([x for x, _ in pieces]), whole.x)
        assert pl.concat([rows for _, rows in pieces]).equals(whole.rows)


def test_several_shards_beyond_memory_are_refused_with_the_way_out(finished, monkeypatch):
    monkeypatch.setattr(store, "MEMORY_LIMIT_BYTES", 100)
    with pytest.raises(ValueError, match=r"shards=\[0\].*blocks"):
        open_store(finished)
    assert open_store(finished, shards=[1]).n == len(open_store(finished, shards=[1]).x)


@settings(max_examples=10, deadline=None)
@given(
    images=st.integers(1, 30), part=st.integers(1, 9), parts=st.integers(1, 4),
    dtype=st.sampled_from(["float32", "float16"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_cut_and_any_order_give_back_what_was_written(tmp_path_factory, images, part, parts, dtype, seed):
    rng = np.random.default_rng(seed)
    ok = rng.random(images) < 0.8
    ok[rng.integers(images)] = True
    x = rng.normal(size=(images, 3)).astype(dtype)
    columns = {"n": rng.integers(0, 9, images), "t": ([None, "", "NA"] * 10)[:images], "l": [[1.5]] * images}
    plan = pl.DataFrame({"image_id": [f"{i}é" for i in range(images)], **columns})
    trees = []
    for order in (1, -1):
        out = tmp_path_factory.mktemp("cut") / "s"
        with StoreWriter(
            out, facts={}, plan=plan, dim=3, dtype=dtype, part_rows=part, shard_rows=part * parts
        ) as writer:
            for number in writer.pending[::order]:
                a, b = writer.span(number)
                bad = [(str(i), "x", "") for i in np.arange(a, b)[~ok[a:b]]]
                writer.write_part(number, x[a:b][ok[a:b]], ok[a:b], bad=bad)
            writer.finish()
        trees.append(bytes_of(out))
    assert trees[0] == trees[1]
    got = open_store(out)
    assert got.x.tobytes() == x[ok].tobytes()
    assert got.rows.drop("path").equals(plan.filter(pl.Series(ok)))
    assert check_store(out) == {"ok": True, "problems": []}


def test_float16_above_one_shard_float32_below(tmp_path):
    write(tmp_path / "small", dtype="auto", shard_rows=64, part_rows=16)
    write(tmp_path / "large", dtype="auto", shard_rows=32, part_rows=16)
    assert store_info(tmp_path / "small")["dtype"] == "float32"
    assert store_info(tmp_path / "large")["dtype"] == "float16"
    assert open_store(tmp_path / "large").x.dtype == np.float16


def test_key_is_of_the_facts_alone(tmp_path):
    keys = []
    for name, changes in {
        "a": {},
        "b": {"order": -1, "part_rows": 10},
        "c": {"card": {"versions": {"numpy": "9"}}, "settings": {"batch_size": 4}},
        "d": {"facts": dict(reversed(FACTS.items()))},
        "e": {"facts": {**FACTS, "layer": "other"}},
        "f": {"dtype": "float16"},
    }.items():
        keys.append(write(tmp_path / name, thumbs=False, **changes)["key"])
    assert len(set(keys[:4])) == 1 and len(set(keys)) == 3


def test_info_counts_what_is_missing_unreadable_and_twice(finished):
    info = store_info(finished)
    rows = plan_of().filter(pl.Series(GOOD))
    assert (info["rows"], info["dim"], info["model"], info["dtype"]) == (GOOD.sum(), DIM, "toy", "float32")
    assert info["columns"] == ["image_id", "path", "species", "status"]
    assert info["missing"]["species"] == rows["species"].null_count()
    assert info["unreadable"] == (~GOOD).sum() + 1 and info["duplicates"] == 1
    assert info["normalised"] is False and info["norms"]["min"] > 0 and info["thumbnails"]
    bad = pl.read_csv(finished / "bad.csv")
    assert bad.columns == ["path", "reason", "message"] and bad["path"].is_sorted()


def test_unit_vectors_are_known_as_such(tmp_path):
    x = vectors_of(0, 9)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    for dtype in ("float32", "float16"):
        with StoreWriter(tmp_path / dtype, facts={}, plan=plan_of(9), dim=DIM, dtype=dtype) as writer:
            writer.write_part(0, x)
            writer.finish()
        assert store_info(tmp_path / dtype)["normalised"] is True


def test_thumbnails_follow_their_rows(finished, tmp_path):
    from io import BytesIO

    from PIL import Image

    order = [len(GOOD[GOOD]) - 1, 0, 0]
    tiles = thumbnails(finished, order)
    parts = np.flatnonzero(GOOD) // 5
    for row, tile in zip(order, tiles, strict=True):
        seen = np.asarray(Image.open(BytesIO(tile)).convert("RGB"))
        # 6: twice through WebP at quality 70 and 80
        assert seen.shape == (64, 64, 3) and abs(seen.mean() - parts[row] * 20) < 6
    assert thumbnails(finished, [1], "JPEG")[0].startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match=r"rows \[-1\\] do not exist"):
        thumbnails(finished, [-1])
    write(tmp_path / "bare", thumbs=False)
    assert thumbnails(tmp_path / "bare", [0, 1]) == [None, None]


# -- finished is finished -----------------------------------------------------------------------------------


def test_a_second_call_finds_the_store_and_changes_nothing(copy):
    before = bytes_of(copy)
    with StoreWriter(copy, facts=FACTS, plan=plan_of(), dim=DIM, dtype="float32") as writer:
        assert writer.finished and writer.pending == []
        with pytest.raises(ValueError, match="finished"):
            writer.write_part(0, vectors_of(0, 5))
        assert writer.finish()["rows"] == GOOD.sum()
    assert bytes_of(copy) == before


def test_files_of_a_finished_store_cannot_be_written(finished):
    for file in finished.rglob("*"):
        if file.is_file() and file.name != "runs.jsonl":
            assert not file.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH), file
    assert not (finished / "parts").exists() and not (finished / "lease.json").exists()


def test_settings_and_cut_of_the_first_run_are_kept_on_resume(tmp_path):
    write(tmp_path / "s", stop_after=2, settings={"batch_size": 7})
    with StoreWriter(
        tmp_path / "s", facts=FACTS, plan=plan_of(), dim=DIM, dtype="float32", settings={"batch_size": 64}
    ) as writer:
        assert writer.resumed and writer.settings == {"batch_size": 7} and writer.span(1) == (5, 10)
        assert writer.pending == list(range(2, 10))


# -- refusals -----------------------------------------------------------------------------------------------


def asked(path, **changes):
    return StoreWriter(path, **{"facts": FACTS, "plan": plan_of(), "dim": DIM, "dtype": "float32", **changes})


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
    with pytest.raises(ValueError, match=r"holds other files \\(thesis.docx\\)"):
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
        with pytest.raises(ValueError, match="none of 2 images could be read"):
            writer.finish()


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
