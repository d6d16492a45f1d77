"""What a map keeps of each image's neighbours: counted by hand, at both ends, by chance; and the tint it gives."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from embedlab import plots
from embedlab.data import Embeddings
from embedlab.measures.kept import kept
from embedlab.measures.projection import project
from embedlab.plots import marks as m
from embedlab.plots import theme


def space(x):
    return Embeddings(np.asarray(x, np.float32), pl.DataFrame({"image_id": [str(i) for i in range(len(x))]}), {})


@pytest.fixture
def arc(rng):
    angle = rng.uniform(0, 1, 80)
    return space(np.column_stack([np.cos(angle), np.sin(angle)]))


def brute(x, xy, k):
    out = []
    for i in range(len(x)):
        two = [set(np.argsort(((v - v[i]) ** 2).sum(axis=1) + 9e9 * (np.arange(len(v)) == i))[:k]) for v in (x, xy)]
        out.append(len(two[0] & two[1]) / k)
    return out


def test_it_is_what_counting_gives_and_its_mean_the_maps_overlap(rng):
    emb = space(rng.normal(size=(90, 6)))
    found = project(emb, rng=0)
    own = kept(emb, found)
    np.testing.assert_allclose(own, brute(emb.unit().float64(), found.xy, 15))
    assert own.mean() == pytest.approx(found.overlap)


def test_a_faithful_map_keeps_all_and_a_dealt_one_what_chance_gives(arc, rng):
    true = arc.float64()
    faithful = replace(project(arc, rng=0), xy=true)
    assert kept(arc, faithful).min() > 0.9  # ties among float32 vectors may swap a neighbour
    dealt = np.concatenate([kept(arc, replace(faithful, xy=true[rng.permutation(80)])) for _ in range(20)])
    assert dealt.mean() == pytest.approx(15 / 79, abs=0.01)


def test_one_image_that_the_map_displaces_is_the_one_that_is_not_to_be_believed(arc):
    xy = np.array(arc.float64())
    xy[7] = -xy[7] * 3
    found = kept(arc, replace(project(arc, rng=0), xy=xy), 5)
    assert int(np.argmin(found)) == 7 or found[7] <= np.sort(found)[2]


def test_the_store_may_stand_in_another_order_and_hold_more(arc, rng):
    found = project(arc, rng=0)
    turned = arc.take(rng.permutation(80))
    np.testing.assert_array_equal(kept(turned, found), kept(arc, found))


def test_of_too_many_points_a_sample_is_compared_and_the_rest_not_known(arc):
    found = kept(arc, project(arc, rng=0), most=50)
    assert np.isnan(found).sum() == 30 and np.isfinite(found).sum() == 50


def test_refusals(arc):
    found = project(arc, rng=0)
    with pytest.raises(KeyError, match="'3' is|such as '3'"):
        kept(arc.take([0, 1, 2]), found)
    with pytest.raises(ValueError, match="between 1 and 79"):
        kept(arc, found, 80)
    with pytest.raises(ValueError, match="one of them"):
        plots.picture(found, labels=["a"] * 80, kept=np.ones(80))


def test_the_tint_leaves_no_point_out_and_goes_from_light_to_dark(arc):
    found = project(arc, rng=0)
    share = np.linspace(0, 1, 80)
    share[:5] = np.nan
    drawn = plots.picture(found, kept=share)
    dots = [x for x in drawn.panels[0].marks if isinstance(x, m.Dots)]
    assert sum(len(d.x) for d in dots) == 80 and dots[0].key == "not compared (5)" and dots[0].colour == theme.MISSING
    assert [d.colour for d in dots[1:]] == list(theme.COUNTS[1:5])
    assert "pale where it misleads" in drawn.title
    assert dots[-1].key == f"60 to 100\u00a0% kept ({int((share >= 0.6).sum())})"
