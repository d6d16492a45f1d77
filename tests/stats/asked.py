"""Every function at the front door with valid arguments, and what its docstring claims: one row each.

Read by test_refusals.py and test_invariances.py. `rows` says which axes of an argument are indexed by rows: "r" the
first, "rr" both (tables of distances, covariances), "d" none (directions: their first axis is that of the space).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import embedlab.stats as stats
from embedlab.stats.tree.pruning import Pruned

N, D = 12, 3
R = np.random.default_rng(20251)
X, Y, FAR = R.normal(size=(N, D)) + 1, R.normal(size=(N, 4)), R.normal(size=(N, 6))
Y[:, 0] += X[:, 0]
TRAIT = X[:, 0] + R.normal(size=N)
GROUPS = np.repeat(["a", "b", "c"], 4)
TWO = np.repeat(["f", "m"], 6)
PAIRS = np.repeat(list("abcdef"), 2)
PARENTS = np.repeat(["p", "q"], 6)
LOOK = np.sqrt(stats.squared_distances(X))
OTHER = np.sqrt(stats.squared_distances(Y))
TREE = stats.dendrogram(np.sqrt(stats.squared_distances(FAR)))
C = Pruned(TREE).covariance()
SHARES = R.uniform(1, 2, (2, N))
SCALES = np.array([1.0, 3.0, 10.0, 30.0])
CURVES = R.normal(size=(N, 4)).cumsum(axis=1)


def statistic(found):
    """What most answers are judged by."""
    return np.asarray(getattr(found, "statistic", found), float)


@dataclass(frozen=True)
class Asked:
    """A function with arguments that it answers, and what may be done to them."""

    name: str
    rows: dict[str, str]
    given: dict
    more: dict = field(default_factory=dict)  # keywords that are no data
    few: int = 2  # so many rows are refused; 0: none are too few
    constant: str = "x"  # this argument, when all its rows are the same, is refused; "": no
    turn: str = ""  # arguments whose rotation changes nothing
    shift: str = ""
    scale: str = ""
    by_row: bool = False  # the answer has one entry a row, in their order
    answer: Callable | None = statistic  # None: what comes out is drawn

    def ask(self, **changed):
        """Ask with some arguments changed; permutations are the identity, and chance starts anew."""
        given = {**self.given, **changed}
        more = dict(self.more)
        if more.pop("shuffled", False):
            n = len(next(given[k] for k, axes in self.rows.items() if "r" in axes))
            more["permutations"] = [np.arange(n)]
        if more.pop("drawn", False):
            more["rng"] = np.random.default_rng(0)
        return getattr(stats, self.name)(**given, **more)

    def picked(self, name: str, rows):
        """One argument with other rows, or its rows in another order."""
        value = np.asarray(self.given[name])
        axes = self.rows[name]
        return value[np.ix_(rows, rows)] if axes == "rr" else value[rows] if axes == "r" else value

    def with_rows(self, rows) -> dict:
        """All arguments with these rows."""
        return {name: self.picked(name, rows) for name in self.rows}


def _one(name, x=X, **claims):
    return Asked(name, {"x": "r"}, {"x": x}, **claims)


def _pair(name, **claims):
    return Asked(name, {"x": "r", "y": "r"}, {"x": X, "y": Y}, **claims)


def _kinds(name, labels="labels", kinds=GROUPS, **claims):
    return Asked(name, {"x": "r", labels: "r"}, {"x": X, labels: kinds}, **claims)


def _kin(name, of="x", value=X, **claims):
    claims.setdefault("constant", of)
    return Asked(name, {of: "r", "covariance": "rr"}, {of: value, "covariance": C}, **claims)


def _trait(name, **claims):
    both = "x trait"
    claims = {"few": 7, "constant": both, "turn": "x", "shift": both, "scale": both, **claims}
    return Asked(name, KIN | {"trait": "r"}, {"x": X, "covariance": C, "trait": TRAIT}, **claims)


def _tables(name, **claims):
    return Asked(name, {"x": "rr", "y": "rr"}, {"x": LOOK, "y": OTHER}, **claims)


KIN = {"x": "r", "covariance": "rr"}
SPAN = {"contrasts": "r", "basis": "d"}
PLANE = {"contrasts": X, "basis": np.eye(3)[:, :2]}
SPACE = dict(turn="x", shift="x", scale="x")
BOTH = dict(turn="x y", shift="x y", scale="x y", constant="x y")
SHUFFLED = {"shuffled": True}
DRAWN = {"drawn": True}

ASKED = (
    _one("unit_rows", few=0, constant="", scale="x", by_row=True),
    _one("squared_distances", few=0, constant="", turn="x", shift="x", answer=lambda d: np.sort(d, axis=None)),
    _one("spectrum", few=1, constant="", turn="x", shift="x"),
    _one("nearest_neighbours", more={"k": 3}, few=3, constant="", **SPACE, by_row=True,
         answer=lambda f: f[1] / f[1][:, :1]),
    _one("two_nn", few=9, **SPACE),
    _one("levina_bickel", more={"k": 4}, few=4, **SPACE),
    _one("uniformity", stats.unit_rows(X), few=1, constant="", turn="x"),
    _one("treelike", more=DRAWN | {"draws": 1}, **SPACE),
    Asked("span", {"means": "r"}, {"means": X}, constant="means", few=1, shift="means", answer=lambda f: f[1]),
    _kinds("fisher_ratio", kinds=TWO, **SPACE, few=1),
    _kinds("fisher_direction", kinds=TWO, more=DRAWN | {"corrected": False}, **SPACE),
    _kinds("between_share", **SPACE),
    _kinds("alignment_loss", constant="", turn="x", shift="x", few=1),
    _kinds("neural_collapse", **SPACE),
    _kinds("permanova", "groups", more=SHUFFLED, **SPACE),
    _kinds("permanova_moments", "groups", more={"units": None}, **SPACE),
    Asked("split_half", {"x": "r", "groups": "r"}, {"x": TRAIT, "groups": PAIRS}, DRAWN, answer=None),
    _kinds("erase", constant="", answer=lambda f: f.projection, shift="x", scale="x"),
    _pair("cka", **BOTH, few=3),
    _pair("rv", **BOTH),
    _pair("distance_correlation", **BOTH, few=3),
    _pair("protest", more=SHUFFLED, **BOTH),
    _pair("mutual_knn", more=SHUFFLED | {"k": 3}, **BOTH, few=3),
    _pair("rv_moments", more={"units": None}, **BOTH, few=4),
    Asked("agreement_within", {"x": "r", "y": "r", "groups": "r"}, {"x": X, "y": Y, "groups": GROUPS}, SHUFFLED,
          **BOTH),
    Asked("crossnobis", {"a": "r", "b": "r"}, {"a": X, "b": X + 0.1 * Y[:, :3]}, constant="", shift="a b", few=1,
          answer=lambda d: np.sort(d)),
    _tables("mantel", more=SHUFFLED, constant="x y", shift="", scale="x y"),
    Asked("partial_mantel", {"x": "rr", "y": "rr", "z": "rr"},
          {"x": LOOK, "y": OTHER, "z": stats.squared_distances(FAR)}, SHUFFLED, constant="x y z", scale="x y z"),
    _tables("pair_correlation", more=DRAWN, constant="x y", few=0, answer=None),
    Asked("cophenetic_correlation", {"distances": "rr"}, {"distances": LOOK}, constant="distances", scale="distances"),
    Asked("dendrogram", {"distances": "rr"}, {"distances": LOOK}, constant="", answer=lambda t: np.sort(t.length)),
    Asked("triplet_agreement", {"distances": "rr", "covariance": "rr"}, {"distances": LOOK, "covariance": C}, SHUFFLED,
          constant="", few=4, scale="distances covariance"),
    Asked("nested_separability", {"x": "r", "child": "r", "parent": "r"}, {"x": X, "child": PAIRS, "parent": PARENTS},
          DRAWN | {"permutations": 3}, **SPACE),
    _kin("k_mult", more=SHUFFLED, **SPACE),
    _kin("blomberg_k", "trait", TRAIT, more=SHUFFLED, shift="trait", scale="trait"),
    _kin("pagel_lambda", "trait", TRAIT, shift="trait", scale="trait", answer=lambda f: f.lam),
    _kin("fit_evolution", "trait", TRAIT, more={"model": "ou"}, few=4, shift="trait",
         answer=lambda f: f.log_likelihood),
    _kin("spectral_randomisation", more=DRAWN | {"b": 2}, constant="", answer=lambda f: f.sum(axis=1), shift=""),
    Asked("pgls", {"y": "r", "X": "r", "covariance": "rr"}, {"y": TRAIT, "X": Y[:, :2], "covariance": C},
          constant="y X", few=4, shift="y", scale="y X", answer=lambda f: f.t[1:]),
    Asked("agreement_beyond_tree", KIN | {"y": "r"}, {"x": X, "y": Y, "covariance": C}, SHUFFLED, few=7, **BOTH),
    Asked("random_slopes", {"values": "r", "covariance": "rr"}, {"values": CURVES, "covariance": C}, {"x": SCALES},
          constant="values", answer=lambda f: f.mean),
    Asked("page", {"values": "r"}, {"values": CURVES}, {"x": SCALES}, constant="", few=0, scale="values"),
    _trait("aligned_beyond_phylogeny", more=SHUFFLED),
    _trait("partition", answer=lambda f: np.array([f.trait, f.shared, f.descent, f.rest])),
    _trait("by_rank", more=DRAWN | {"permutations": 3, "taxa": {}}, answer=lambda f: [r.share for r in f]),
    _trait("placebo_panel", more=DRAWN | {"placebos": 2, "permutations": 9}, answer=None),
    _trait("injected_power", more=DRAWN | {"null_values": [0.5], "draws": 2}, answer=None),
    Asked("predicted_beyond_tree", {"x": "r", "trait": "r", "covariance": "rr", "clades": "r"},
          {"x": X, "trait": TRAIT, "covariance": C, "clades": PAIRS}, DRAWN | {"permutations": 1}, few=7,
          constant="x trait", turn="x", shift="trait", scale="x trait"),
    Asked("bootstrap_ratio", {"parts": "r", "totals": "r"}, {"parts": SHARES[0], "totals": SHARES[1]}, DRAWN, few=0,
          constant="", answer=None),
    Asked("phylogenetic_ratio", {"parts": "r", "totals": "r", "covariance": "rr"},
          {"parts": SHARES[0], "totals": SHARES[1], "covariance": C}, DRAWN, few=0, constant="", answer=None),
    Asked("two_level", {"x": "r", "groups": "r"}, {"x": TRAIT, "groups": GROUPS}, DRAWN, few=0, constant="",
          answer=None),
    Asked("explained_share", SPAN, PLANE, few=0, constant="", scale="contrasts", by_row=True),
    Asked("energy_share", SPAN | {"other": "r"}, PLANE | {"other": X + 0.1}, few=0, constant="",
          scale="contrasts other"),
    Asked("norm_share", SPAN, PLANE, few=0, constant="", scale="contrasts"),
    Asked("variance_share", {"deviations": "r", "basis": "d"}, {"deviations": X, "basis": np.eye(3)[:, :2]}, few=1,
          constant="", scale="deviations"),
    Asked("shared_direction", {"contrasts": "r", "noise": "r"}, {"contrasts": X, "noise": np.full(N, 0.1)},
          {"flips": np.ones((1, N))}, few=1, constant="", turn="contrasts"),
    Asked("principal_angles", {"a": "r", "b": "r"}, {"a": X, "b": Y}, few=1, constant="a b", scale="a b"),
    Asked("projection_overlap", {"a": "r", "b": "r"}, {"a": X, "b": Y}, few=1, constant="a b", scale="a b"),
    Asked("matched_overlaps", {"basis": "r", "variances": "r"}, {"basis": X, "variances": SHARES[0]},
          DRAWN | {"q": 2, "b": 2}, few=1, constant="basis", scale="basis variances", answer=None),
    Asked("effective_species", {"covariance": "rr"}, {"covariance": C}, few=0, constant="", scale="covariance"),
    Asked("clades", {"covariance": "rr"}, {"covariance": C}, {"k": 3}, few=2, constant="", scale="covariance",
          answer=lambda codes: np.sort(np.bincount(codes))),
    Asked("held_out_clades", {"covariance": "rr"}, {"covariance": C}, few=0, constant="", scale="covariance",
          answer=lambda codes: np.sort(np.bincount(codes))),
    Asked("phylogenetic_axes", {"covariance": "rr"}, {"covariance": C}, few=0, constant="", scale="covariance",
          by_row=True, answer=np.abs),
    Asked("ou_covariance", {"covariance": "rr"}, {"covariance": C}, {"alpha": 0.3}, few=0, constant="",
          answer=lambda c: np.sort(c, axis=None)),
    Asked("simulate", {"covariance": "rr"}, {"covariance": C}, DRAWN, few=0, constant="", answer=None),
    Asked("evolved_together", {"traits": "r", "covariance": "rr"}, {"traits": X, "covariance": C}, DRAWN | {"count": 2},
          constant="traits", answer=lambda f: f[1]),
    Asked("partial_ranks", {"x": "rr", "y": "rr"}, {"x": LOOK, "y": OTHER}, DRAWN | {"draws": 99}, few=4,
          constant="x y", scale="x y"),
    Asked("phylo_permutations", {"covariance": "rr"}, {"covariance": C}, DRAWN | {"b": 2}, few=0, constant="",
          answer=None),
)  # fmt: skip
