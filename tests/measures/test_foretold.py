"""The law of a series: its band, and every scale as the others foretell it."""

import numpy as np
import pytest

from embedlab.measures.foretold import foretold
from embedlab.plots.law import controls, law_marks
from embedlab.plots.marks import Band, Dots, Rule, Words
from embedlab.stats.trend.foretold import band, held_out
from embedlab.stats.trend.laws import compare_laws
from tests.plots.results_series import scaling

X = np.repeat([1e3, 4e3, 1.6e4, 6.4e4], 2)


@pytest.mark.parametrize("name", ["constant", "log-linear", "power"])
@pytest.mark.parametrize("below", [0.0, 0.5])  # all above 0, and some below: residuals of two kinds
def test_the_errors_at_scales_left_out_are_those_by_which_laws_are_ranked(name, below):
    y = 0.2 + 0.1 * np.log10(X / 1e3) + 0.01 * np.sin(np.arange(8)) - below
    scales, said = held_out(X, y, name)
    np.testing.assert_allclose(scales, np.unique(X))
    seen = said[np.searchsorted(scales, X)]
    error = np.log(seen / y) if (y > 0).all() else (seen - y) / y.std()
    fit = compare_laws(X, y, names=[name])[name]
    # Huber's loss takes far residuals straight, and so does this error only where none is far
    assert np.sqrt((error**2).mean()) == pytest.approx(fit.held_out, rel=1e-6)


def test_the_band_holds_the_law_of_most_worlds():
    rng, inside, at = np.random.default_rng(3), 0, np.array([2e3, 3e4])
    law = lambda x: 0.2 + 0.1 * np.log10(x / 1e3)  # noqa: E731
    for _ in range(40):
        own = law(X) + 0.3 * rng.normal(size=(60, 1)) * 0.2 + 0.05 * rng.normal(size=(60, 8))
        draws = own[rng.integers(0, 60, (100, 60))].mean(axis=1)
        low, high = band(X, own.mean(axis=0), draws, "log-linear", at)
        inside += int(((low <= law(at)) & (law(at) <= high)).sum())
    assert 0.85 <= inside / 80 <= 1.0  # 95 % of 80, with what 40 worlds and 100 resamples allow


def test_few_draws_make_no_band():
    low, high = band(X, X, np.ones((5, 8)), "log-linear", [2e3])
    assert np.isnan(low).all() and np.isnan(high).all()
    with pytest.raises(ValueError, match="log-linear"):
        held_out(X, X, "cubic")


def test_the_figure_shows_law_band_and_each_scale_foretold():
    found = scaling(np.random.default_rng(7))
    law = foretold(found)
    marks = law_marks(found)
    dashes = next(m for m in marks if isinstance(m, Dots))
    np.testing.assert_array_equal(dashes.y, law.unseen)
    np.testing.assert_array_equal(dashes.x, np.unique(found.x))
    stretch = next(m for m in marks if isinstance(m, Band))
    assert (stretch.low <= stretch.high).all() and ((law.low <= law.value) & (law.value <= law.high)).mean() > 0.9


def test_a_series_without_a_trend_draws_no_law():
    found = scaling(np.random.default_rng(7))
    flat = 0.1 + 0.01 * np.array([0, 1, 1, 1, 1, 1, 1, 0])
    object.__setattr__(found, "values", flat)
    found.__dict__.pop("laws", None)
    assert found.laws.best.name == "constant" and foretold(found) is None and law_marks(found) == ()


def test_controls_are_named_on_their_line_where_there_is_room_and_else_in_the_key():
    found = scaling(np.random.default_rng(7))
    drawn = controls(found, (700.0, 9e4), (-0.03, 0.2), 46.0)
    words = [m for m in drawn if isinstance(m, Words)]
    assert [w.text for w in words] == ["pixel PCA 0.030", "random network 0.020"]
    assert words[0].dy > 0 > words[1].dy, "the names stand away from the other's line"
    narrow = controls(found, (700.0, 9e4), (-0.03, 0.2), 4.0)  # a panel of 4 mm has no room for words
    assert not [m for m in narrow if isinstance(m, Words)]
    assert [m.key for m in narrow if isinstance(m, Rule)] == ["pixel PCA 0.030", "random network 0.020"]
