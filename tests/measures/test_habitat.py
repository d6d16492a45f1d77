"""Habitat: told where it was planted, not where only descent is; switchers are independent pairs."""

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.measures.habitat import habitat
from embedlab.measures.switchers import order_of_pairs
from embedlab.stats.trait.kinds import mk_draws
from embedlab.stats.trait.prediction import held_out_clades
from embedlab.stats.trait.probe import area, balanced_accuracy, held_out_scores, unlike_relatives
from tests.plots.results_habitat import found, world


def test_a_planted_habitat_is_told_of_families_that_were_held_out():
    last, e = found().spaces[-1], found().evidence
    assert e.estimate > 0.85 and e.p_more <= 0.02 and not e.cannot_tell
    assert last.plain.accuracy > 0.75 and last.beyond.p <= 0.05
    assert e.interval[0] <= e.estimate <= e.interval[1] <= 1
    told = [s.plain.area for s in found().spaces]
    assert told[0] < told[-1], "the space that was given no habitat tells it less"


def test_a_probe_never_saw_the_family_it_scores():
    """Vectors that differ by family only, habitat constant within it: nothing can be told of a family held out."""
    rng = np.random.default_rng(0)
    family = np.repeat(np.arange(12), 6)
    x = rng.normal(size=(12, 40))[family] + 0.01 * rng.normal(size=(72, 40))
    wet = (np.arange(12) % 2)[family].astype(bool)
    x -= x.mean(axis=0)
    held = area(held_out_scores(x @ x.T, wet, family), wet[:, None])[0]
    seen = area(held_out_scores(x @ x.T, wet, np.arange(72)), wet[:, None])[0]
    assert seen == 1.0 and held < 0.75


def test_p_is_flat_where_only_descent_is():
    p = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        tree = random_tree(rng, 32)
        covariance = tree.covariance(tree.names)
        x = brownian_traits(rng, tree, 8)
        wet = brownian_traits(rng, tree, 1)[:, 0] > 0
        if not 4 <= wet.sum() <= 28:
            continue
        draws = mk_draws(wet.astype(int), tree.structure(tree.names), 49, rng) == 1
        x, fold = x - x.mean(axis=0), held_out_clades(covariance)
        null = area(held_out_scores(x @ x.T, draws.T, fold), draws.T)
        p.append((1 + (null >= area(held_out_scores(x @ x.T, wet, fold), wet[:, None])).sum()) / 50)
    p = np.array(p)
    assert len(p) > 70 and (p <= 0.1).mean() < 0.2 and 0.35 < (p <= 0.5).mean() < 0.65


def test_scores_stay_when_a_space_is_turned_moved_or_scaled(rng):
    x = rng.normal(size=(20, 6))
    wet, fold = np.arange(20) % 2 == 0, np.arange(20) // 4
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    one = held_out_scores(x @ x.T, wet, fold)
    y = x @ turn + 5
    np.testing.assert_allclose(held_out_scores(y @ y.T, wet, fold), one, atol=1e-8)
    np.testing.assert_allclose(held_out_scores(9 * x @ x.T, wet, fold), one, atol=1e-8)


def test_area_and_accuracy_agree_with_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics")
    scores, wet = rng.normal(size=50).round(1), rng.random(50) > 0.6
    assert area(scores[:, None], wet)[0] == pytest.approx(metrics.roc_auc_score(wet, scores))
    scores[scores == 0] = 0.05
    assert balanced_accuracy(scores[:, None], wet)[0] == pytest.approx(metrics.balanced_accuracy_score(wet, scores > 0))


def test_what_relatives_foretell_is_taken_off():
    """Two sisters and a stranger: a sister is forecast by the other, the more the later they parted."""
    near = np.array([[1.0, 0.99, 0.0], [0.99, 1.0, 0.0], [0.0, 0.0, 1.0]])
    left = unlike_relatives(np.array([[2.0], [3.0], [10.0]]), near)
    assert left[0, 0] == pytest.approx(-1, abs=0.1) and left[1, 0] == pytest.approx(1, abs=0.1) and left[2, 0] > 7


def test_switchers_live_apart_in_one_genus_and_share_no_branch():
    result = found()
    place = {name: i for i, name in enumerate(result.species)}
    used: set = set()
    for genus, a, b in result.pairs:
        assert a.split()[0] == b.split()[0] == genus and not result.is_b[place[a]] and result.is_b[place[b]]
        ways = []
        for name in (a, b):
            node, way = int(result.structure.tips[place[name]]), set()
            while node > 0:
                way.add(node)
                node = int(result.structure.parent[node])
            ways.append(way)
        way = ways[0] ^ ways[1]
        assert not way & used
        used |= way
    e = order_of_pairs(np.array([True] * 9 + [False]), ("land", "water"))
    assert e.p_more == pytest.approx(11 / 1024) and e.estimate == 0.9  # 10 ways of one wrong, and one of none
    assert "at least 5 are needed" in order_of_pairs(np.ones(4, bool), ("land", "water")).cannot_tell


def test_values_other_species_and_few_families_are_told():
    emb, trait, tree = world(0.2)
    with pytest.raises(ValueError, match="habitat has no value 'cave'; it has land, freshwater"):
        habitat(emb, trait, tree, level="cave", rng=0)
    few = emb.take(np.flatnonzero(emb.column("species").to_numpy() != tree.names[0]))
    with pytest.raises(ValueError, match="do not hold the same species"):
        habitat([emb, few], trait, tree, rng=0)
    assert habitat(emb, trait, tree, held_out="tribe", permutations=9, rng=0).rank == "clades of the tree"


def test_a_column_of_the_rows_serves_as_the_trait():
    emb, trait, tree = world(0.2)
    of = dict(zip(trait.species, trait.values, strict=True))
    rows = emb.rows.with_columns(place=emb.column("species").replace_strict(of))
    one = habitat(type(emb)(emb.x, rows, emb.card), "place", tree, permutations=9, rng=0)
    other = habitat(emb, trait, tree, permutations=9, rng=0)
    assert one.evidence.estimate == other.evidence.estimate and one.kinds == other.kinds
    assert "freshwater" in str(one) and one.table().height == 40
