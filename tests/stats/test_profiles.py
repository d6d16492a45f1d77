"""The top of a curve, where it has one hill, several, or an end."""

import numpy as np
import pytest

from embedlab.stats.tree.profiles import DROP, highest

GRID = np.linspace(0, 1, 41)


def test_a_parabola():
    top, height, (low, high) = highest(lambda v: 3 - 200 * (v - 0.4321) ** 2, GRID)
    assert top == pytest.approx(0.4321, abs=1e-10) and height == pytest.approx(3, abs=1e-12)
    assert [low, high] == pytest.approx(0.4321 + np.sqrt(DROP / 200) * np.array([-1, 1]), abs=1e-6)


def test_both_ends_belong_to_the_range():
    assert highest(lambda v: -9 * v, GRID)[0] == 0.0
    top, height, (low, high) = highest(lambda v: 9 * v, GRID)
    assert (top, height, high) == (1.0, 9.0, 1.0) and low == pytest.approx(1 - DROP / 9, abs=1e-6)
    assert highest(lambda v: 0.1 * v, GRID)[2] == (0.0, 1.0)


def test_the_higher_of_two_hills_is_taken_however_narrow():
    def hills(v):
        return np.maximum(5 - 4000 * (v - 0.26) ** 2, 4.9 - 50 * (v - 0.8) ** 2)

    assert hills(GRID).argmax() > 20  # the grid itself sees the wrong hill
    top, height, (low, high) = highest(hills, GRID)
    assert top == pytest.approx(0.26, abs=1e-9) and height == pytest.approx(5)
    # the interval reaches over the second hill
    assert low == pytest.approx(0.26 - np.sqrt(DROP / 4000), abs=1e-6)
    assert high == pytest.approx(0.8 + np.sqrt((4.9 - 5 + DROP) / 50), abs=1e-6)


def test_a_hill_between_two_points_of_the_grid():
    top, _, (low, high) = highest(lambda v: -4e5 * (v - 0.5125) ** 2, GRID)
    assert top == pytest.approx(0.5125, abs=1e-9)
    assert [low, high] == pytest.approx(0.5125 + np.sqrt(DROP / 4e5) * np.array([-1, 1]), abs=1e-7)


def test_no_likelihood_at_an_end():
    top, _, (_, high) = highest(lambda v: np.where(v < 1, 9 * v, -np.inf), GRID)
    assert 0.999 < top < 1 and top <= high <= 1
    with pytest.raises(ValueError, match="not finite anywhere"):
        highest(lambda v: np.full(v.shape, -np.inf), GRID)


def test_a_second_row_gives_the_interval():
    def both(v):
        return np.stack([5 - 100 * (v - 0.3) ** 2, -200 * (v - 0.39) ** 2])

    top, height, (low, high) = highest(both, GRID)
    assert top == pytest.approx(0.3, abs=1e-9) and height == pytest.approx(5)
    assert [low, high] == pytest.approx([0.39 - np.sqrt(DROP / 200), 0.39 + np.sqrt(DROP / 200)], abs=1e-6)
    # widened to the top where that lies outside
    assert highest(both, GRID, 0.5)[2][0] == pytest.approx(0.3, abs=1e-9)


def test_a_top_beside_an_end_is_found_as_finely_as_any():
    for place in (2e-5, 3e-5, 1e-4, 1 - 3e-5):
        assert highest(lambda v, at=place: -(2e4) * (v - at) ** 2, GRID)[0] == pytest.approx(place, abs=1e-9)


@pytest.mark.parametrize("height", [1000.0, -1000.0])
def test_a_flat_top_is_placed_more_finely_than_its_heights_differ(height):
    """Beside a height of 1,000 the finest grid differs by 6e-10 from the top: a parabola knows the place."""
    assert highest(lambda v: height - (v - 0.4321) ** 2, GRID)[0] == pytest.approx(0.4321, abs=1e-7)
