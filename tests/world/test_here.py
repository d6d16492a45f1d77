"""`el.world`: a world in a folder, painted once and met again."""

import pytest

import embedlab as el
from embedlab.world import World, world_here

ASKED = dict(species=8, images=16, size=16, seed=3)


def stamps(folder):
    return {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def test_a_second_call_paints_nothing_and_gives_the_same_world(tmp_path):
    import embedlab.world.world  # noqa: F401  (binds the room as an attribute of the house)

    first = el.world(tmp_path / "w", **ASKED, dials="optima=0")
    before = stamps(tmp_path / "w")
    assert len(before) == 16 + 4
    second = el.world(tmp_path / "w", **ASKED, dials={"optima": 0})
    assert stamps(tmp_path / "w") == before
    assert isinstance(first, World) and first.names == second.names
    assert first.strengths.optima == second.strengths.optima == 0
    assert set(el.Manifest.read(tmp_path / "w" / "manifest.csv").rows["species"]) == set(second.names)


def test_another_world_in_the_folder_is_refused_and_told_apart(tmp_path):
    world_here(tmp_path / "w", **ASKED)
    with pytest.raises(ValueError, match="seed 3 instead of 4.*choose a new folder"):
        world_here(tmp_path / "w", **{**ASKED, "seed": 4})
    with pytest.raises(ValueError, match="dials_turned '' instead of 'optima=0'"):
        world_here(tmp_path / "w", **ASKED, dials="optima=0")
    with pytest.raises(ValueError, match="another background_bias"):
        world_here(tmp_path / "w", **ASKED, background_bias=0.0)
    next((tmp_path / "w" / "images").rglob("*.png")).unlink()
    with pytest.raises(ValueError, match="1 photographs are missing, as images/.*remove this one"):
        world_here(tmp_path / "w", **ASKED)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    with pytest.raises(ValueError, match="already holds something"):
        world_here(tmp_path / "full", **ASKED)
