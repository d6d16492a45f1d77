"""What a world cannot paint is refused with what it can."""

import numpy as np
import pytest

from embedlab.world.sheet import plate
from embedlab.world.world import World
from embedlab.world.writer import grow_world, write_specimens


@pytest.fixture(scope="module")
def world():
    return World(0, 12)


@pytest.mark.parametrize("ask, error, said", [
    (lambda w, p: w.plan([0], 1).replace(wings=1), KeyError, r"specimens have no column \['wings'\]; there are \["),
    (lambda w, p: w.plan([12], 1), ValueError, r"species \[12\] are not among the 12 of this world \(0 to 11\)"),
    (lambda w, p: w.plan([0], 1, views="side"), ValueError, "views is one of .*, not 'side'"),
    (lambda w, p: w.at([-1]), ValueError, r"photographs are numbered from 0 up, not \[-1\]"),
    (lambda w, p: w.caption(0, "latin"), KeyError, "no caption form 'latin'; there are .*taxonomic"),
    (lambda w, p: plate(w, [0], portraits=("egg",)), KeyError, r"no portrait \['egg'\]; there are .*juvenile"),
    (lambda w, p: grow_world(p / "w", species=12, images=0), ValueError, "how many to paint, at least 1, not 0"),
    (lambda w, p: write_specimens(w, w.at([0]), p / "w", image_format="gif"), ValueError,
     "no image format 'gif': choose one of .*png"),
    (lambda w, p: write_specimens(w, w.at([0]), p / "w", 8), ValueError, "an edge in pixels from 16 to 512, not 8"),
    (lambda w, p: write_specimens(w, w.at([3, 4, 3]), p / "w"), ValueError, r"photographs \[3\] are asked for twice"),
    (lambda w, p: World(-1, 12), ValueError, "a world's seed is a number from 0 up, not -1"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_it_says_what_was_asked_and_what_there_is(ask, error, said, world, tmp_path):
    with pytest.raises(error, match=said):
        ask(world, tmp_path)
    assert not (tmp_path / "w").exists() and np.size(world.names) == 12
