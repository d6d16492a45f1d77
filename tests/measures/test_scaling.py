"""A trend along a series: every order of the runs counted, chance flat, and one set of species."""

from math import factorial

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation

SEX = ("sex", "female", "male")
CLAIM = Claim(id="a", says="Grows.", source="-", at_least=0.002)


def measure(emb, rng):
    return separation(emb, SEX, permutations=99, rng=rng)


def series(sizes, scales=None, species=8, seeds=2, start=0, **world):
    """Stores of the same birds whose sexes differ by `sizes`, `seeds` runs at each scale."""
    stores = []
    for i, size in enumerate(sizes):
        for seed in range(seeds):
            emb = dimorphic_birds(
                np.random.default_rng(start + 10 * i + seed), size=size, species=species, d=24, **world
            )
            at = 1000 * 4**i if scales is None else scales[i]
            stores.append(
                Embeddings(emb.x, emb.rows, {"model": "compact", "training": {"images_seen": at, "seed": seed}})
            )
    return stores


def word(result):
    return judge([CLAIM], {"a": result.evidence})[0]


def test_planted_growth_is_found_with_the_smallest_p_that_could_be():
    found = scaling(series([0.3, 0.6, 0.9, 1.2]), measure, rng=0)
    assert found.arrangements == 2520 == factorial(8) // 2**4  # 4 scales × 2 seeds
    assert word(found).word == "supported" and found.slope > 0
    assert found.evidence.p_more == found.evidence.p_floor == 0.01  # 99 shuffles, none as steep; orders give less


@pytest.mark.parametrize(("scales", "seeds", "orders"), [(3, 1, 6), (4, 1, 24), (5, 1, 120), (3, 2, 90)])
def test_all_distinct_orders_are_tried_once(scales, seeds, orders):
    found = scaling(series(np.linspace(0.3, 1.2, scales), seeds=seeds), measure, rng=0)
    assert found.arrangements == orders and found.evidence.p_floor == pytest.approx(max(1 / orders, 0.01))
    assert f"all {orders:,} orders of the runs" in found.caption


def test_three_runs_cannot_tell_and_it_is_said():
    found = scaling(series([0.3, 0.8, 1.3], seeds=1), measure, rng=0)
    said = word(found)
    assert (
        said.word == "cannot tell"
        and "with 3 runs the smallest p-value that a claim across runs can reach is 0.17" in said.reason
    )
    assert "the smallest that 3 runs can reach is 0.17" in str(found)


def test_many_runs_are_dealt_at_random_and_never_reach_0():
    values = {}

    def cheap(emb, rng):
        return values.setdefault(id(emb), separation(emb, SEX, permutations=19, rng=rng))

    found = scaling(series(np.linspace(0.3, 1.2, 6), seeds=2, species=5), cheap, rng=0)
    assert found.arrangements == 9999 and found.evidence.p_floor == 1 / 20  # 19 shuffles


def test_shuffled_labels_are_flat_while_the_measure_rises():
    found = scaling(series([0.3, 0.6, 0.9, 1.2]), measure, rng=0)
    assert np.ptp(found.chance) < 0.1 * np.ptp(found.values)
    null = found.evidence.null
    assert abs(null.mean()) < 4 * null.std() / np.sqrt(null.size) + 1e-3
    assert (found.chance_low < found.chance_high).all()


def test_the_slope_is_least_squares_on_log10():
    found = scaling(series([0.2, 0.9, 0.4], seeds=2), measure, rng=0)
    assert found.slope == pytest.approx(np.polyfit(np.log10(found.x), found.values, 1)[0])
    assert found.evidence.interval[0] < found.slope < found.evidence.interval[1]


def test_no_growth_is_not_found_and_decline_contradicts():
    flat = scaling(series([0.8] * 4), measure, rng=0)
    assert word(flat).word != "supported"
    # a separation that falls: shuffled labels fall not, and the runs stand in the opposite order
    falling = scaling(series([1.2, 0.9, 0.6, 0.3]), measure, rng=0)
    assert word(falling).word == "contradicted"


def test_a_ratio_can_rise_through_either_half():
    found = scaling(series([0.3, 0.6, 0.9, 1.2]), measure, rng=0)
    assert set(found.parts) == {"between", "within"}
    assert np.corrcoef(np.log10(found.x), found.parts["between"])[0, 1] > 0.9


def test_a_run_with_other_species_is_refused():
    stores = series([0.3, 0.6, 0.9])
    short = stores[4].where(species=stores[4].column("species").unique().sort().to_list()[1:])
    with pytest.raises(
        ValueError, match=r"runs 1 and 5 do not hold the same species \(8 and 7; in one only: Babara baba\)"
    ):
        scaling([*stores[:4], short, stores[5]], measure, rng=0)
    rows = stores[5].rows.with_columns(pl.col("species").replace({"Babara baba": "Zz zz"}))
    renamed = Embeddings(stores[5].x, rows, stores[5].card)
    with pytest.raises(ValueError, match="in one only: Babara baba, Zz zz"):  # as many, but not the same
        scaling([*stores[:5], renamed], measure, rng=0)


def test_where_a_run_has_no_answer_the_trend_has_none():
    def place(emb, rng):
        return orthogonality(emb, SEX, permutations=49, rng=rng)

    found = scaling(series([0.0, 0.0, 1.0, 1.0], species=6, per_cell=8), place, rng=0)
    assert word(found).word == "cannot tell" and "runs the measure cannot tell" in word(found).reason


def test_scales_by_name_and_by_number():
    stores = series([0.3, 0.6, 0.9], seeds=1)
    by_number = scaling(stores, measure, x=[1.0, 10.0, 100.0], rng=0)
    assert by_number.x_name == "x" and by_number.x.tolist() == [1, 10, 100]
    assert scaling(stores, measure, rng=0).runs == ("compact seed 0",) * 3
    with pytest.raises(
        KeyError, match=r"does not say its 'epochs'; its card has the numbers images_seen, seed"
    ):
        scaling(stores, measure, x="epochs", rng=0)
    with pytest.raises(ValueError, match="3 stores but 2 positions"):
        scaling(stores, measure, x=[1, 2], rng=0)
    for few in ([5, 5, 10], [0, 1, 2]):
        with pytest.raises(ValueError, match="at least 3 different scales above 0"):
            scaling(stores, measure, x=few, rng=0)


def test_the_same_seed_gives_the_same_bits():
    stores = series([0.3, 0.6, 0.9], seeds=1)
    one, again = (scaling(stores, measure, rng=4) for _ in range(2))
    assert (one.evidence.null == again.evidence.null).all() and one.evidence.interval == again.evidence.interval
    assert one.table().equals(again.table()) and one.table().height == 3
