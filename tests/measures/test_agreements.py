"""Many spaces: planted agreement is found pair by pair, none is found where only the tree is shared."""

import numpy as np
import pytest
import scipy.stats as sps

from embedlab import plots
from embedlab.lab import Lab
from embedlab.measures.agreement import agreement
from embedlab.measures.agreements import agreements
from embedlab.plots import marks as m
from embedlab.stats.pairs.similarity import cka
from embedlab.study import ask
from tests.plots.results_many import spaces


@pytest.fixture(scope="module")
def planted():
    tree, stores = spaces()
    return tree, stores, agreements(stores, tree=tree, permutations=199, rng=0)


def test_the_pairs_that_share_more_than_descent_are_found_and_no_others(planted):
    _, _, found = planted
    shared, only_tree = [(0, 1), (0, 2), (1, 2)], [(0, 3), (1, 3), (2, 3)]
    assert min(found.beyond[at] for at in shared) > 0.4 and max(found.p[at] for at in shared) < 0.02
    assert max(abs(found.beyond[at]) for at in only_tree) < 0.2 and min(found.p[at] for at in only_tree) > 0.1
    e = found.evidence
    assert e.estimate == pytest.approx(np.mean([found.beyond[at] for at in shared + only_tree]))
    assert e.p_more == pytest.approx(1 / 200) and e.interval[0] < e.estimate < e.interval[1]
    np.testing.assert_array_equal(found.beyond, found.beyond.T)
    assert np.isnan(np.diag(found.beyond)).all() and (np.diag(found.alike) > found.alike.max(axis=1) - 1e-9).all()


def test_a_pair_agrees_with_the_measure_of_two(planted):
    """Halves and orders are drawn anew: the same up to their noise."""
    tree, stores, found = planted
    pair = agreement(stores[0], stores[1], tree=tree, permutations=199, rng=1)
    assert found.beyond[0, 1] == pytest.approx(pair.evidence["species"].estimate, abs=0.1)
    low, high = pair.evidence["species"].interval
    assert (found.low[0, 1], found.high[0, 1]) == pytest.approx((low, high), abs=0.1)


def test_species_means_agree_as_their_definition_says(planted):
    _, stores, found = planted
    means = [s.unit().float64().reshape(48, 6, -1).mean(axis=1) for s in stores]
    # halves of the images tell a little less than all of them
    assert found.alike[0, 1] == pytest.approx(cka(means[0], means[1]), abs=0.06)
    assert found.chance[0] < 0 < found.chance[1] < 0.2


def test_stores_that_share_no_image_are_halved_each_for_itself():
    tree, stores = spaces(3, same=False)
    found = agreements(stores[:3], tree=tree, permutations=99, rng=0)
    assert not found.same_images and found.evidence.p_more == pytest.approx(0.01)


def test_images_and_species_that_not_all_have_are_left_out_and_named():
    tree, stores = spaces(1)
    fewer = stores[0].take(np.arange(12, 288))  # without the first two species
    found = agreements([fewer, *stores[1:3]], tree=tree, permutations=19, rng=0)
    assert len(found.species) == 46 and "12 images that not all stores have" in found.left_out
    assert found.n == 276


def test_without_a_tree_nothing_is_decided():
    _, stores = spaces(2)
    found = agreements(stores[:3], permutations=19, rng=0)
    assert "no tree was given" in found.evidence.cannot_tell and found.structure is None
    assert len(plots.picture(found).panels) == 4


def test_refusals(planted):
    tree, stores, _ = planted
    with pytest.raises(ValueError, match="2 stores: three or more"):
        agreements(stores[:2], tree=tree, rng=0)
    with pytest.raises(ValueError, match="at least 8 are needed"):
        agreements([s.take(np.arange(30)) for s in stores], tree=tree, permutations=9, rng=0)
    with pytest.raises(ValueError, match="two are compared by agreement"):
        ask("agreements", lambda name, question: Lab(name=name, question=question, stores=stores[:2], tree=tree))


def test_the_analysis_judges_the_mean_of_pairs(planted):
    tree, stores, _ = planted
    asked = ask("agreements", lambda name, question: Lab(name=name, question=question, stores=stores, tree=tree),
                settings={"permutations": "99"})  # fmt: skip
    (claim,) = asked.to_dict()["claims"]
    assert claim["verdict"] == "supported" and "beyond descent by" in claim["sentence"]


def test_the_figure_shows_the_matrices_and_the_distances_in_tree_order(planted):
    _, _, found = planted
    panels = plots.picture(found).panels
    cells = next(x for x in panels[0].marks if isinstance(x, m.Cells))
    value = np.where(np.tril(np.ones((4, 4), bool)), found.alike, found.beyond)
    np.testing.assert_array_equal(cells.count[::-1], np.clip(value, 0, 1))
    far = next(x for x in panels[-1].marks if isinstance(x, m.Cells)).count[::-1]
    assert far.shape == (48, 48) and np.allclose(far, far.T)
    beside = [far[i, i + 1] for i in range(47)]  # sisters stand beside each other, and are near
    assert np.mean(beside) < 0.6 * far[np.triu_indices(48, 1)].mean()


@pytest.mark.slow
def test_where_only_the_tree_is_shared_p_is_flat():
    p = []
    for seed in range(120):
        tree, stores = spaces(1000 + seed, s=20, own=(0.0, 0.0, 0.0), images=4, d=6)
        try:
            p.append(agreements(stores, tree=tree, permutations=99, rng=seed).evidence.p_more)
        except ValueError:
            continue
    assert len(p) >= 100 and np.mean(np.array(p) <= 0.05) <= 0.11  # 5 %, with what 100 worlds allow
    assert sps.kstest(p, "uniform").pvalue > 0.001
