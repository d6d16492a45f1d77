"""Extraction end to end: exact counts, one row an image, the same bytes, and a second call that is quick."""

import csv
import dataclasses
import io
import json
import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from embedlab.extract import loop as room
from embedlab.extract.extract import extract_images
from embedlab.extract.preprocess import Preprocess
from embedlab.io.store import open_store, store_state
from tests.extract.conftest import encoded, picture

KEYS = [
    "store",
    "key",
    "model",
    "images",
    "dim",
    "unreadable",
    "duplicates",
    "from_cache",
    "images_per_second",
]


class Toy:
    """An encoder without torch: mean colour, its square, and 1; counts how often it is asked."""

    name, dim, layers, device = "toy", 7, ["mean"], "cpu"
    preprocess = Preprocess(size=(8, 8), mean=(0.0,) * 3, std=(1.0,) * 3, resize="squash")

    def __init__(self, weights):
        self.files, self.batches = [weights], []
        self.card = {
            "model": "toy", "family": "toy", "architecture": "mean", "weights_sha256": weights.read_text(),
            "preprocessing": self.preprocess.card(), "layer": "mean", "dim": 7,
        }  # fmt: skip

    def transform(self, image):
        return self.preprocess(image)

    def encode(self, batch):
        self.batches.append(len(batch))
        mean = batch.mean((2, 3))
        return np.concatenate([mean, mean**2, np.ones((len(batch), 1))], axis=1).astype(np.float32)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    weights = tmp_path / "weights.txt"
    weights.write_text("00")
    loaded = []

    def load(name, layer=None, device="auto"):
        loaded.append(Toy(weights))
        return loaded[-1]

    monkeypatch.setattr(room, "full_name", lambda name: name)
    monkeypatch.setattr(room, "load_encoder", load)
    return loaded, weights


def lines_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bytes_of(store):
    """The bytes of every file whose bytes are promised: all but runs.jsonl and the note in derived/."""
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.name not in ("runs.jsonl", "asked.json")
    }


def test_a_salted_folder_gives_exact_counts_and_reasons(salted, toy, tmp_path):
    report = extract_images(salted, "toy", tmp_path / "s")
    assert list(report.to_dict()) == KEYS and json.dumps(report.to_dict())
    assert (report.images, report.unreadable, report.duplicates) == (8, 3, 1) and not report.from_cache
    assert {line["path"]: line["reason"] for line in lines_of(tmp_path / "s" / "bad.csv")} == {
        "empty.jpg": "empty",
        "text.jpg": "not an image",
        "truncated.jpg": "truncated",
    }
    assert [line["path"] for line in lines_of(tmp_path / "s" / "duplicates.csv")] == ["zopy ä.jpg"]
    assert "3 unreadable, 1 duplicate left out" in str(report)
    birds = open_store(tmp_path / "s")
    assert birds.x.shape == (8, 7) and birds.card["model"] == "toy" and birds.card["norm"] == "raw"
    assert birds.rows["image_id"].to_list() == sorted(birds.rows["image_id"].to_list())
    loaded, _ = toy
    for name, vector in zip(birds.rows["path"], birds.x, strict=True):
        with Image.open(salted / name) as image:
            size = image.size
        if name == "turned.jpg":
            assert size == (60, 40)  # lying; the picture that was embedded stands
        if name in ("plain 1.jpg", "plain 2.jpg"):
            with Image.open(salted / name) as image:
                want = loaded[0].encode(loaded[0].transform(image)[None])[0]
            np.testing.assert_array_equal(vector, want)


def test_thumbnails_stand_beside_their_rows(salted, toy, tmp_path):
    from embedlab.io.store import thumbnails

    extract_images(salted, "toy", tmp_path / "s")
    birds = open_store(tmp_path / "s")
    row = birds.rows["path"].to_list().index("turned.jpg")
    (tile,) = thumbnails(tmp_path / "s", [row])
    tile = np.asarray(Image.open(io.BytesIO(tile)).convert("RGB")).astype(int)
    want = picture(12).rotate(-90, expand=True).resize((43, 64))
    assert np.abs(tile[:, 11:53] - np.asarray(want).astype(int)[:, 1:]).mean() < 12  # lossy WebP, 64 px


def test_a_second_call_asks_no_model_and_opens_no_image(salted, toy, tmp_path, monkeypatch):
    loaded, _ = toy
    first = extract_images(salted, "toy", tmp_path / "s")
    monkeypatch.setattr(
        "embedlab.extract.images.Place.read", lambda place: pytest.fail("an image was opened")
    )
    second = extract_images(salted, "toy", tmp_path / "s")
    assert len(loaded) == 1 and second == dataclasses.replace(first, from_cache=True, images_per_second=None)


def test_a_store_among_the_images_is_not_embedded_in_its_turn(salted, toy, tmp_path):
    loaded, _ = toy
    first = extract_images(salted, "toy", salted / "birds.store")
    second = extract_images(salted, "toy", salted / "birds.store")
    assert second == dataclasses.replace(first, from_cache=True, images_per_second=None) and len(loaded) == 1
    assert extract_images(f"{salted}/**/*.*g*", "toy", tmp_path / "two").images == first.images


def test_a_new_file_in_the_folder_is_noticed(salted, toy, tmp_path):
    extract_images(salted, "toy", tmp_path / "s")
    (salted / "new.jpg").write_bytes(encoded(picture(50), "JPEG"))
    with pytest.raises(ValueError, match="from other inputs"):
        extract_images(salted, "toy", tmp_path / "s")


def test_touched_files_are_looked_at_again_and_then_remembered(salted, toy, tmp_path, monkeypatch):
    loaded, _ = toy
    extract_images(salted, "toy", tmp_path / "s")
    before = bytes_of(tmp_path / "s")
    os.utime(salted / "plain 1.jpg", (1, 1))
    assert extract_images(salted, "toy", tmp_path / "s").from_cache and len(loaded) == 2
    assert extract_images(salted, "toy", tmp_path / "s").from_cache and len(loaded) == 2
    assert loaded[1].batches == [] and bytes_of(tmp_path / "s") == before


def test_other_weights_other_layer_or_other_images_are_another_store(salted, toy, tmp_path):
    _, weights = toy
    extract_images(salted, "toy", tmp_path / "s")
    weights.write_text("11")
    with pytest.raises(
        ValueError, match=r"another key; what differs is weights_sha256: '00' there, '11' asked for"
    ):
        extract_images(salted, "toy", tmp_path / "s")
    weights.write_text("00")
    (salted / "plain 3.jpg").write_bytes(encoded(picture(99), "JPEG"))
    with pytest.raises(ValueError, match="from other inputs"):
        extract_images(salted, "toy", tmp_path / "s")


def test_order_place_and_time_leave_no_trace(salted, toy, tmp_path):
    extract_images(salted, "toy", tmp_path / "one")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in sorted(salted.iterdir(), reverse=True):
        shutil.copyfile(path, moved / path.name)
    time.sleep(0.01)
    extract_images(moved, "toy", tmp_path / "two")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert str(tmp_path) not in (tmp_path / "one" / "card.json").read_text()


def test_an_interrupted_run_goes_on_with_its_own_batch_size(salted, toy, tmp_path, monkeypatch, caplog):
    loaded, _ = toy
    monkeypatch.setattr(room, "PART_ROWS", 4)
    extract_images(salted, "toy", tmp_path / "whole", batch_size=3)
    plain = Toy.encode

    def failing(self, batch):
        if len(self.batches) == 3:
            raise KeyboardInterrupt
        return plain(self, batch)

    monkeypatch.setattr(Toy, "encode", failing)
    with pytest.raises(KeyboardInterrupt):
        extract_images(salted, "toy", tmp_path / "cut", batch_size=3)
    assert store_state(tmp_path / "cut") == "unfinished"
    monkeypatch.setattr(Toy, "encode", plain)
    extract_images(salted, "toy", tmp_path / "cut", batch_size=2)
    assert "begun with batches of 3: they are kept, not 2" in caplog.text
    assert sum(loaded[2].batches) < sum(loaded[0].batches)  # what was done was not done again
    assert bytes_of(tmp_path / "cut") == bytes_of(tmp_path / "whole")


def test_batches_are_cut_where_the_plan_says_whatever_cannot_be_read(salted, toy, tmp_path):
    loaded, _ = toy
    extract_images(salted, "toy", tmp_path / "s", batch_size=5)
    # 11 planned less the copy: cmyk deep plain0 plain1 plain2 | plain3 rgba text truncated turned
    assert loaded[0].batches == [5, 3] and open_store(tmp_path / "s").card["batch_size"] == 5


def test_a_file_that_changes_under_way_stops_the_run(salted, toy, tmp_path, monkeypatch):
    plain = room.make_plan

    def then_changed(*args, **settings):
        plan = plain(*args, **settings)
        (salted / "plain 2.jpg").write_bytes(encoded(picture(77), "JPEG"))
        return plan

    monkeypatch.setattr(room, "make_plan", then_changed)
    with pytest.raises(ValueError, match=r"plain 2.jpg has changed since the plan was made"):
        extract_images(salted, "toy", tmp_path / "s")
    assert store_state(tmp_path / "s") == "unfinished"


def test_nothing_readable_is_an_error_and_text_needs_a_text_tower(toy, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_text("no")
    with pytest.raises(ValueError, match="could be read"):
        extract_images(tmp_path / "bad", "toy", tmp_path / "s")
    (tmp_path / "names.csv").write_text("name\na\n")
    with pytest.raises(ValueError, match="toy has no text tower. Models with one: bioclip"):
        extract_images(tmp_path / "names.csv", "toy", tmp_path / "t", text=True)
    with pytest.raises(ValueError, match="batch size 0"):
        extract_images(tmp_path / "bad", "toy", tmp_path / "s", batch_size=0)
