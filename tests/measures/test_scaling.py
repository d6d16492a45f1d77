"""A trend along a series: every order of the runs counted, chance flat, and one set of species."""

from math import factorial
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.stats import linregress, ttest_1samp
from scipy.stats import t as student

from embedlab.claims import Claim, Evidence, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, dimorphic_birds, random_tree
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.recognition import recognition
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.measures.series import contributions
from embedlab.stats.tree.kinship import phylogenetic_ratio
from embedlab.stats.trend.blocks import page, random_slopes
from embedlab.stats.trend.laws import compare_laws

SEX = ("sex", "female", "male")
CLAIM = Claim(id="a", says="Grows.", source="-", at_least=0.002)


def measure(emb, rng):
    return separation(emb, SEX, permutations=99, rng=rng)


def test_a_verb_is_asked_along_a_scale_without_a_function_around_it():
    stores = series((0.5, 1.0, 2.0), seeds=1)
    plain = scaling(stores, lambda emb, rng: separation(emb, SEX, rng=rng), rng=0)
    assert str(scaling(stores, separation, SEX, rng=0)) == str(plain)
    with pytest.raises(TypeError, match="recognition gives evidence of several kinds, '1-shot', '5-shot': follow one"):
        scaling(stores, recognition, rng=0)


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
    assert set(found.parts) == {"between", "within", "species_energy"}
    assert "A ratio can rise because its denominator falls" in found.caption
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


def planted(values, x, names, null=None):
    """A series whose species have these values `(m, s)`, and the measure that reads them."""
    stores = [SimpleNamespace(card={"images_seen": at}) for at in x]
    rows = {id(s): v for s, v in zip(stores, values, strict=True)}

    def read(store, rng):
        own = rows[id(store)]
        e = Evidence(
            statistic="planted", estimate=float(own.mean()), interval=(0.0, 1.0), chance_kind="none", p_more=1.0,
            null=rng.normal(size=39) if null is None else null[list(rows).index(id(store))], p_less=1.0, p_floor=0.025,
            n=own.size, n_effective=float(own.size),
        )  # fmt: skip
        return SimpleNamespace(evidence=e, parts=(own, np.ones(own.size)), species=tuple(names))

    return stores, read


X = 1000.0 * 4 ** np.arange(5)


def test_species_are_blocks_and_slopes_may_follow_the_tree(rng):
    tree = random_tree(rng, 14)
    own = brownian_traits(rng, tree)[:, 0]
    values = 1 + np.outer(np.log10(X), 0.4 + own) + 0.05 * rng.normal(size=(5, 14))
    stores, read = planted(values, X, tree.names)
    found = scaling(stores, read, tree=tree, rng=0)
    assert found.page.p_more == page(values.T, X).p_more
    slopes = random_slopes(values.T, np.log10(X), tree.covariance(tree.names))
    assert found.slopes.interval == pytest.approx(slopes.interval) and found.slopes.lam == slopes.lam
    assert found.slope == pytest.approx(slopes.slopes.mean())
    unrelated = scaling(stores, read, rng=0)
    assert np.diff(found.evidence.interval) > 1.3 * np.diff(unrelated.evidence.interval)
    assert unrelated.slopes.lam == 0 and "taken as unrelated" in unrelated.caption
    assert f"Page's trend over 14 species p = {found.page.p_more:.2g}" in found.caption
    assert f"λ = {slopes.lam:.2g}" in found.caption


def test_the_interval_joins_species_and_runs_by_hand(rng):
    tree = random_tree(rng, 9)
    values = rng.normal(size=(5, 9))
    stores, read = planted(values, X, tree.names)
    found, log = scaling(stores, read, tree=tree, rng=0), np.log10(X)
    each = np.array([np.polyfit(log, v, 1)[0] for v in values.T])
    low, high = phylogenetic_ratio(each, np.ones(9), tree.covariance(tree.names), rng=np.random.default_rng(0))
    line = linregress(log, values.mean(axis=1))
    left = np.array([v - np.polyval(np.polyfit(log, v, 1), log) for v in values.T])
    own = ((left - left.mean(axis=0)) ** 2).sum() / 3 / 8 / 9  # noise of species, which their slopes hold already
    shared = max((left.mean(axis=0) ** 2).sum() / 3 - own, 0)
    runs = np.sqrt(shared / ((log - log.mean()) ** 2).sum()) * student.ppf(0.975, 3)
    ends = line.slope - np.hypot(line.slope - low, runs), line.slope + np.hypot(high - line.slope, runs)
    assert found.evidence.interval == pytest.approx(ends, rel=0.1)  # two sets of resamples


def test_species_in_another_order_are_put_in_line(rng):
    names, values = list("abcdef"), rng.normal(size=(5, 6))
    stores, read = planted(values, X, names)
    whole = scaling(stores, read, rng=0)

    def turned(store, rng):
        r = read(store, rng)
        if store is not stores[2]:
            return r
        return SimpleNamespace(evidence=r.evidence, parts=tuple(p[::-1] for p in r.parts), species=r.species[::-1])

    assert scaling(stores, turned, rng=0).by_species == pytest.approx(whole.by_species)


def test_a_ratio_of_sums_is_shared_out_over_species():
    part, total = np.array([1.0, 4.0, 1.0]), np.array([2.0, 4.0, 6.0])
    result = SimpleNamespace(parts=(part, total), species=("a", "b", "c"))
    names, own = contributions([result])
    assert own.mean() == pytest.approx(0.5) and names == ("a", "b", "c")
    assert own[0] == pytest.approx([0.5 + (p - 0.5 * t) * 3 / 12 for p, t in zip(part, total, strict=True)])
    assert np.isnan(contributions([SimpleNamespace(parts=(part, 0 * total), species=names)])[1]).all()


def test_laws_take_one_resample_of_species_at_all_runs(rng):
    values = (0.5 - 2 * X**-0.3)[:, None] + 0.02 * rng.normal(size=12) + 0.001 * rng.normal(size=(5, 12))
    stores, read = planted(values, X, [f"s{i}" for i in range(12)])
    found = scaling(stores, read, rng=0)
    assert found.laws.best.name == "power" and found.laws.best.held_out < 0.1 * found.laws["constant"].held_out
    draw = np.random.default_rng(found.seed).integers(0, 12, (200, 12))
    ours = compare_laws(X, values.mean(axis=1), draws=values[:, draw].mean(axis=2).T)
    assert found.laws.best.forecast_interval == ours.best.forecast_interval
    # species differ by as much at every run: the resample moves the curve as a whole, not its shape
    assert np.diff(found.laws.best.forecast_interval) < 0.05
    assert "foretold best by the law power" in found.caption and "at 10 times that scale" in found.caption


def test_the_placebo_curve_has_a_slope_and_a_p_value(rng):
    null = rng.normal(size=(5, 60))
    stores, read = planted(rng.normal(size=(5, 6)), X, list("abcdef"), null)
    slopes = [np.polyfit(np.log10(X), null[:, j], 1)[0] for j in range(60)]
    found = scaling(stores, read, rng=0)
    assert found.placebo == pytest.approx((np.mean(slopes), ttest_1samp(slopes, 0).pvalue))
    drifting = null + 3 * np.log10(X)[:, None]
    moved = scaling(*planted(rng.normal(size=(5, 6)), X, list("abcdef"), drifting), rng=0)
    assert moved.placebo[1] < 1e-6 and "chance itself moves along the series" in moved.caption
    assert "chance itself moves" not in found.caption
    flat = scaling(*planted(rng.normal(size=(5, 6)), X, list("abcdef"), np.zeros((5, 60))), rng=0)
    assert flat.placebo[0] == 0 and np.isnan(flat.placebo[1])


def test_images_seen_of_each_species_are_a_covariate(rng):
    names = [f"s{i}" for i in range(10)]
    seen = {n: float(10 * i) for i, n in enumerate(names)}
    log = np.log10(1 + np.array(list(seen.values())))
    values = np.outer(np.log10(X), 0.1 + 0.3 * log) + 0.001 * rng.normal(size=(5, 10))
    stores, read = planted(values, X, names)
    found = scaling(stores, read, exposure=seen, rng=0)
    assert found.slopes.by_covariate == pytest.approx(0.3, abs=0.01)
    assert "for each tenfold images seen of the species" in found.caption
    with pytest.raises(KeyError, match="exposure lacks"):
        scaling(stores, read, exposure={"s0": 1.0}, rng=0)
    with pytest.raises(ValueError, match="exposure counts images"):
        scaling(stores, read, exposure=seen | {"s1": -1.0}, rng=0)


@pytest.mark.parametrize(("scales", "smallest"), [(4, 1 / 24), (5, 1 / 120)])
def test_what_few_scales_can_reach_is_said_aloud(rng, scales, smallest):
    x = X[:scales]
    values = np.outer(np.log10(x), np.ones(6)) + 0.01 * rng.normal(size=(scales, 6))
    found = scaling(*planted(values, x, list("abcdef"), rng.normal(size=(scales, 9999)) * 1e-3), rng=0)
    assert found.evidence.p_more == pytest.approx(smallest)
    assert f"the smallest that {scales} runs can reach is {smallest:.2g}" in str(found)
