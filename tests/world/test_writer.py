"""A world on disk is read by the readers of real data, and does not depend on how it was written."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from embedlab.data import Manifest, Traits, Tree
from embedlab.world import Evolution, World, grow_world, write_specimens
from embedlab.world.png import png


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    out = tmp_path_factory.mktemp("world") / "w"
    return out, grow_world(out, species=12, images=30, size=24, seed=5)


def test_readers_of_real_data_read_it(grown):
    out, told = grown
    assert set(told) == {"images", "species", "manifest", "traits", "tree", "card", "per_core_second"}
    assert (told["images"], told["species"]) == (30, 12) and told["per_core_second"] > 0
    manifest, traits, tree = (
        Manifest.read(told["manifest"]),
        Traits.read(told["traits"]),
        Tree.read(told["tree"]),
    )
    assert len(manifest) == 30 and set(manifest.rows["species"]) == set(tree.names)
    _, report = traits.match(tree.names)
    assert not report.missing and traits.kinds["habitat"] == "categorical"
    world = World(5, 12)
    assert np.allclose(tree.covariance(world.names), world.tree.covariance(world.names))
    assert set(manifest.rows["sex"]) == {"female", "male"}
    assert set(manifest.rows["life_stage"]) == {"juvenile", "subadult", "adult"}
    assert json.loads((out / "world.json").read_text())["seed"] == 5


def test_files_hold_the_pixels(grown):
    out, _ = grown
    rows = Manifest.read(out / "manifest.csv").rows
    pixels = World(5, 12).render(World(5, 12).at(np.arange(30)), 24)
    for i in (0, 7, 29):
        assert (np.asarray(Image.open(rows["path"][i])) == pixels[i]).all()


def test_a_chosen_set_keeps_its_order_and_its_own_tree(tmp_path):
    world = World(5, 12)
    chosen = world.plan([11, 0, 5], 6, balanced=True, background_bias=0)
    told = write_specimens(world, chosen, tmp_path / "v", 16, image_format="jpg")
    rows = Manifest.read(told["manifest"]).rows
    assert rows["species"].to_list() == [world.names[s] for s in chosen.species]
    assert set(Tree.read(told["tree"]).names) == {world.names[s] for s in (0, 5, 11)}
    assert rows.group_by("species", "sex", "life_stage").len()["len"].to_list() == [1] * 18


def test_nothing_is_left_or_overwritten(tmp_path, grown):
    out, _ = grown
    with pytest.raises(ValueError, match="already holds"):
        grow_world(out, species=12, images=3)
    with pytest.raises(ValueError, match="at least 8"):
        grow_world(tmp_path / "few", species=3, images=3)
    with pytest.raises(ValueError, match="png"):
        grow_world(tmp_path / "gif", species=8, images=3, image_format="gif")
    with pytest.raises(ValueError, match="workers"):
        grow_world(tmp_path / "none", species=8, images=3, workers=0)
    with pytest.raises(ValueError, match="twice"):
        world = World(5, 12)
        write_specimens(world, world.at([3, 3]), tmp_path / "twice")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_random_photographs_have_the_same_bytes_in_any_order_and_number_of_workers(tmp_path):
    world = World(5, 12)
    index = np.random.default_rng(0).choice(10**9, 40, replace=False)
    one = write_specimens(world, world.at(index), tmp_path / "one", 24)
    two = write_specimens(world, world.at(index[::-1]), tmp_path / "two", 24, workers=2)
    some = write_specimens(world, world.at(index[:7]), tmp_path / "some", 24)
    files = {p.relative_to(tmp_path / "one"): p.read_bytes() for p in (tmp_path / "one").rglob("*.png")}
    assert len(files) == 40 and one["images"] == two["images"]
    for name, found in files.items():
        assert (tmp_path / "two" / name).read_bytes() == found
    shown = list((tmp_path / "some").rglob("*.png"))
    assert len(shown) == some["images"] == 7
    assert all(p.read_bytes() == files[p.relative_to(tmp_path / "some")] for p in shown)
    for name in ("traits.csv", "tree.nwk", "world.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert set((tmp_path / "one" / "manifest.csv").read_text().split()) == set(
        (tmp_path / "two" / "manifest.csv").read_text().split()
    )


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9).map(lambda hw: (*hw, 3))))
def test_png_files_are_exact(pixels):
    assert (np.asarray(Image.open(io.BytesIO(png(pixels)))) == pixels).all()


def test_dials_reach_the_files(tmp_path):
    dials = Evolution.read("optima=0,sex_size=0,drawn.elongation=0.5")
    told = grow_world(tmp_path / "w", species=12, images=12, size=16, seed=5, dials=dials)
    card = json.loads(Path(told["card"]).read_text())
    assert card["dials_turned"] == dials.told and card["design"] == 3
    assert Evolution.read(card["strengths"]) == dials
    assert card["monomorphic_species"] == 12
    plain = (tmp_path / "plain").as_posix()
    assert Manifest.read(grow_world(plain, species=12, images=12, size=16, seed=5)["manifest"]).rows.drop(
        "path"
    ).equals(Manifest.read(told["manifest"]).rows.drop("path")), "names, splits and meetings are as without"
