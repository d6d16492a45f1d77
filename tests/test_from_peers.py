"""docs/from-peers.md: each of our calls runs as it stands there, and gives what the peer gives on the peer's own data.

A row of a table is a pair: the peer's words in the first cell, ours in the second. Ours are evaluated once among the
invented data of the page, and once among the data of the golden case named below, whose answer must come out. Rows
without a case are listed with the reason.
"""

import re
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from embedlab.data import Tree
from tests.golden.conftest import Case, within_monte_carlo
from tests.golden.test_golden_similarity import scaled, scores, table
from tests.pages import DOCS, blocks, known

PAGE = DOCS / "from-peers.md"
ROW = re.compile(r"^\| (`?)(?P<there>.+?)\1 \| `(?P<here>.+?)` \| (?P<mind>.*)\|$", re.MULTILINE)


class Pair(NamedTuple):
    """The section of the page, the call that a reader knows, and ours."""

    section: str
    there: str
    here: str


def pairs() -> list[Pair]:
    found = []
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        section = part.split("\n", 1)[0].split(" ")[0].strip(",")
        found += [Pair(section, m["there"], m["here"]) for m in ROW.finditer(part)]
    return found


def page() -> dict:
    """The names that the first block of the page gives: its invented data, and what it imports."""
    namespace: dict = {}
    exec(compile(blocks(PAGE)[0].text, str(PAGE), "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def invented():
    return page()


PAIRS = pairs()
PYTHON = [pair for pair in PAIRS if not pair.here.startswith("embedlab")]


def test_every_row_of_the_tables_is_a_pair():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| there | here |")]
    assert len(PAIRS) == len(rows) - len(heads) and len(heads) == 6


@pytest.mark.parametrize("pair", PYTHON, ids=lambda p: f"{p.section}: {p.here[:50]}")
def test_our_call_runs_as_it_stands(pair, invented):
    assert eval(pair.here, dict(invented)) is not None


@pytest.mark.parametrize("pair", [p for p in PAIRS if p.here.startswith("embedlab")], ids=lambda p: p.here[:50])
def test_our_command_is_one(pair):
    known(pair.here.split()[1:], "from-peers.md")


# ---- the data of the peers' own answers


def distances(case: Case) -> dict:
    return {f"d{i}": case.matrix(key)[0] for i, key in enumerate("xyz", start=1) if key in case.inputs}


def in_blocks(case: Case) -> dict:
    return distances(case) | {"site": np.array(case.inputs["blocks"])}


def meadows(case: Case) -> dict:
    at = pl.read_csv(case.path("env"))
    column = case.inputs.get("column", "Management")
    return {"d1": case.matrix("dist")[0], "groups": at[column].to_numpy(), "trait": at["A1"].to_numpy()}


def two_tables(case: Case) -> dict:
    return {"x": scores(case, "X"), "y": scores(case, "Y")}


def one_table(case: Case) -> dict:
    return {"x": table(case, "X")}


def chemistry(case: Case) -> dict:
    rows = pl.read_csv(case.path("table"))
    return {k.lower(): scaled(rows.select(case.inputs[k]).to_numpy().astype(float)) for k in "XY"}


def plants(case: Case) -> dict:
    given = pl.read_csv(case.path("taxonomy"))
    ranks = {"genus": "Genus", "family": "Family", "order": "Order", "class": "Superorder", "phylum": "Subclass"}
    rows = {"species": given[:, 0], **{ours: given[name] for ours, name in ranks.items()}}
    return {"ranks": pl.DataFrame(rows).with_columns(kingdom=pl.lit("Plantae"))}


def species(case: Case) -> dict:
    traits, _ = case.species(case.inputs.get("columns"))
    return {"trait": traits[:, 0], "traits": traits, "c": case.structure(), "tree": Tree.read(case.path("tree"))}


def regression(case: Case) -> dict:
    return {
        "trait": case.species([case.inputs["x"]])[0],
        "other": case.species(case.inputs["Y"][:1])[0][:, 0],
        "c": case.structure(),
    }


def made_up_kinds(case: Case) -> dict:
    tree = Tree.read(case.path("tree"))
    kinds = dict(pl.read_csv(case.path("group")).select(pl.first(), "eco").iter_rows())
    values = dict(pl.read_csv(case.path("traits")).select(pl.first(), case.inputs["y"]).iter_rows())
    return {
        "groups": np.array([kinds[name] for name in tree.names]),
        "trait": np.array([values[name] for name in tree.names]),
        "c": tree.structure(tree.names),
    }


def many_p(case: Case) -> dict:
    return {"p": case.inputs["p"]}


def rdm_pair(case: Case) -> dict:
    inside = np.triu_indices(24, 1)
    return {"rdm1": case.matrix("x")[0][inside], "rdm2": case.matrix("y")[0][inside]}


def halves(case: Case) -> dict:
    x, of = table(case, "X"), pl.read_csv(case.path("X"))["species"].to_numpy()
    images = np.array([x[of == name] for name in np.unique(of)])
    return {"first": images[:, :12].mean(axis=1), "second": images[:, 12:].mean(axis=1)}


def four_rdms(case: Case) -> dict:
    return {"rdms": pl.read_csv(case.path("rdms"), has_header=False)[:4].to_numpy()}


# ---- what must come out: the number to a relative 1e-8 (1e-6 where the peer searched), p within four standard errors


def number(key, near=1e-8):
    return lambda found, e: float(found.statistic) == pytest.approx(e[key], rel=near)


def with_p(key, p, near=1e-8):
    return lambda found, e: number(key, near)(found, e) and within_monte_carlo(found.p_value, e[p], 999)


def row_of_table(found, e):
    model = e["table"][0]
    assert found.r_squared == pytest.approx(model["R2"], rel=1e-10)
    return found.statistic == pytest.approx(model["F"], rel=1e-10) and within_monte_carlo(
        found.p_value, model["Pr(>F)"], 999
    )


def of_protest(found, e):
    assert found.sum_of_squares == pytest.approx(e["ss"], rel=1e-10)
    return with_p("correlation", "p_value")(found, e)


def first_ten(found, e):
    return found[np.triu_indices(len(found), 1)][:10] == pytest.approx(e["first10"], rel=1e-10)


def in_hundredths(found, e):
    return found[np.triu_indices(len(found), 1)].sum() * 100 / 6 == pytest.approx(e["sum_false"], rel=1e-10)


def as_likely(found, e):
    return found.log_likelihood >= e["logL"] - 1e-6


def line(found, e):
    return found.coefficients == pytest.approx(np.array(e["beta"])[:, 0], rel=1e-8)


def of_anova(found, e):
    return within_monte_carlo(found, e["p_phylo_approx"], 999)


def brownian(found, e):
    return found.log_likelihood == pytest.approx(e["BM"]["lnL"], rel=1e-8)


def squares(found, e):
    return np.square(found).sum() == pytest.approx(e["sum_sq"], rel=1e-8)


def equal(key):
    return lambda found, e: np.asarray(found) == pytest.approx(np.array(e[key]), rel=1e-9)


def ceiling(found, e):
    return (found.lower, found.upper) == pytest.approx((e["lower"], e["upper"]), rel=1e-10)


GOLDEN = {
    "mantel(d1, d2)": ("vegan", "vegan_mantel_doc", distances, with_p("statistic", "p_value")),
    'mantel(d1, d2, method = "spearman")': (
        "vegan", "vegan_mantel_spearman", distances, with_p("statistic", "p_value")),
    "mantel(d1, d2, strata = site)": ("vegan", "vegan_mantel_blocks", in_blocks, with_p("statistic", "p_value")),
    "mantel.partial(d1, d2, d3)": (
        "vegan", "vegan_mantel_partial_pearson", distances, with_p("statistic", "p_value")),
    "adonis2(d1 ~ groups)": ("vegan", "vegan_adonis2_oneway", meadows, row_of_table),
    "adonis2(d1 ~ trait)": ("vegan", "vegan_adonis2_A1_continuous", meadows, row_of_table),
    "protest(x, y)": ("vegan", "vegan_protest", two_tables, of_protest),
    "CCorA(y, x)$CanCorr": ("vegan", "vegan_CCorA", chemistry, equal("cancorr")),
    'vegdist(x, "euclidean")': ("vegan", "vegan_vegdist_euclidean", one_table, first_ten),
    'vegdist(x, "chord")': ("vegan", "vegan_vegdist_chord", one_table, first_ten),
    "taxa2dist(ranks, varstep = FALSE)": ("vegan", "vegan_taxa2dist", plants, in_hundredths),
    'phylosig(tree, trait, method = "K", test = TRUE)': (
        "phytools", "phytools_phylosig_K_geospiza_beakD", species, with_p("K", "p_perm999", 1e-6)),
    'phylosig(tree, trait, method = "lambda")': (
        "phytools", "phytools_phylosig_lambda_geospiza_beakD", species, as_likely),
    "physignal(traits, tree)": (
        "geomorph", "geomorph_physignal_geospiza5", species, with_p("Kmult", "p", 1e-6)),
    "phyl.resid(tree, trait, other)": ("phytools", "phytools_phyl_resid_BM", regression, line),
    "phylANOVA(tree, groups, trait)": ("phytools", "phytools_phylANOVA", made_up_kinds, of_anova),
    'fitContinuous(tree, trait, model = "BM")': (
        "geiger", "geiger_fitContinuous_geospiza_beakD", species, brownian),
    "pic(trait, tree)": ("ape", "ape_pic_geospiza_beakD", species, squares),
    'p.adjust(p, "holm")': ("r-stats", "stats_p_adjust", many_p, equal("holm")),
    'p.adjust(p, "BH")': ("r-stats", "stats_p_adjust", many_p, equal("BH")),
    'compare(rdm1, rdm2, method="corr")': ("rsatoolbox", "rsatoolbox_compare", rdm_pair, equal("corr")),
    'calc_rdm(data, method="crossnobis", descriptor="species", cv_descriptor="run")': (
        "rsatoolbox", "rsatoolbox_crossnobis", halves, equal("crossnobis_identity_noise")),
    'boot_noise_ceiling(rdms, method="corr")': (
        "rsatoolbox", "rsatoolbox_noise_ceiling_corr", four_rdms, ceiling),
}  # fmt: skip
NO_CASE = {
    "adonis2(d1 ~ groups, strata = site)": "no golden case; tests/stats/test_permanova.py asks it by brute force",
    "fastBM(tree, nsim = 99)": "random; its moments are asked in tests/stats/test_evolution.py",
    "cophenetic(tree)": "asked of scikit-bio below",
    "vcv(tree)": "asked of the distances below",
    "keep.tip(tree, tree$tip.label[1:5])": "asked of scikit-bio below",
}


@pytest.mark.parametrize("there", GOLDEN)
def test_our_call_gives_the_peers_answer(there, shared):
    (ours,) = {pair.here for pair in PAIRS if pair.there == there and pair.section != "scikit-bio"}
    file, name, data, right = GOLDEN[there]
    case = Case(shared, file, name)
    namespace = page()  # one of its own, since `f` of the page looks up `groups` where it was defined
    namespace |= data(case) | {"rng": np.random.default_rng(0)}
    found = eval(ours, namespace)
    assert right(found, case.expected), f"{ours} gave {found}; {name} says {case.expected}"


def test_no_pair_of_r_or_rsatoolbox_goes_unasked():
    asked = {p.there for p in PAIRS if p.section in ("vegan", "phytools", "rsatoolbox")}
    assert asked == {*GOLDEN, *NO_CASE}


@pytest.mark.parametrize("pair", [p for p in PAIRS if p.section == "scikit-bio"], ids=lambda p: p.there)
def test_scikit_bio_gives_the_same_today(pair, invented):
    skbio = pytest.importorskip("skbio", reason="scikit-bio is not installed (extra bench)")
    from skbio.stats.distance import mantel, permanova

    names = invented["tree"].names
    theirs = dict(
        mantel=mantel,
        permanova=permanova,
        d1=skbio.DistanceMatrix(invented["d1"], names),
        d2=skbio.DistanceMatrix(invented["d2"], names),
        groups=invented["groups"],
        pt=skbio.TreeNode.read([invented["tree"].newick()]),
        qt=skbio.TreeNode.read([invented["other_tree"].newick()]),
    )
    there, here = eval(pair.there, theirs), eval(pair.here, invented | {"rng": np.random.default_rng(0)})
    if pair.there.startswith("mantel"):
        assert here.statistic == pytest.approx(there[0], rel=1e-10)
        assert within_monte_carlo(here.p_value, there[1], 999)
    elif pair.there.startswith("permanova"):
        assert here.statistic == pytest.approx(there["test statistic"], rel=1e-10)
        assert within_monte_carlo(here.p_value, there["p-value"], 999)
    elif "cophenet" in pair.there:
        assert here == pytest.approx(there.filter(names).data, rel=1e-9)
        shared_path = invented["tree"].covariance()  # vcv: of an ultrametric tree of depth 1
        assert here == pytest.approx(2 * (1 - shared_path), rel=1e-9, abs=1e-9)
        five = invented["tree"].prune(names[:5])
        assert five.distances() == pytest.approx(here[:5, :5], rel=1e-9)
    else:
        assert here[0] == there
