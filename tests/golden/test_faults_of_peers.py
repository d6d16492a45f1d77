"""Where peers err, or a reader would: one short test for each, in which we are right.

Numbers of a peer are those of its golden case or of the peer itself where it is installed; elsewhere its formula is
written out. Peer and version stand in each test; the table in this folder's README lists them.
"""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings, Traits, Tree
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.stats.pairs.distances import mantel, partial_mantel
from embedlab.stats.pairs.permanova import permanova
from embedlab.stats.pairs.rdm import crossnobis
from embedlab.stats.pairs.similarity import cka
from embedlab.stats.probes import lda
from embedlab.stats.resample import p_value
from embedlab.stats.scatter import fisher_direction, fisher_ratio
from embedlab.stats.subspaces.shares import energy_share, variance_share
from embedlab.stats.subspaces.subspace import span
from embedlab.stats.tree.comparative import blomberg_k, k_mult, pagel_lambda
from embedlab.stats.tree.evolution import ou_covariance
from embedlab.stats.tree.models import fit_evolution
from embedlab.stats.tree.pgls import pgls
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.tree.trees import robinson_foulds
from embedlab.stats.vectors import squared_distances
from tests.golden.conftest import within_monte_carlo

FINCHES = [f"geospiza_{t}" for t in ("wingL", "tarsusL", "culmenL", "beakD", "gonysW")]
Y = [1.0, 1.3, 2.0, 0.5, 4.0, 2.2]


# ---- optima


def test_phytools_stops_at_a_local_optimum_of_lambda(golden):
    """phytools 1.5-1, its issue #128: .626 for the wings of Darwin's finches, which have no signal."""
    case = golden("phytools", "phytools_phylosig_lambda_geospiza_wingL")
    y, c = case.species()
    assert case.expected["lambda"] == pytest.approx(0.626, abs=1e-3)
    for relatives in (c, case.structure()):
        found = pagel_lambda(y[:, 0], relatives)
        assert found.lam == 0.0 and found.log_likelihood == pytest.approx(9.80522250414711, abs=1e-8)


def test_phytools_stops_short_of_the_end_of_lambda(golden):
    """phytools 1.5-1: 1e-4 of log-likelihood is missing on the culmen, where its own value at 0 is higher."""
    case = golden("phytools", "phytools_phylosig_lambda_geospiza_culmenL")
    y, c = case.species()
    found = pagel_lambda(y[:, 0], c)
    assert found.lam == 0.0 and found.log_likelihood == pytest.approx(case.expected["logL0"], abs=1e-9)
    assert found.log_likelihood - case.expected["logL"] == pytest.approx(1e-4, rel=0.01)


def test_geigers_ou_is_likelier_than_exact_arithmetic_allows(golden):
    """geiger 2.0.11, anole SVL: 5.4e-3 above Brownian motion at α = 6e-14, by cancellation."""
    case = golden("geiger", "geiger_fitContinuous_anole_SVL")
    y, _ = case.species()
    ou, bm = (fit_evolution(y[:, 0], case.structure(), model=m) for m in ("ou", "bm"))
    assert case.expected["OU"]["lnL"] - bm.log_likelihood == pytest.approx(5.4e-3, abs=1e-4)
    assert ou.parameter == 0 and ou.log_likelihood == pytest.approx(bm.log_likelihood, abs=1e-9)


def test_tiny_pulls_go_over_into_brownian_motion(golden):
    """The covariance of geiger 2.0.11 at its own α, written plainly, has lost its digits; expm1 keeps them."""
    case = golden("geiger", "geiger_fitContinuous_anole_SVL")
    _, c = case.species()
    alpha, depth = case.expected["OU"]["alpha"], np.diag(c)
    plain = np.exp(-alpha * (depth[:, None] + depth - 2 * c)) * (1 - np.exp(-2 * alpha * c)) / (2 * alpha)
    assert np.abs(plain / np.where(c > 0, c, 1) - (c > 0)).max() > 1e-3
    for small in (alpha, 1e-300, 1e-9):
        assert ou_covariance(c, small) == pytest.approx(c, rel=2e-7)


@pytest.mark.parametrize("trait", FINCHES)
def test_geigers_pull_stops_at_its_bound(golden, trait):
    """geiger 2.0.11 bounds α by e; on all finches more is likelier (on the wing 9.8417 at about 15.5)."""
    case = golden("geiger", f"geiger_fitContinuous_{trait}")
    y, _ = case.species()
    fit = fit_evolution(y[:, 0], case.structure(), model="ou")
    assert case.expected["OU"]["alpha"] == pytest.approx(np.e)
    assert fit.parameter > 3 and fit.log_likelihood > case.expected["OU"]["lnL"] + 0.02
    if trait == "geospiza_wingL":
        assert fit.parameter == pytest.approx(15.5, abs=0.5) and fit.log_likelihood == pytest.approx(9.8417, abs=1e-4)


def test_the_upper_limit_of_lambda_is_stated(golden):
    """phytools 1.5-1 ends at .99993, phylosignal 1.3.1 goes on to 1.0147; ours is 1, as geiger's."""
    y, _ = golden("geiger", "geiger_fitContinuous_anole_SVL").species()
    phytools = golden("phytools", "phytools_phylosig_lambda_anole_SVL")
    found = pagel_lambda(y[:, 0], phytools.structure())
    assert phytools.expected["lambda"] < found.lam == 1.0
    assert golden("phylosignal", "phylosignal_all").expected["stat"][0]["Lambda"] > 1.01
    assert found.log_likelihood == pytest.approx(5.25612074, abs=1e-8) and found.interval[1] == 1.0


# ---- p-values


def test_no_p_value_is_0_and_no_seed_is_hidden():
    """PhyKIT 2.8.0 gives b / m, so prints p = 0.0, and seeds itself with 42."""
    tree = random_tree(np.random.default_rng(0), 40)
    y = brownian_traits(np.random.default_rng(1), tree)[:, 0]
    one, other = (blomberg_k(y, tree.covariance(), permutations=99, rng=np.random.default_rng(s)) for s in (42, 43))
    assert (one.null >= one.statistic).sum() == 0 and one.p_value == 1 / 100
    assert not np.array_equal(one.null, other.null)
    with pytest.raises(TypeError, match="rng"):
        blomberg_k(y, tree.covariance(), permutations=99)


def test_ties_count_against_the_claim():
    """vegan 2.6-4 takes 1.5e-8 off, as we do. A bare >= loses ties that rounding tears apart."""
    assert p_value(0.1 + 0.2, [0.3] * 9) == 1.0 and not (0.3 >= 0.1 + 0.2)
    assert p_value(1.0, [1.0 - 1.4e-8]) == 1.0 and p_value(1.0, [1.0 - 1.6e-8]) == 0.5


def test_scikit_bio_loses_ties():
    """scikit-bio 0.7.4 `mantel` compares bare: 2 · 4! · 4! of 8! orders leave r as it was, and it sees some of them."""
    skbio = pytest.importorskip("skbio", reason="scikit-bio comes with the extra 'bench'")
    groups, exact, theirs = squared_distances(np.repeat([[0.0], [1.0]], 4, axis=0)), 2 * 24 * 24 / 40320, []
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=(8, 3)) + 3 * np.repeat([0, 1], 4)[:, None]
        d = np.sqrt(squared_distances(x))
        d = (d + d.T) / 2
        ours = mantel(d, groups, permutations=999, alternative="greater", rng=np.random.default_rng(0))
        pair = [skbio.DistanceMatrix(m) for m in (d, groups)]
        peer = skbio.stats.distance.mantel(*pair, permutations=999, alternative="greater", seed=0)
        assert peer[0] == pytest.approx(ours.statistic, rel=1e-12) and within_monte_carlo(ours.p_value, exact, 999)
        theirs.append(peer[1])
    assert min(theirs) < 0.8 * exact


def test_ecodist_permutes_residuals_and_vegan_the_first_matrix(golden):
    """ecodist 2.0.9: the same r, another null. Ours is vegan's (exactly, in test_golden_distances); p agrees nearly."""
    case = golden("ecodist", "ecodist_partial_mantel")
    x, y, z = (case.matrix(key)[0] for key in "xyz")
    for alternative, p in (("greater", "p_greater"), ("two-sided", "p_two")):
        found = partial_mantel(x, y, z, permutations=9999, alternative=alternative, rng=np.random.default_rng(0))
        assert found.statistic == pytest.approx(case.expected["r"], rel=1e-10)
        assert within_monte_carlo(found.p_value, case.expected[p], 9999)


# ---- conventions and biases


def test_rooted_and_unrooted_trees_lie_differently_far_apart():
    """scikit-bio 0.7.4 counts clades by default, phangorn splits: the same pair is 2 or 0 apart, so we ask."""
    names = list("abcdef")
    one = Tree.parse("(((a:1,b:1):1,c:1):1,((d:1,e:1):1,f:1):1);").structure(names)
    other_root = Tree.parse("((a:1,b:1):1,(c:1,((d:1,e:1):1,f:1):1):1);").structure(names)
    assert robinson_foulds(one, other_root, rooted=True)[0] == 2
    assert robinson_foulds(one, other_root, rooted=False)[0] == 0
    with pytest.raises(TypeError, match="rooted"):
        robinson_foulds(one, other_root)


def test_distances_of_rsatoolbox_are_squares_over_dimensions():
    """rsatoolbox 0.3.2 calls ‖a − b‖² / d "euclidean"; `crossnobis` has that unit, and its docstring says so."""
    means = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert crossnobis(means, means) == pytest.approx([25 / 2])  # and not 5
    assert crossnobis(np.tile(means, 3), np.tile(means, 3)) == pytest.approx([25 / 2])
    assert crossnobis(2 * means, 2 * means) == pytest.approx([4 * 25 / 2])
    assert "squared" in crossnobis.__doc__.lower()


def test_plain_cka_is_positive_for_independent_data(rng):
    """As Kornblith et al. (2019) define it, .2 and more at 32 rows is nothing. Our default is debiased."""
    pairs = [rng.normal(size=(2, 32, 10)) for _ in range(200)]
    plain, ours = np.mean([[cka(x, y, debiased=False), cka(x, y)] for x, y in pairs], axis=0)
    assert plain > 0.2 and abs(ours) < 0.015


def test_k_over_d_is_the_wrong_chance(rng):
    """methods.md §1.2: labels without meaning give 20 axes 40.6 % of the variance within, where k / d says 2.6 %."""
    groups = rng.normal(size=(100, 10, 768)) / np.sqrt(np.arange(1.0, 769))  # eigenvalues fall as 1/i
    basis = span(groups.mean(axis=1), 20)[0]
    chance = variance_share((groups - groups.mean(axis=1, keepdims=True)).reshape(-1, 768), basis)
    assert basis.shape == (768, 20) and chance == pytest.approx(0.406, abs=0.02) and chance > 15 * 20 / 768
    contrasts = rng.normal(size=(2000, 768)) / np.sqrt(np.arange(1.0, 769))
    assert energy_share(contrasts, basis) == pytest.approx(chance, abs=0.02)  # what a contrast has by chance


def test_the_plain_fisher_ratio_finds_what_is_not_there(rng):
    """methods.md §1.3: at 5 rows a group .2 as traces, and hundreds along the direction fitted to the same rows."""
    labels, worlds = np.repeat([0, 1], 5), [rng.normal(size=(10, 768)) for _ in range(40)]
    plain, ours = np.mean([[fisher_ratio(x, labels, corrected=c) for c in (False, True)] for x in worlds], axis=0)
    assert plain == pytest.approx(0.2, abs=0.005) and abs(ours) < 0.005
    fitted, held_out = (
        np.median([fisher_direction(x, labels, corrected=c, rng=np.random.default_rng(0)) for x in worlds[:10]])
        for c in (False, True)
    )
    assert fitted > 100 and abs(held_out) < 1


# ---- trees and tables


def test_tips_at_distance_zero_break_no_inverse(rng):
    """phytools #89: C is singular. λ below 1 is fitted; what needs λ = 1 names the pair."""
    tree = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,f:1);")
    fits = [pagel_lambda(Y, relatives) for relatives in (tree.covariance(), tree.structure(tree.names))]
    assert 0 <= fits[0].lam < 1 and np.isfinite(fits[0].log_likelihood)
    assert fits[1].log_likelihood == pytest.approx(fits[0].log_likelihood, abs=1e-8)
    with pytest.raises(ValueError, match=r"tips \[\(0, 1\)\] stand at distance zero; drop one"):
        k_mult(rng.normal(size=(6, 2)), tree.structure(tree.names), rng=rng)


@pytest.mark.parametrize(
    "newick",
    [
        "((a:1,b:1,c:1):1,d:2,e:2,f:2);",  # nodes of many children
        "((((a:1):1,b:2):1,(c:3):0):1,d:4,(e:2,f:2):2);",  # of one
        "((a:1,b:3):1,(c:0.5,d:2):2,e:1,f:4);",  # tips not equally deep
    ],
)
def test_any_rooted_tree_is_taken(newick):
    """ape 5.7 `pic` wants a tree whose nodes have two children each; nothing here wants more than a root."""
    tree = Tree.parse(newick)
    walked, dense = tree.structure(tree.names), tree.covariance()
    one = np.ones(6)
    weight = np.linalg.solve(dense, one)
    root = weight @ Y / weight.sum()
    rate = (Y - root) @ np.linalg.solve(dense, Y - root) / 6
    for relatives in (walked, dense):
        assert pagel_lambda(Y, relatives).log_likelihood == pytest.approx(pagel_lambda(Y, dense).log_likelihood)
        fit = fit_evolution(Y, relatives, model="bm")
        assert (fit.root, fit.rate) == pytest.approx((root, rate), rel=1e-9)
    assert np.square(Pruned(walked).contrasts(np.array(Y)[:, None])[0]).sum() == pytest.approx(6 * rate, rel=1e-9)


def test_names_are_matched_by_rule_and_duplicates_refused(tmp_path):
    """ape 5.7 keeps underscores, so that "Parus major" is not in a tree that spells Parus_major."""
    tree = Tree.parse("((Parus_major:1,'Pica pica':1):1,Corvus_corax:2);")
    tips, report = tree.match(["Pica_pica", "Parus major", "Rosa canina"])
    assert tips == ["Pica pica", "Parus major"] and report.missing == ["Rosa canina"]
    with pytest.raises(ValueError, match="'a b' stand more than once in the tree"):
        Tree.parse("(a_b:1,'a b':1,c:1);")
    twice = tmp_path / "twice.csv"
    twice.write_text("species,mass\nParus major,18\nParus_major,19\nPica pica,200\n")
    with pytest.raises(ValueError, match="contradict each other: 'Parus major'"):
        Traits.read(twice)
    with pytest.raises(ValueError, match="'Parus major' stand more than once"):
        Traits({"species": ["Parus major", "Parus major"], "mass": [18.0, 18.0]})


def test_rows_are_aligned_by_name_and_not_by_place(golden):
    """A table in another order than the tree's tips: by place K would be another number."""
    case = golden("phytools", "phytools_phylosig_K_geospiza_tarsusL")
    table, tree = pl.read_csv(case.path("traits")).sort("wingL"), Tree.read(case.path("tree"))
    names, y = table[:, 0].to_list(), table["tarsusL"].to_numpy()
    assert names != tree.names
    by_name, by_place = (
        blomberg_k(y, tree.structure(order), permutations=[range(13)]).statistic for order in (names, tree.names)
    )
    assert by_name == pytest.approx(case.expected["K"], rel=1e-10) and by_place != pytest.approx(by_name, rel=0.01)


def test_too_little_is_refused_with_the_reason(rng):
    """Fewer than 3 a group, a trait that is constant, more dimensions than rows: no number without a word."""
    x = rng.normal(size=(8, 20))
    with pytest.raises(ValueError, match="fewer than 3 rows"):
        permanova(x, [0, 0, 0, 0, 0, 0, 1, 1], rng=rng)
    tree = random_tree(rng, 8).covariance()
    for constant in (lambda: pagel_lambda(np.ones(8), tree), lambda: fit_evolution(np.ones(8), tree, model="bm")):
        with pytest.raises(ValueError, match="the same in all species"):
            constant()
    with pytest.raises(ValueError, match="8 species for 9 coefficients"):
        pgls(x[:, 0], x[:, 1:9], tree)
    means = np.stack([x[:4].mean(axis=0), x[4:].mean(axis=0)])
    within = (x - np.repeat(means, 4, axis=0)).T @ (x - np.repeat(means, 4, axis=0))
    with pytest.raises(ValueError, match=r"cannot be inverted \(8 rows of 2 classes in 20 dimensions\)"):
        lda(["a", "b"], [4, 4], means, within)
    assert (lda(["a", "b"], [4, 4], means, within, shrinkage=0.5).predict(means) == ["a", "b"]).all()


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_species_without_a_value_leaves_all_inputs_and_is_named(nothing):
    """A NaN must not travel on, nor shift the rows of one input against another's."""
    rng = np.random.default_rng(7)
    tree = random_tree(rng, 24)
    trait = brownian_traits(rng, tree)[:, 0]
    emb, values = traits_in_space(rng, tree, trait, share=0.3), trait.tolist()

    def ask(keep, values):
        kept = emb.column("species").is_in(keep).to_numpy()
        rows = Traits(pl.DataFrame({"species": tree.names, "size": pl.Series(values)}))
        store = Embeddings(emb.x[kept], emb.rows.filter(pl.Series(kept)), {})
        return trait_alignment(store, rows["size"], tree.prune(keep), permutations=19, rng=0)

    whole = ask(tree.names, [nothing, *values[1:]])
    assert tree.names[0] not in whole.species and len(whole.species) == 23
    assert whole.left_out == ("1 species without a value of size",)
    assert whole.evidence.estimate == pytest.approx(ask(tree.names[1:], values).evidence.estimate, rel=1e-9)
