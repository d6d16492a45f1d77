import json
import shutil

import numpy as np
import polars as pl
import pytest

from embedlab.io import layout
from embedlab.io.atomic import digests
from embedlab.io.check import check_store
from tests.io.worlds import write


def said(path):
    answer = check_store(path)
    assert set(answer) == {"ok", "problems"} and answer["ok"] is not bool(answer["problems"])
    for problem in answer["problems"]:
        assert set(problem) == {"what", "where", "remedy"} and all(problem.values())
    return " / ".join(problem["what"] for problem in answer["problems"])


def reseal(store):
    """Make digests agree with the files as they are now, as a forger or a careless script would."""
    manifest = json.loads((store / "manifest.json").read_text())
    for number, shard in enumerate(manifest["shards"]):
        for part in ("vectors", "meta"):
            shard[part].update(digests(store / shard[part]["name"]))
        file = store / f"shard-{number:05d}.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **shard}))
    for name in manifest["files"]:
        manifest["files"][name] = digests(store / name)
    body = {name: value for name, value in manifest.items() if name != "digest"}
    (store / "manifest.json").write_text(json.dumps({**body, "digest": layout.digest_of(body)}))


def test_a_whole_store_has_no_problem(finished):
    assert check_store(finished) == {"ok": True, "problems": []}


def test_one_changed_byte_in_any_file_is_found(copy, rng):
    files = [f for f in sorted(copy.rglob("*")) if f.is_file() and f.name != "runs.jsonl"]
    assert len(files) == 14  # card, manifest, bad, duplicates, one sheet, and three for each of three shards
    for file in files:
        whole = file.read_bytes()
        for at in {0, len(whole) - 2, int(rng.integers(len(whole)))}:
            data = bytearray(whole)
            data[at] ^= 1 << int(rng.integers(8))
            file.write_bytes(data)
            if file.suffix != ".json" or json_differs(data, whole):
                assert said(copy), f"{file.name}, byte {at}"
        file.write_bytes(whole)
    assert check_store(copy)["ok"]


def json_differs(one, other):
    """Spaces outside strings carry nothing; what the records say is compared, not how."""
    try:
        return json.loads(bytes(one)) != json.loads(other)
    except ValueError:
        return True


def test_missing_and_unknown_files_are_named(copy):
    for name in ("shard-00001.f32.npy", "thumbs/000.webp", "bad.csv"):
        (copy / name).rename(copy / "aside")
        assert f"{name} is missing" in said(copy)
        (copy / "aside").rename(copy / name)
    (copy / "shard-00001.json").rename(copy / "aside")
    assert "record cannot be read" in said(copy)
    (copy / "aside").rename(copy / "shard-00001.json")
    shutil.copy(copy / "bad.csv", copy / "shard-00007.json")
    assert "shard-00007.json is not mentioned" in said(copy)


def test_no_store_and_half_a_store(tmp_path, copy):
    with pytest.raises(FileNotFoundError):
        check_store(tmp_path / "nowhere")
    write(tmp_path / "half", stop_after=2)
    answer = check_store(tmp_path / "half")
    assert "unfinished" in said(tmp_path / "half") and "run the command" in answer["problems"][0]["remedy"]
    (copy / "card.json").unlink()
    assert "card.json is missing" in said(copy)


def test_what_digests_cannot_see_is_read_from_the_contents(copy):
    vectors, table = copy / "shard-00000.f32.npy", copy / "shard-00000.meta.parquet"
    x, rows = np.load(vectors), pl.read_parquet(table)
    for value, says in [
        (np.nan, "1 vectors have numbers that are not finite: 'img0001'"),
        (0, "1 vectors are zero throughout: 'img0001'"),
        (9, "1 vectors have another length than recorded: 'img0001'"),
    ]:
        y = x.copy()
        y[1] = value
        np.save(vectors, y)
        reseal(copy)
        assert says in said(copy)
    np.save(vectors, x)
    rows.with_columns(image_id=rows["image_id"].shift(1, fill_value="img0045")).write_parquet(table)
    reseal(copy)
    assert "not unique: 'img0045'" in said(copy)
    rows.write_parquet(table)
    reseal(copy)
    assert check_store(copy)["ok"]


def test_lists_counts_and_sheets_agree_with_the_manifest(copy):
    good = (copy / "bad.csv").read_text()
    (copy / "bad.csv").write_text(good + "another.jpg,x,y\n")
    reseal(copy)
    assert "bad.csv lists 6, the manifest counts 5" in said(copy)
    (copy / "bad.csv").write_text(good)
    from PIL import Image

    Image.new("RGB", (2048, 64)).save(copy / "thumbs" / "000.webp")
    reseal(copy)
    assert "no tile 42" in said(copy)
    Image.new("RGB", (4096, 64)).save(copy / "thumbs" / "000.webp")
    reseal(copy)
    assert "which no sheet of thumbnails is" in said(copy)
    Image.new("RGB", (64, 64)).save(copy / "thumbs" / "000.webp", "PNG")
    reseal(copy)
    assert "cannot be read" in said(copy)


def test_a_card_with_other_facts_does_not_fit_the_key(copy):
    card = json.loads((copy / "card.json").read_text())
    card["facts"]["model"] = "a better one"
    (copy / "card.json").write_text(json.dumps(card))
    reseal(copy)
    assert "the key does not belong to the facts" in said(copy)
