"""The bundle of the explorer: everything is found by image_id, caps are said, paths of a machine stay out."""

import base64
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from embedlab import explore
from embedlab.data import Embeddings
from embedlab.explore import places
from embedlab.explore.tiles import of_store

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))


def place(ids, method="t-SNE", xy=None, explained=None):
    if xy is None:
        xy = np.random.default_rng(len(ids)).normal(size=(len(ids), 2))
    return SimpleNamespace(image_id=tuple(ids), xy=xy, method=method, explained=explained, caption="planted")


def space(n, **more):
    rows = {"image_id": [f"i{k}" for k in range(n)], **{k: [f(i) for i in range(n)] for k, f in more.items()}}
    return Embeddings(np.ones((n, 2), np.float32), rows, {"model": "m"})


def gaps(x, y, some):
    """Distances between some pairs: what no turning and mirroring changes."""
    a, b = np.asarray(some).T
    return np.hypot(np.asarray(x)[a] - np.asarray(x)[b], np.asarray(y)[a] - np.asarray(y)[b])


def test_places_facts_and_tiles_belong_to_the_id_whatever_the_order():
    import pages
    from PIL import Image

    images = space(60, species=lambda i: f"s{i % 7}")
    rng = np.random.default_rng(0)
    ids = [f"i{k}" for k in rng.permutation(60)[:40]]
    tiles = {f"i{k}": pages.tile(k) for k in rng.permutation(60) if k % 9}
    last = place(ids[::-1])
    made = explore.bundle([images], {"a": place(ids), "b": last}, tiles)
    assert made["schema"] == "embedlab-explore-1" and json.dumps(made)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(made["sheets"][0]))).convert("RGB"), float)
    species = next(c for c in made["columns"] if c["name"] == "species")
    scale = np.ptp(last.xy, axis=0).max()
    middle = (last.xy.max(axis=0) + last.xy.min(axis=0)) / 2
    for k, row in enumerate(made["maps"][1]["row"]):
        image = made["ids"][row]
        number = int(image[1:])
        assert species["levels"][species["codes"][row]] == f"s{number % 7}"
        at = (last.xy[last.image_id.index(image)] - middle) / scale
        assert abs(made["maps"][1]["x"][k] - at[0]) < 1e-4 and abs(made["maps"][1]["y"][k] - at[1]) < 1e-4
        tile = made["tiles"][row]
        assert (tile == -1) == (number % 9 == 0)
        if tile >= 0:
            y, x = divmod(tile, made["sheet"]["across"])
            inner = sheet[y * 64 + 20 : y * 64 + 44, x * 64 + 20 : x * 64 + 44].mean(axis=(0, 1))
            assert np.abs(inner - pages.colour_of(number)).max() < 12
    assert "images have no thumbnail" in made["notes"][0]


def test_a_map_is_turned_towards_the_last_by_the_images_they_share():
    rng = np.random.default_rng(1)
    xy = rng.normal(size=(80, 2)) * [3, 1]
    turn = np.array([[np.cos(2.1), -np.sin(2.1)], [np.sin(2.1), np.cos(2.1)]]) @ np.diag([1, -1])
    ids = [f"i{k}" for k in range(80)]
    order = rng.permutation(80)
    # 20 images of the first map are unknown to the last: they turn along
    first = place([ids[k] for k in order], xy=(xy @ turn * 7 + 4)[order])
    made = explore.bundle([space(80)], {"first": first, "last": place(ids[:60], xy=xy[:60])}, {})
    a, b = made["maps"]
    there = {row: k for k, row in enumerate(b["row"])}
    both = [(k, there[row]) for k, row in enumerate(a["row"]) if row in there]
    assert len(both) == 60 and len(a["row"]) == 80
    pa = np.array([[a["x"][k], a["y"][k]] for k, _ in both])
    pb = np.array([[b["x"][k], b["y"][k]] for _, k in both])
    pa, pb = pa - pa.mean(axis=0), pb - pb.mean(axis=0)
    size = np.sqrt((pa**2).sum() / (pb**2).sum())
    assert np.abs(pa / size - pb).max() < 2e-3, "the same places must lie the same way"
    assert "Turned to face as last does" in a["caption"] and b["caption"] == "planted"
    some = rng.integers(0, 80, size=(200, 2))
    true = first.xy[[first.image_id.index(made["ids"][r]) for r in a["row"]]]
    ratio = gaps(a["x"], a["y"], some) / np.maximum(gaps(true[:, 0], true[:, 1], some), 1e-9)
    assert np.ptp(ratio[gaps(true[:, 0], true[:, 1], some) > 0.5]) < 1e-3, "turning must not bend the map"


def test_maps_by_pca_keep_their_axes_and_share_one_scale():
    rng = np.random.default_rng(2)
    ids = [f"i{k}" for k in range(50)]
    xy = rng.normal(size=(50, 2)) * [4, 1]
    small = place(ids, "PCA", xy * [-0.5, 0.5] @ np.array([[0.9, 0.1], [-0.1, 0.9]]), (0.5, 0.2))
    made = explore.bundle([space(50)], {"early": small, "late": place(ids, "PCA", xy, (0.4, 0.1))}, {})
    early, late = made["maps"]
    assert early["axes"] == ["PC 1 (50 %)", "PC 2 (20 %)"]
    assert "PC 1 mirrored to face as in late." in early["caption"] and "Turned" not in early["caption"]
    rows = [small.image_id.index(made["ids"][r]) for r in early["row"]]
    for j, name in enumerate("xy"):  # each axis is its own, mirrored or not
        assert abs(np.corrcoef(early[name], small.xy[rows, j])[0, 1]) > 1 - 1e-6
    drawn, true = np.std(early["x"]) / np.std(late["x"]), np.std(small.xy[:, 0]) / np.std(xy[:, 0])
    assert abs(drawn - true) < 1e-2, "spreads of PCA maps are compared: they share a unit"


def test_the_neighbours_that_a_map_keeps_are_counted_image_by_image():
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 6)).astype(np.float32)
    ids = [f"i{k}" for k in range(120)]
    images = Embeddings(x, {"image_id": ids}, {"model": "m"})
    xy = x[:, :2].astype(float)
    made = explore.bundle([images], {"a": place(ids[::-1], xy=xy[::-1])}, {})
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    near = [NearestNeighbors(n_neighbors=16).fit(v).kneighbors(v, return_distance=False)[:, 1:] for v in (unit, xy)]
    for k, row in enumerate(made["maps"][0]["row"]):
        i = int(made["ids"][row][1:])
        assert made["maps"][0]["kept"][k] == pytest.approx(len(set(near[0][i]) & set(near[1][i])) / 15, abs=1e-3)
    other = explore.bundle([images], {"a": place([*ids[:5], "stranger"])}, {})
    assert "kept" not in other["maps"][0], "a map of unknown images cannot be judged"


def test_paths_and_empty_columns_stay_out_and_missing_is_not_a_word():
    images = space(
        4,
        path=lambda i: f"/mnt/someone/{i}.jpg",
        scan=lambda i: f"/data/{i}",
        sex=lambda i: None if i else "female",
        mass=lambda i: float(i) if i < 3 else None,
        blank=lambda i: None,
    )
    made = explore.bundle([images], {"a": place([f"i{k}" for k in range(4)])}, {})
    assert {c["name"] for c in made["columns"]} == {"sex", "mass"}
    sex = next(c for c in made["columns"] if c["name"] == "sex")
    assert sex["levels"] == ["female"] and sorted(sex["codes"]) == [-1, -1, -1, 0]
    assert "someone" not in str(made)


def test_few_numbers_are_kinds_in_their_order_and_nan_is_not_recorded():
    images = space(
        40,
        litter=lambda i: (2, 10, 1)[i % 3],
        score=lambda i: (0.5, float("nan"), None)[i % 3],
        note=lambda i: ("", "seen")[i % 2],
        mass=lambda i: float("nan") if i == 3 else float("inf") if i == 4 else i / 7,
    )
    made = explore.bundle([images], {"a": place([f"i{k}" for k in range(40)])}, {})
    columns = {c["name"]: c for c in made["columns"]}
    assert columns["litter"]["levels"] == ["1", "2", "10"]
    assert columns["score"]["levels"] == ["0.5"] and columns["score"]["codes"].count(-1) == 26
    assert columns["note"]["levels"] == ["seen"] and columns["note"]["codes"].count(-1) == 20
    row = made["ids"].index
    assert columns["mass"]["values"][row("i3")] is None and columns["mass"]["values"][row("i4")] is None
    assert columns["mass"]["values"][row("i7")] == 1.0 and "nan" not in json.dumps(made).lower()


def test_too_many_points_are_sampled_by_species_over_the_density_of_all_and_said(monkeypatch):
    ids = [f"i{k}" for k in range(3_100)]
    images = space(3_100, species=lambda i: "rare" if i < 5 else f"s{i % 3}")
    monkeypatch.setattr(places, "MOST_POINTS", 3_000)
    monkeypatch.setattr(places, "SAMPLED", 300)
    every = place(ids)
    made = explore.bundle([images], {"a": every}, {})
    kept = [int(i[1:]) for i in made["ids"]]
    assert 290 <= len(kept) <= 305 and any(k < 5 for k in kept)
    assert "of 3,100 images, a sample stratified by species" in made["notes"][0] and made["total"] == 3_100
    grid = made["maps"][0]["density"]
    counts = np.frombuffer(base64.b64decode(grid["counts"]), "<u4").reshape(grid["size"][::-1])
    assert counts.sum() == 3_100 == grid["of"]
    y0, y1 = grid["box"][2:]
    xy = places.coordinates({"a": every})["a"][0]
    high, low = (xy[:, 1] > (y0 + y1) / 2).sum(), counts[: counts.shape[0] // 2].sum()
    assert abs(int(high) - int(low)) < 60, "the first row of the grid is the top of the map"
    whole = explore.bundle([images], {"a": place(ids[:2_900])}, {})
    assert "total" not in whole and "density" not in whole["maps"][0] and len(whole["ids"]) == 2_900


def test_a_place_of_an_unknown_image_has_no_facts():
    made = explore.bundle([space(2, sex=lambda i: "male")], {"a": place(["i1", "stranger"])}, {})
    sex = made["columns"][0]
    assert sex["codes"][made["ids"].index("stranger")] == -1


def test_parts_are_made_for_the_ids_as_they_are_drawn():
    seen = []
    made = explore.bundle(
        [space(9)],
        {"a": place([f"i{k}" for k in range(9)])},
        {},
        parts={"axes": lambda ids: seen.append(ids) or [], "tree": None, "neighbours": lambda ids: None},
    )
    assert seen == [made["ids"]] and made["axes"] == [] and "tree" not in made and "neighbours" not in made


def test_many_notes_fold_away_and_none_is_lost():
    from embedlab.explore.page import notes_html

    few, many = (notes_html({"notes": [f"<note {i}>" for i in range(n)]}) for n in (3, 9))
    assert "details" not in few and few.count("map-note") == 3 and "<note" not in few
    assert "7 more notes" in many and many.count("map-note") == 9


def test_no_store_has_no_thumbnails():
    assert of_store(None) == {}


def test_every_file_of_the_script_is_in_the_order_and_none_reaches_for_the_network():
    folder = Path(explore.__file__).parent / "js"
    text = explore.script()
    for file in folder.glob("*.js"):
        assert file.read_text(encoding="utf-8").splitlines()[0] in text, f"{file.name} is not joined: see ORDER"
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 300
    ways_in = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
    for word in (*ways_in, "eval(", "new Function", "https://"):
        assert word not in text, f"{word} has no place in the explorer"
    assert "</script" not in text.lower()
