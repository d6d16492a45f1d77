"""Separation: found where planted, flat where not, animals and not photographs."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds, nothing, photo_bursts
from embedlab.lab import Lab
from embedlab.measures.contrast import blocks
from embedlab.measures.separation import between_species, energies, separation
from embedlab.stats.scatter import fisher_ratio
from embedlab.study import ask, load_analysis

SEX = ("sex", "female", "male")


def word(result, at_least=0.005):
    return judge([Claim(id="a", says="They differ.", source="-", at_least=at_least)], {"a": result.evidence})[0]


def test_it_is_the_fisher_ratio_of_each_species(rng):
    emb = dimorphic_birds(rng, species=4, per_cell=5, d=12, unequal=True)
    found = separation(emb, SEX, permutations=9, rng=0)
    x, sex = emb.unit().float64(), emb.column("sex").to_numpy()
    wanted = fisher_ratio(x, sex, by=emb.column("species").to_numpy())
    assert found.ratio == pytest.approx(wanted, rel=1e-9)
    assert found.evidence.estimate == pytest.approx(wanted.mean())
    part, total = found.parts
    assert part.sum() / total.sum() == pytest.approx(found.evidence.estimate)


def test_a_planted_contrast_is_found_and_chance_is_near_0(rng):
    found = separation(dimorphic_birds(rng, size=1.0), SEX, permutations=199, rng=0)
    assert word(found).word == "supported" and found.evidence.p_more == 1 / 200
    assert abs(found.evidence.chance["mean"]) < 0.02 < found.evidence.interval[0]
    assert found.evidence.n == 12 and found.unit == "individuals"


def test_where_nothing_is_nothing_is_found(rng):
    found = separation(nothing(rng), SEX, permutations=199, rng=0)
    assert word(found).word in ("not supported", "too small to matter")
    assert abs(found.evidence.estimate) < 0.05


def test_monomorphic_species_stay_at_0_beside_dimorphic_ones(rng):
    apart, alike = dimorphic_birds(rng, species=6, d=32), dimorphic_birds(rng, species=6, d=32, size=0.0)
    rows = [e.rows.with_columns(species=pl.col("species") + f" {k}", image_id=pl.col("image_id") + k,
                                individual=pl.col("individual") + k)
            for e, k in ((apart, "a"), (alike, "b"))]  # fmt: skip
    found = separation(Embeddings(np.vstack([apart.x, alike.x]), pl.concat(rows), {}), SEX, permutations=99, rng=0)
    is_apart = np.array([s.endswith(" a") for s in found.species])
    assert found.ratio[is_apart].min() > 0.2
    # 6 species of 6 + 6 animals in 32 dimensions: the ratio's own noise is about .03
    assert abs(found.ratio[~is_apart].mean()) < 0.05


def test_unequal_numbers_do_not_pass_for_a_difference(rng):
    ps = [
        separation(dimorphic_birds(rng, species=6, d=16, size=0.0, unequal=True), SEX, permutations=39, rng=i)
        for i in range(40)
    ]
    assert np.mean([p.evidence.p_more <= 0.05 for p in ps]) <= 0.05 + 4 * 0.035  # Monte-Carlo error of 40 worlds


def test_photo_bursts_deceive_the_naive_test_and_not_ours():
    naive, ours = [], []
    for seed in range(25):
        burst = photo_bursts(np.random.default_rng(seed))
        ours.append(separation(burst, SEX, permutations=39, rng=0).evidence.p_more)
        alone = Embeddings(burst.x, burst.rows.drop("individual"), {})
        naive.append(separation(alone, SEX, permutations=39, rng=0).evidence.p_more)
    assert np.mean(np.array(naive) <= 0.05) > 0.8
    assert np.mean(np.array(ours) <= 0.05) <= 0.05 + 4 * 0.044  # s.e. of 25 worlds at .05


def test_balanced_over_stages_the_stage_is_not_taken_for_the_sex(rng):
    # adults are mostly male and juveniles mostly female; the stage differs, the sexes do not
    stages = dimorphic_birds(rng, species=6, per_cell=8, d=24, column="life_stage", levels=("juvenile", "adult"))
    adult = stages.column("life_stage").to_numpy() == "adult"
    turn = np.tile(np.arange(8), stages.n // 8)
    sex = np.where(adult, np.where(turn < 6, "male", "female"), np.where(turn < 2, "male", "female"))
    emb = Embeddings(stages.x, stages.rows.with_columns(sex=pl.Series(sex)), {})
    fooled = separation(emb, SEX, permutations=99, rng=0)
    balanced = separation(emb, SEX, strata=("life_stage",), permutations=99, rng=0)
    assert fooled.evidence.p_more <= 0.01 and balanced.evidence.p_more > 0.05
    assert abs(balanced.evidence.estimate) < fooled.evidence.estimate / 3


def test_the_sum_over_strata_is_written_out_right(rng):
    from embedlab.measures.contrast import blocks
    from embedlab.measures.separation import energies

    emb = dimorphic_birds(rng, species=3, per_cell=6, d=8)
    stage = pl.Series(["adult", "juvenile"] * (emb.n // 2))
    cut = blocks(Embeddings(emb.x, emb.rows.with_columns(life_stage=stage), {}), SEX, strata=("life_stage",))
    between, within, counts = energies(cut, None)
    for g in range(3):
        parts = [(b.x[~b.is_b], b.x[b.is_b]) for b in cut.of(g)]
        d = np.mean([m.mean(axis=0) - f.mean(axis=0) for f, m in parts], axis=0)
        noise = sum(np.trace(np.cov(p.T)) / len(p) for pair in parts for p in pair) / 4
        assert between[0, g] == pytest.approx(d @ d - noise, rel=1e-9)
        assert within[0, g] == pytest.approx(sum(np.trace(np.cov(p.T)) for pair in parts for p in pair) / 2)
        assert counts[g].tolist() == [6, 6]


def test_scale_rotation_and_order_do_not_matter(rng):
    emb = dimorphic_birds(rng, species=5, d=16)
    base = separation(emb, SEX, permutations=9, rng=0)
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    moved = Embeddings((7 * emb.float64() @ turn).astype(np.float32), emb.rows, {})
    assert separation(moved, SEX, permutations=9, rng=0).ratio == pytest.approx(base.ratio, rel=1e-4)  # float32
    order = rng.permutation(emb.n)
    assert separation(emb.take(order), SEX, permutations=9, rng=0).ratio == pytest.approx(base.ratio, rel=1e-6)


def test_two_species_cannot_tell(rng):
    found = word(separation(dimorphic_birds(rng, species=2, per_cell=20), SEX, permutations=199, rng=0))
    assert found.word == "cannot tell" and "with 2 species the smallest p-value" in found.reason


def test_one_species_gives_a_number_and_no_verdict(rng):
    found = separation(dimorphic_birds(rng, species=1, per_cell=20), SEX, permutations=99, rng=0)
    assert np.isfinite(found.evidence.estimate) and word(found).word == "cannot tell"


def test_the_same_seed_gives_the_same_bits(rng):
    emb = dimorphic_birds(rng, species=5)
    one, again = (separation(emb, SEX, permutations=49, rng=3) for _ in range(2))
    assert (one.evidence.null == again.evidence.null).all() and one.evidence.interval == again.evidence.interval
    with pytest.raises(TypeError, match="pass a seed"):
        separation(emb, SEX, rng=None)


def test_results_say_what_they_are(rng):
    found = separation(dimorphic_birds(rng, species=5), SEX, permutations=99, rng=0)
    assert str(found).startswith("Fisher ratio of female vs male: ") and "shuffled labels" in str(found)
    assert "labels shuffled within species, 99 times" in found.caption
    assert found.table().columns == ["species", "fisher_ratio", "between", "within", "n_female", "n_male"]
    assert found.table().height == 5


def test_vectors_that_are_all_the_same_are_refused():
    emb = Embeddings(
        np.ones((8, 3), np.float32),
        pl.DataFrame({"image_id": [str(i) for i in range(8)], "species": ["a"] * 8, "sex": ["female", "male"] * 4}),
        {},
    )
    with pytest.raises(ValueError, match="do not vary"):
        separation(emb, SEX, permutations=9, rng=0)


def test_subspecies_with_unequal_numbers_of_the_sexes_are_no_difference_of_the_sexes(rng):
    """Sexes that do not differ, but of which more females of one subspecies were taken and more males of the other."""
    x, rows = [], []
    for species in range(12):
        centre = 2 * rng.standard_normal(32)
        for sub, counts in enumerate(((8, 2), (3, 9))):
            for sex, n in zip(("female", "male"), counts, strict=True):
                x.append(centre + rng.standard_normal((n, 32)))
                rows += [(f"s{species:02}", f"{species}-{sub}", sex)] * n
            centre = centre + rng.standard_normal(32)
    table = pl.DataFrame(rows, schema=["species", "subspecies", "sex"], orient="row")
    emb = Embeddings(np.vstack(x), table.with_columns(image_id=pl.int_range(len(rows)).cast(pl.String)), {})
    assert word(separation(emb, SEX, permutations=199, rng=0)).word == "supported"  # pooled, they pass for one
    asked = ask("separation", lambda name, question: Lab(name=name, question=question, stores=[emb]))
    assert asked.verdicts[0].p_value > 0.05 and asked.verdicts[0].word != "supported"
    lab = Lab(name="scaling", stores=[emb])
    followed = load_analysis("scaling").measures(lab)["sex-separation-grows"](emb, np.random.default_rng(0))
    assert followed.evidence.p_more > 0.05


def test_species_energy_is_free_of_the_noise_of_means(rng):
    """Twenty draws of six animals a species: the mean is what many animals show; the plain one is far above it."""
    means = rng.normal(size=(30, 20))
    truth = np.trace(np.cov(means.T))

    def birds(each):
        sexes = np.array([-0.5, 0.5])[np.arange(each) % 2][:, None] * np.ones(20)
        x = means[:, None] + sexes + 2 * rng.normal(size=(30, each, 20))
        rows = {"image_id": [str(i) for i in range(30 * each)], "species": [f"s{i // each}" for i in range(30 * each)]}
        rows["sex"] = [("female", "male")[i % 2] for i in range(30 * each)]
        cut = blocks(Embeddings(x.reshape(-1, 20), rows, {}), SEX, unit=False)
        return between_species(cut, energies(cut, None)[1][0]), np.trace(np.cov(x.mean(axis=1).T))

    found, plain = np.mean([birds(6) for _ in range(20)], axis=0)
    assert found == pytest.approx(truth, rel=0.05) and plain > 1.4 * truth
    alone = separation(dimorphic_birds(rng, species=1, d=8), SEX, permutations=9, rng=0)
    assert np.isnan(alone.species_energy)
