import stat

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.io import store
from embedlab.io.check import check_store
from embedlab.io.store import (
    StoreWriter,
    blocks,
    open_store,
    store_info,
    thumbnails,
)
from tests.io.worlds import DIM, FACTS, IMAGES, asked, bytes_of, plan_of, readable, vectors_of, write

GOOD = readable(0, IMAGES)


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


@settings(max_examples=6, deadline=None)
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
    with pytest.raises(ValueError, match=r"rows \[-1\] do not exist"):
        thumbnails(finished, [-1])
    write(tmp_path / "bare", thumbs=False)
    assert thumbnails(tmp_path / "bare", [0, 1]) == [None, None]


# -- finished is finished -----------------------------------------------------------------------------------


def test_a_second_call_finds_the_store_and_changes_nothing(copy):
    before = bytes_of(copy)
    with asked(copy) as writer:
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
    with asked(tmp_path / "s", settings={"batch_size": 64}) as writer:
        assert writer.resumed and writer.settings == {"batch_size": 7} and writer.span(1) == (5, 10)
        assert writer.pending == list(range(2, 10))
