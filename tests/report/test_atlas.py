"""The bundle behind the map: everything is found by image_id, caps are said, paths of a machine stay out."""

import base64
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.report import atlas
from embedlab.report.board import strip

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))


def place(ids, method="PCA"):
    rng = np.random.default_rng(len(ids))
    xy = rng.normal(size=(len(ids), 2))
    return SimpleNamespace(image_id=tuple(ids), xy=xy, method=method, explained=None, caption="planted")


def space(n, **more):
    rows = {"image_id": [f"i{k}" for k in range(n)], **{k: [f(i) for i in range(n)] for k, f in more.items()}}
    return Embeddings(np.ones((n, 2), np.float32), rows, {"model": "m"})


def test_places_facts_and_tiles_belong_to_the_id_whatever_the_order(tmp_path):
    import pages
    from PIL import Image

    images = space(60, species=lambda i: f"s{i % 7}")
    rng = np.random.default_rng(0)
    ids = [f"i{k}" for k in rng.permutation(60)[:40]]
    tiles = {f"i{k}": pages.tile(k) for k in rng.permutation(60) if k % 9}
    projection = place(ids)
    bundle = atlas.bundle([images], {"a": projection, "b": place(ids[::-1])}, tiles)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(bundle["sheets"][0]))).convert("RGB"), float)
    species = next(c for c in bundle["columns"] if c["name"] == "species")
    scale = np.ptp(projection.xy, axis=0).max()
    for k, row in enumerate(bundle["maps"][0]["row"]):
        image = bundle["ids"][row]
        number = int(image[1:])
        assert species["levels"][species["codes"][row]] == f"s{number % 7}"
        at = projection.xy[ids.index(image)] / scale
        assert abs(bundle["maps"][0]["x"][k] - at[0]) < 1e-4 and abs(bundle["maps"][0]["y"][k] - at[1]) < 1e-4
        tile = bundle["tiles"][row]
        assert (tile == -1) == (number % 9 == 0)
        if tile >= 0:
            y, x = divmod(tile, bundle["sheet"]["across"])
            middle = sheet[y * 64 + 20 : y * 64 + 44, x * 64 + 20 : x * 64 + 44].mean(axis=(0, 1))
            assert np.abs(middle - pages.colour_of(number)).max() < 12
    assert "images have no thumbnail" in bundle["notes"][0]


def test_paths_and_empty_columns_stay_out_and_missing_is_not_a_word():
    images = space(
        4,
        path=lambda i: f"/mnt/someone/{i}.jpg",
        scan=lambda i: f"/data/{i}",
        sex=lambda i: None if i else "female",
        mass=lambda i: float(i) if i < 3 else None,
        blank=lambda i: None,
    )
    bundle = atlas.bundle([images], {"a": place([f"i{k}" for k in range(4)])}, {})
    assert {c["name"] for c in bundle["columns"]} == {"sex", "mass"}
    sex = next(c for c in bundle["columns"] if c["name"] == "sex")
    assert sex["levels"] == ["female"] and sorted(sex["codes"]) == [-1, -1, -1, 0]
    assert "someone" not in str(bundle)


def test_many_points_go_to_webgl_and_too_many_are_sampled_by_species_and_said(monkeypatch):
    ids = [f"i{k}" for k in range(3_100)]
    images = space(3_100, species=lambda i: "rare" if i < 5 else f"s{i % 3}")
    assert atlas.bundle([images], {"a": place(ids)}, {})["gl"] is True
    assert atlas.bundle([images], {"a": place(ids[:2_900])}, {})["gl"] is False
    monkeypatch.setattr(atlas, "MOST_POINTS", 300)
    bundle = atlas.bundle([images], {"a": place(ids)}, {})
    kept = [int(i[1:]) for i in bundle["ids"]]
    assert 290 <= len(kept) <= 305 and any(k < 5 for k in kept)
    assert "of 3,100 images, a sample stratified by species" in bundle["notes"][0]


def test_a_place_of_an_unknown_image_has_no_facts():
    bundle = atlas.bundle([space(2, sex=lambda i: "male")], {"a": place(["i1", "stranger"])}, {})
    sex = bundle["columns"][0]
    assert sex["codes"][bundle["ids"].index("stranger")] == -1


@pytest.mark.parametrize("estimate", [0.4, None])
def test_a_strip_without_numbers_says_so(estimate):
    chance = {"mean": 0.1, "low": 0.0, "high": 0.2, "kind": "shuffled"}
    if estimate is None:
        chance = dict.fromkeys(chance)
    drawn = strip({"statistic": "s", "estimate": estimate, "interval": [None, None], "chance": chance})
    assert ("No estimate" in drawn) == (estimate is None)
    assert "nan" not in drawn.lower()
