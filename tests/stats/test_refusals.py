"""What has no answer is refused, with what was seen and where: never a number. Over the whole front door."""

import re

import numpy as np
import pytest

import embedlab.stats as stats
from embedlab.stats.probes import Probe
from embedlab.stats.tree.trees import Branches
from embedlab.stats.vectors import checked_kinds, dust
from tests.stats.asked import ASKED, GROUPS, LOOK, SHARES, TRAIT, TREE, TWO, C, N, X, Y

ODD = 3  # the row that is spoilt
each = pytest.mark.parametrize("asked", ASKED, ids=lambda a: a.name)
NUMBERS = """p_value shuffles_within permutations_of jackknife bca stop_early tail_p_value holm benjamini_hochberg
    max_t equivalence two_one_sided spearman_brown attenuation effective_rank participation_ratio wachter_edge
    isotropic_overlaps hubness compare_rdms noise_ceiling lda ridge transfer over_trees branch_schemes robinson_foulds
    shared_groups fit_power compare_laws contrasts_turned""".split()


def test_the_table_holds_the_whole_front_door():
    assert {a.name for a in ASKED} | set(NUMBERS) == set(stats.__all__)
    assert len({a.name for a in ASKED}) == len(ASKED) and not {a.name for a in ASKED} & set(NUMBERS)


@each
def test_what_the_table_asks_is_answered(asked):
    found = asked.ask()
    if asked.answer is not None:
        assert np.isfinite(np.asarray(asked.answer(found), float)).all()


def spoilt(value, axes: str, bad) -> np.ndarray | None:
    value = np.array(value) if np.asarray(value).dtype.kind == "f" else np.array(value, object)
    if axes == "rr":
        value[ODD, 5] = value[5, ODD] = bad
    else:
        value[(ODD if axes == "r" else 1, *[1] * (value.ndim - 1))] = bad
    return value


@each
def test_a_row_that_is_not_known_is_named(asked):
    for name, axes in asked.rows.items():
        kinds = np.asarray(asked.given[name]).dtype.kind == "U"
        for bad in (np.nan, None) if kinds else (np.nan, np.inf, -np.inf):
            with pytest.raises(ValueError, match=rf"\[.*\b{1 if axes == 'd' else ODD}\b.*\]"):
                asked.ask(**{name: spoilt(asked.given[name], axes, bad)})


@pytest.mark.parametrize("asked", [a for a in ASKED if a.few], ids=lambda a: a.name)
def test_too_few_rows_are_refused(asked):
    with pytest.raises(ValueError):
        asked.ask(**asked.with_rows(np.arange(asked.few)))


@pytest.mark.parametrize("asked", [a for a in ASKED if a.constant], ids=lambda a: a.name)
def test_what_does_not_vary_is_refused_and_rounding_is_no_variation(asked):
    for name in asked.constant.split():
        value = np.asarray(asked.given[name])
        for unit in (1.0, 1e-9, 1e9):
            alike = 0.1 * (1 - np.eye(N)) if asked.rows[name] == "rr" else np.broadcast_to(value[:1], value.shape)
            with pytest.raises(ValueError):
                asked.ask(**{name: unit * alike})


@pytest.mark.parametrize("asked", [a for a in ASKED if len(a.rows) > 1], ids=lambda a: a.name)
def test_arguments_of_different_things_are_refused_in_words(asked):
    alone = sum(axes != "d" for axes in asked.rows.values()) == 1  # and then any number of rows will do
    for name, axes in asked.rows.items():
        if alone and axes != "d":
            continue
        rows = np.arange(N - 1) if axes != "d" else np.arange(2)
        value = np.asarray(asked.given[name])
        with pytest.raises(ValueError, match=r"\d") as refused:
            asked.ask(**{name: value[np.ix_(rows, rows)] if axes == "rr" else value[rows]})
        assert not re.search("operands|zip|core dimension|broadcast|inhomogeneous", str(refused.value))


@pytest.mark.parametrize("asked", [a for a in ASKED if "covariance" in a.rows], ids=lambda a: a.name)
def test_a_covariance_that_is_none_is_refused(asked):
    lean = C.copy()
    lean[0, ODD] *= 1.5
    rootless = C.copy()
    rootless[ODD] = rootless[:, ODD] = 0.0
    for wrong in (lean, rootless, C[:, :-1]):
        with pytest.raises(ValueError):
            asked.ask(covariance=wrong)


TWINS = C.copy()
TWINS[1], TWINS[:, 1], TWINS[1, 1] = TWINS[0], TWINS[:, 0], TWINS[0, 0]
TWINS[0, 1] = TWINS[1, 0] = TWINS[0, 0]
SINGULAR = {"k_mult": {}, "blomberg_k": {}, "fit_evolution": {}, "pgls": {}, "aligned_beyond_phylogeny": {"lam": 1.0}}


@pytest.mark.parametrize("name", SINGULAR)
def test_tips_at_distance_zero_are_named_or_told_of_where_the_tree_must_be_inverted(name):
    asked = next(a for a in ASKED if a.name == name)
    with pytest.raises(ValueError, match="distance zero"):
        asked.ask(covariance=TWINS, **SINGULAR[name])


@pytest.mark.parametrize("asked", [a for a in ASKED if "covariance" in a.rows and a.name not in SINGULAR],
                         ids=lambda a: a.name)  # fmt: skip
def test_tips_at_distance_zero_do_no_harm_elsewhere(asked):
    found = asked.ask(covariance=TWINS)
    if asked.answer is not None:
        assert np.isfinite(np.asarray(asked.answer(found), float)).all()


@pytest.mark.parametrize("wrong", [
    Branches(TREE.parent, np.where(np.arange(len(TREE.length)) == 4, -1.0, TREE.length), TREE.tips),
    Branches(TREE.parent, np.where(np.arange(len(TREE.length)) == 4, np.nan, TREE.length), TREE.tips),
    Branches(TREE.parent, TREE.length, np.r_[TREE.tips[:-1], TREE.tips[0]]),  # one tip bears two species
    Branches(TREE.parent, TREE.length, TREE.tips[:-1]),
    Branches(TREE.parent[::-1], TREE.length, TREE.tips),
], ids=["negative", "nan", "twice", "fewer", "parents after children"])  # fmt: skip
def test_a_structure_that_is_no_tree_is_refused(wrong):
    for asked in ASKED:
        if "covariance" in asked.rows and asked.name != "matched_overlaps":
            with pytest.raises(ValueError):
                asked.ask(covariance=wrong)
    if not np.array_equal(wrong.parent, TREE.parent) or sorted(wrong.tips) != sorted(TREE.tips):
        for ask in (stats.branch_schemes, lambda t: stats.robinson_foulds(t, TREE, rooted=True),
                    lambda t: stats.shared_groups(TREE, t, permutations=[range(N)])):  # fmt: skip
            with pytest.raises(ValueError):
                ask(wrong)


def rng():
    return np.random.default_rng(0)


BIRDS = dict(vectors=[X[:4]] * 3, kinds=[[False, True] * 2] * 3, contrasts=X[:3])
SUMS = dict(names=list("ab"), counts=[2, 2], means=X[:2])
NAN = float("nan")


@pytest.mark.parametrize("ask, said", [
    (lambda: stats.p_value(NAN, [0.0]), "NaN"),
    (lambda: stats.p_value(1.0, [0.0, NAN]), "NaN"),
    (lambda: stats.shuffles_within([0.0, NAN, 1.0], 2, rng()), r"groups: NaN or None in 1 rows \(rows \[1\]\)"),
    (lambda: stats.permutations_of(3, 9, rng(), strata=["a", None, "a"]), r"strata: NaN or None .*\[1\]"),
    (lambda: stats.permutations_of(3, [[0, 1, 1]], None), "each row holding 0 to 2 once"),
    (lambda: stats.bca(np.r_[np.arange(200.0), NAN], 100.0, [1.0, 2, 3]), "not finite"),
    (lambda: stats.bca(np.arange(20.0), 10.0, [1.0, 2, 3]), "20 draws"),
    (lambda: stats.stop_early([NAN], lambda k, a: np.zeros((k, 1))), "finite"),
    (lambda: stats.tail_p_value(NAN, [0.0]), "NaN"),
    (lambda: stats.holm([0.1, NAN]), "within 0 and 1"),
    (lambda: stats.benjamini_hochberg([0.1, 1.1]), "within 0 and 1"),
    (lambda: stats.max_t([1.0, 2.0], [[1.0]]), "same m statistics"),
    (lambda: stats.max_t([1.0], [[NAN]]), "NaN"),
    (lambda: stats.equivalence(NAN, np.zeros(99), (-1, 1)), "not a finite number"),
    (lambda: stats.equivalence(0.0, np.full(99, NAN), (-1, 1)), "finite"),
    (lambda: stats.two_one_sided(0.0, NAN, 5, (-1, 1)), "above 0"),
    (lambda: stats.two_one_sided(0.0, 1.0, 5, (1, -1)), "low, high"),
    (lambda: stats.spearman_brown(NAN), "between -1 and 1"),
    (lambda: stats.attenuation(NAN, 0.5), "between -1 and 1"),
    (lambda: stats.attenuation(1.5, 0.5), "between -1 and 1"),
    (lambda: stats.attenuation(0.5, NAN), "between 0 and 1"),
    (lambda: stats.effective_rank([1.0, -0.5]), "0 or more"),
    (lambda: stats.participation_ratio([1.0, NAN]), "finite"),
    (lambda: stats.effective_rank([0.0, 0.0]), "do not vary"),
    (lambda: stats.effective_rank(stats.spectrum(np.full((7, 3), 0.1))), "do not vary"),
    (lambda: stats.wachter_edge(0, 2, 4), "do not fit"),
    (lambda: stats.isotropic_overlaps(5, 2, 4, 2, rng()), "do not fit"),
    (lambda: stats.compare_rdms([1.0, 2, NAN], [1.0, 2, 3]), r"pairs \[2\]"),
    (lambda: stats.compare_rdms([1.0, 2, 3], [1.0, 2, 3, 4]), "3 pairs and y has 4"),
    (lambda: stats.noise_ceiling([[1.0, 2, 3], [1.0, NAN, 3]]), r"table 1 .*pairs \[1\]"),
    (lambda: stats.lda(**SUMS, within=np.full((3, 3), NAN)), r"the scatter has 3 rows with NaN"),
    (lambda: stats.lda(**SUMS | {"counts": [2, 0]}, within=np.eye(3)), r"classes \['b'\] have no rows"),
    (lambda: stats.ridge(**SUMS | {"means": X[:3]}, total=np.eye(3)), r"\(3, 3\) means"),
    (lambda: stats.ridge(**SUMS, total=np.eye(2)), r"a scatter of \(2, 2\)"),
    (lambda: stats.ridge(**SUMS, total=np.eye(3), penalty=-1.0), "penalty"),
    (lambda: Probe(np.array(["a", "b"]), np.eye(2), np.zeros(2)).predict([[0.0, 1], [NAN, 0]]), r"\(rows \[1\]\)"),
    (lambda: stats.transfer(**BIRDS | {"vectors": BIRDS["vectors"][:2]}), "vectors of 2 and kinds of 3 species"),
    (lambda: stats.transfer(**BIRDS | {"vectors": [X[:4], X[:4], X[:3]]}), r"species 2: vectors of shape \(3, 3\)"),
    (lambda: stats.transfer(**BIRDS | {"vectors": [X[:4], spoilt(X, "r", NAN)[:4], X[:4]]}), r"species 1 .*rows \[3\]"),
    (lambda: stats.transfer(**BIRDS, signs=[[1.0, NAN, 1.0]]), r"signs \(1, 3\) must be \+1 and -1"),
    (lambda: stats.transfer(**BIRDS, signs=np.ones((1, 2))), r"signs \(1, 2\)"),
    (lambda: stats.transfer(**BIRDS, train=[True]), r"train \(1,\)"),
    (lambda: stats.hubness([[1], [7]]), "from 0 to 1"),
    (lambda: stats.hubness([[1.0], [NAN]]), "whole numbers"),
    (lambda: stats.two_nn(X, kept=2.0), "kept=2"),
    (lambda: stats.over_trees(lambda c: NAN, [C]), r"trees \[0\]"),
    (lambda: stats.robinson_foulds(TREE, stats.dendrogram(LOOK[:5, :5]), rooted=True), "12 species in one tree, 5"),
    (lambda: stats.fit_power([1.0, 2, 4], [3.0, NAN, 2]), "finite"),
    (lambda: stats.fit_power([1.0, 2], [3.0, 2.5]), "2 different scales for 3 parameters"),
    (lambda: stats.fit_power([1.0, 2, 4], [3.0, -1, 2]), "above 0"),
    (lambda: stats.compare_laws([1.0, 0, 4], [3.0, 1, 2]), "above 0"),
    (lambda: stats.compare_laws([1.0, 2, 4], [3.0, 1, 2], draws=[[1.0, NAN, 2]]), "finite"),
    (lambda: stats.squared_distances(X, Y[:, :1]), "3 dimensions and y has 1"),
    (lambda: stats.fisher_ratio(np.repeat([[0.1], [0.7]], 6, axis=0), TWO), "neither group varies"),
    (lambda: stats.fisher_ratio(X, TWO, by=np.arange(11)), "12 rows but by"),
    (lambda: stats.principal_angles(np.ones((4, 2)), np.eye(4)[:, :1]), "columns of a are linearly dependent"),
    (lambda: stats.principal_angles(np.eye(2), np.ones((2, 3))), "3 columns of b are linearly dependent"),
    (lambda: stats.matched_overlaps(np.ones((3, 2)), np.ones(3), 1, 2, rng()), "columns of basis are linearly"),
    (lambda: stats.matched_overlaps(np.eye(2), [1.0, -1.0], 1, 2, rng()), "none may be negative"),
    (lambda: stats.span(X, k=0), "k = 0"),
    (lambda: stats.shared_direction(X, np.full(N, -1.0), flips=9, rng=rng()), "0 or more"),
    (lambda: stats.bootstrap_ratio(SHARES[0], SHARES[1][:1], rng=rng()), "one number a unit in both"),
    (lambda: stats.pair_correlation(np.triu(LOOK), LOOK, rng=rng()), r"x is not symmetric \(rows \[0"),
    (lambda: stats.uniformity(X), "mean squared length of"),
    (lambda: stats.cophenetic_correlation(1.0 - np.eye(4)), "not defined"),
    (lambda: stats.split_half(np.full(30, 0.1), np.repeat(list("abcde"), [2, 3, 5, 7, 13]), rng=rng()), "do not vary"),
    (lambda: stats.k_mult(np.full((N, 3), 0.1), C, permutations=[range(N)]), "do not differ"),
    (lambda: stats.between_share(np.full((N, 3), 0.1), GROUPS), "all the same"),
    (lambda: stats.aligned_beyond_phylogeny(X, TRAIT, C, null="within_clade", clades=[NAN] * N), "clades: NaN"),
    (lambda: stats.aligned_beyond_phylogeny(X, np.c_[TRAIT, TRAIT], C, permutations=[range(N)]), "dependent"),
    (lambda: stats.predicted_beyond_tree(X, TRAIT, C, clades=GROUPS[:9], rng=rng()), "12 rows but clades"),
    (lambda: stats.by_rank(X, TRAIT, C, {"genus": GROUPS[:9]}, rng=rng()), "12 rows but genus"),
    (lambda: stats.injected_power(X, TRAIT, C, [NAN], rng=rng()), "null_values"),
    (lambda: stats.rv_moments(X, Y, units=None, covariance=np.eye(5)), r"12 rows but a covariance of shape \(5, 5\)"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_what_is_no_number_or_no_shape_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()


def test_names_that_are_missing_are_no_kind_and_names_that_look_so_are():
    assert checked_kinds(["nan", "None", ""], 3).tolist() == ["nan", "None", ""]  # text is a name
    for lost in (None, NAN, np.datetime64("NaT")):
        with pytest.raises(ValueError, match=r"labels: NaN or None in 1 rows \(rows \[2\]\)"):
            checked_kinds(np.array(["a", "b", lost], object), 3)
    with pytest.raises(ValueError, match=r"rows \[1\]"):
        checked_kinds(np.array(["2026-01-01", "NaT"], "datetime64[D]"), 2)


def test_codes_that_are_fractions_or_huge_are_groups_like_any_other():
    plain = stats.shuffles_within([0, 0, 0, 1, 1, 1], 50, rng())
    for codes in ([0.0, 0, 0, 0.5, 0.5, 0.5], [10**17] * 3 + [10**17 + 64] * 3, list("aaabbb")):
        assert (stats.shuffles_within(codes, 50, rng()) == plain).all()
    assert (plain[:, :3] < 3).all() and len(np.unique(plain, axis=0)) > 20


def test_what_rounding_leaves_is_known():
    far = np.full((1000, 2), 0.1) * [1.0, 1e6]
    left = ((far - far.mean(axis=0)) ** 2).sum()
    assert 0 < left < dust(far) < 1e-12 and dust(far) < ((far * 1e-7) ** 2).sum()
    assert dust(2 * far) == pytest.approx(4 * dust(far))


def test_a_trait_that_is_a_split_of_the_tree_is_not_counted_twice():
    """A column that both models hold adds no dimension: nothing is the trait's own."""
    clade = np.repeat([0.0, 1.0], 6)
    found = stats.partition(X, clade, np.equal.outer(clade, clade) + np.eye(N), axes=1)
    assert found.trait == pytest.approx(0, abs=1e-12) and found.descent == pytest.approx(0, abs=1e-12)
    assert found.shared == pytest.approx(1 - found.rest)


def test_the_first_law_of_collapse_does_not_see_where_the_space_stands():
    """The fourth axis of four centred means in five dimensions is rounding: scatter over it was 10²⁷."""
    x, labels = rng().normal(size=(40, 5)), np.repeat(list("abcd"), 10)
    near, far = (stats.neural_collapse(x + far, labels).nc1 for far in (0.0, 1e5))
    assert far == pytest.approx(near, rel=1e-6)
