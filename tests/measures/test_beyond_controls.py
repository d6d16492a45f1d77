"""Beyond controls: found where planted, silent where model and control are one process, no number over nothing."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, Evidence, judge
from embedlab.data.synthetic import brownian_traits, dimorphic_birds, random_tree
from embedlab.measures.beyond_controls import beyond_controls, exchanged, scale
from embedlab.measures.ends import beside
from embedlab.measures.separation import separation
from embedlab.study import run_analysis
from tests.stores import write_store

CLAIM = Claim(id="a", says="So.", source="-", at_least=0.05)
SEX = ("sex", "female", "male")


def study(rng, gap=0.0, *, species=30, runs=2, controls=2, silent=()):
    """Runs, controls and a measure that reads planted values; `silent` names those that cannot tell."""
    base, rows = rng.normal(size=species), {}

    def store(name, seed, more, **training):
        made = SimpleNamespace(card={"model": name, "training": {"seed": seed, **training}})
        noise = 0.3 * rng.standard_gamma(2.0, species) + 0.1 * rng.normal(size=species)
        rows[id(made)] = (base + more + noise, "nothing to divide by" if name in silent else "")
        return made

    own = [store("run", s, gap, images=100, steps=50) for s in range(runs)]
    own += [store("small", 0, -9.0, images=100, steps=5)]  # a smaller scale: never asked
    others = {"pixel PCA": [store("pixel PCA", s, 0.0, control="pixel PCA") for s in range(controls)]}

    def measure(made, rng):
        value, why = rows[id(made)]
        e = Evidence(statistic="planted", estimate=float(value.mean()), interval=(value.min(), value.max()),
                     null=rng.normal(size=20), chance_kind="none", p_more=1.0, p_less=1.0, p_floor=0.05, n=species,
                     n_effective=float(species), cannot_tell=why)  # fmt: skip
        return SimpleNamespace(evidence=e, species=tuple(f"s{i}" for i in range(species)),
                               parts=(value, np.ones(species)))  # fmt: skip

    return own, others, measure


def test_a_planted_gap_is_found_and_one_below_the_control_contradicts(rng):
    for gap, word in ((1.0, "supported"), (-1.0, "contradicted")):
        stores, controls, measure = study(rng, gap)
        found = beyond_controls(stores, controls, measure, rng=0)
        assert found.runs == ("run seed 0", "run seed 1")
        told = found.gaps["pixel PCA"]
        assert judge([CLAIM], {"a": told.evidence})[0].word == word
        by_hand = np.mean([measure(s, rng).parts[0] for s in stores[:2]], axis=0)
        by_hand = by_hand - np.mean([measure(s, rng).parts[0] for s in controls["pixel PCA"]], axis=0)
        np.testing.assert_allclose(told.by_species, by_hand)
        e = told.evidence
        assert e.estimate == pytest.approx(by_hand.mean()) == pytest.approx(found.values.mean() - told.value)
        assert e.n == 30 and e.p_floor == pytest.approx(1e-4) and "over 30 species" in str(found)
    assert found.table()["control"].to_list() == ["pixel PCA"] and "(2)" in found.caption


def test_model_and_control_of_one_process_are_seldom_told():
    told, p = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        e = beyond_controls(*study(rng, species=12 if seed % 2 else 24), rng=seed).gaps["pixel PCA"].evidence
        told.append((e.p_more <= 0.05, e.p_less <= 0.05, not e.interval[0] <= 0 <= e.interval[1]))
        p.append(e.p_more)
    assert (np.mean(told, axis=0) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)).all(), np.mean(told, axis=0)
    assert abs(np.mean(p) - 0.5) < 4 / np.sqrt(12 * 150) and np.quantile(p, 0.9) > 0.8  # flat, not piled up


def test_exchanging_by_hand(rng):
    null, p, floor = exchanged([1.0, -2.0, 4.0], rng)
    assert sorted(null * 3) == [-7, -5, -3, -1, 1, 3, 5, 7] and p == (3 / 8, 6 / 8) and floor == 1 / 8
    null, p, floor = exchanged(np.ones(20), rng)
    assert null.size == 9999 and p == (1e-4, 1.0) and floor == 1e-4


def test_what_cannot_tell_is_no_number_and_no_control(rng):
    for silent, who in (("pixel PCA", "pixel PCA cannot tell"), ("run", "the trained runs cannot tell")):
        found = beyond_controls(*study(rng, 1.0, silent=(silent,)), rng=0)
        gap = found.gaps["pixel PCA"]
        assert np.isnan(gap.evidence.estimate) and np.isnan(gap.by_species).all()
        assert np.isnan(gap.value) == (silent == "pixel PCA")
        said = judge([CLAIM], {"a": gap.evidence})[0]
        assert said.word == "cannot tell" and f"{who} (nothing to divide by)" in said.reason and who in str(found)


def test_a_series_shows_no_control_that_cannot_tell(rng):
    stores, controls, measure = study(rng, silent=("pixel PCA",))
    results = [measure(s, rng) for s in stores[:2]]
    values = np.array([r.parts[0] for r in results])
    own = {"pixel PCA": [measure(s, rng) for s in controls["pixel PCA"]]}
    (shown,) = beside(own, results, np.ones(2), values, results[0].species, rng)
    assert np.isnan([shown.value, shown.gap, *shown.interval, *shown.gap_interval]).all()
    assert str(shown) == "pixel PCA cannot tell (nothing to divide by)"
    own["pixel PCA"][0].parts = (values[0], np.zeros(30))  # a ratio over nothing
    for r in own["pixel PCA"]:
        r.evidence = results[0].evidence
    (shown,) = beside(own, results, np.ones(2), values, results[0].species, rng)
    assert np.isnan(shown.value) and "no finite value" in str(shown)


def test_the_scale_is_what_a_card_says():
    card = lambda **t: SimpleNamespace(card={"training": t})  # noqa: E731
    assert scale(card(images=10, steps=5, images_seen=7, species=3)) == (50.0, 3.0)
    assert scale(card(images_seen=7)) == (7.0, 0.0) and scale(SimpleNamespace(card={})) == (0.0, 0.0)


def test_refusals(rng):
    stores, controls, measure = study(rng)
    for own, others in ((stores, {}), ([], controls)):
        with pytest.raises(ValueError, match="what training brings is told beside a control"):
            beyond_controls(own, others, measure, rng=0)
    birds = [dimorphic_birds(np.random.default_rng(0), species=k, d=12) for k in (8, 9)]
    fisher = lambda e, r: separation(e, SEX, permutations=9, rng=r)  # noqa: E731
    with pytest.raises(ValueError, match="do not hold the same species"):
        beyond_controls(birds[:1], {"x": birds[1:]}, fisher, rng=0)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three scales, two seeds at the largest, a control with sexes as far apart, and one that is noise."""
    folder = tmp_path_factory.mktemp("beyond")
    tree = random_tree(np.random.default_rng(3), 14)
    (folder / "tree.nwk").write_text(tree.newick())
    means = 3 + 2 * brownian_traits(np.random.default_rng(0), tree, 12)
    side = np.random.default_rng(1).normal(size=12)

    def store(name, seed, apart, known, **training):
        rng = np.random.default_rng([seed, len(name)])
        x = known * np.repeat(means, 8, axis=0) + 0.5 * rng.normal(size=(112, 12))
        x += apart * np.outer(np.tile([-0.5, 0.5], 56), side)
        rows = {"image_id": [f"i{k}" for k in range(112)], "species": np.repeat(tree.names, 8).tolist()}
        rows = pl.DataFrame(rows | {"sex": ["female", "male"] * 56})
        training = {"seed": seed, **training}
        return write_store(folder / f"{name}-{seed}", x.astype(np.float32), rows, training=training)

    runs = [store("s", 0, 0.2, 1.0, images=10, steps=9), store("m", 0, 0.5, 1.0, images=20, steps=9)]
    runs += [store("l", s, 1.0, 1.0, images=40, steps=9, images_seen=99) for s in (0, 1)]
    controls = [store("pixels", 0, 1.0, 1.0, control="pixel PCA")]
    controls += [store("dealt", 0, 0.0, 0.0, control="shuffled labels", images=20, steps=9)]
    return runs, controls, folder / "tree.nwk"


FAST = {"permutations": "49", "episodes": "5"}


def test_the_analysis_judges_each_quantity_beside_each_control(world, tmp_path):
    runs, controls, tree = world
    found = run_analysis("controls", stores=[*controls, *runs], tree=tree, settings=FAST, out=tmp_path)
    words = {v.claim.id: v.word for v in found.verdicts}
    asked = set(found.results)
    assert {"5-shot", "sex-separation", "sex-outside-species", "kinship-order"} <= asked
    assert set(words) == {f"beyond-{c}-{q}" for c in ("pixels", "shuffled-labels") for q in asked}
    assert all(words[f"beyond-shuffled-labels-{q}"] == "supported" for q in ("5-shot", "sex-separation"))
    assert words["beyond-pixels-sex-separation"] != "supported"
    assert words["beyond-shuffled-labels-sex-outside-species"] == "cannot tell"  # no contrast to take a share of
    assert len(found.results["5-shot"].runs) == 2
    assert any("asked are 2 of 4 trained stores" in n for n in found.notes)
    assert any("shuffled labels: trained at another scale" in n for n in found.notes)
    for v in found.verdicts:
        assert v.claim.statistic and v.claim.null and v.claim.exclusions and v.numbers["unit"] == v.claim.unit
    says = {v.claim.id: v.claim.says for v in found.verdicts}["beyond-pixels-5-shot"]
    assert says == (
        "Species are named from five images better after training than the principal components of the pixels show."
    )
    assert (tmp_path / "5-shot.svg").is_file() and (tmp_path / "outcome.json").is_file()


def test_without_controls_it_says_why(world):
    runs, controls, tree = world
    for stores in (runs, controls):
        with pytest.raises(ValueError, match="no control stands among these stores"):
            run_analysis("controls", stores=stores, tree=tree, settings=FAST)
