"""Orthogonality: planted outside and inside the species span, and nowhere; and the traps around it."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds, nothing
from embedlab.measures.orthogonality import DEFAULT_AXES, orthogonality

SEX = ("sex", "female", "male")
OUTSIDE = Claim(id="a", says="Outside.", source="-", at_least=0.05)


def word(result):
    return judge([OUTSIDE], {"a": result.evidence})[0]


def ask(rng, permutations=199, axes=11, compare=False, **world):
    emb = dimorphic_birds(rng, **{"species": 12, "per_cell": 8, "d": 64, **world})
    return orthogonality(emb, SEX, axes=axes, permutations=permutations, compare=compare, rng=0)


@pytest.mark.parametrize("spectrum", ["flat", "power"])
def test_planted_outside_and_inside(rng, spectrum):
    outside, inside = (ask(rng, outside=o, spectrum=spectrum) for o in (1.0, 0.0))
    assert outside.evidence.estimate > 0.95 and word(outside).word == "supported"
    assert inside.evidence.estimate < 0.2 and word(inside).word == "contradicted"
    for found in (outside, inside):
        # the chance of an anisotropic space is not k/d: with a power spectrum noise fills the span
        if spectrum == "power":
            assert found.evidence.chance["mean"] < 1 - found.isotropic - 0.1
        assert found.isotropic == 11 / 64 and found.rank == 11
        low, high = found.evidence.interval  # cut at 0 and 1, or at an estimate beyond
        assert low < found.evidence.estimate <= high <= max(1, found.evidence.estimate)


@pytest.mark.parametrize("planted", [0.25, 0.75])
def test_the_planted_share_comes_back(rng, planted):
    # noise-free: unbiased up to what 8 + 8 birds tell of the span itself
    assert ask(rng, outside=planted).evidence.estimate == pytest.approx(planted, abs=0.1)


def test_a_large_raw_share_outside_alone_is_no_support(rng):
    """A contrast that points as noise does lies mostly outside any few axes: it must not be called orthogonal."""
    emb = dimorphic_birds(rng, species=12, per_cell=8, d=64, size=0.0, spectrum="flat")
    x = emb.float64()
    x += np.where(emb.column("sex").to_numpy() == "male", 0.5, -0.5)[:, None] * rng.normal(size=64)
    found = orthogonality(Embeddings(x.astype(np.float32), emb.rows, {}), SEX, permutations=199, rng=0)
    assert found.evidence.estimate > 0.8 and word(found).word in ("not supported", "too small to matter", "cannot tell")


def test_where_no_contrast_is_nothing_lies_anywhere(rng):
    for emb in (nothing(rng, per_species=20), dimorphic_birds(rng, size=0.0, per_cell=8)):
        result = orthogonality(emb, SEX, permutations=199, rng=0)
        assert min(result.evidence.p_more, result.evidence.p_less) >= result.p_contrast > 0.05
        found = word(result)
        assert (
            found.word == "cannot tell" and "shuffled labels reach the contrast female vs male as well" in found.reason
        )
        assert "is shown" not in str(result) and "is not shown" not in str(result)  # of what is not there, nothing is


def test_two_species_with_six_subspecies_cannot_tell_across_species(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=8, d=32)
    names = emb.column("species").unique(maintain_order=True).to_list()
    first = pl.Series([names.index(n) < 3 for n in emb.column("species")])
    rows = emb.rows.with_columns(
        subspecies=pl.col("species"), species=pl.Series(np.where(first, "Heliconius erato", "Heliconius melpomene"))
    )
    found = orthogonality(Embeddings(emb.x, rows, {}), SEX, groups=("species", "subspecies"), permutations=99, rng=0)
    assert len(found.groups) == 6 and found.species == ("Heliconius erato", "Heliconius melpomene")
    said = word(found)
    assert said.word == "cannot tell" and "2 species: a claim across species needs at least 5" in said.reason
    assert np.isfinite(found.evidence.estimate)  # the numbers within these species stand


def test_four_species_are_too_few_and_five_are_enough(rng):
    assert word(ask(rng, species=4, axes=None)).word == "cannot tell"
    # in 16 dimensions chance lies low enough for an excess to show
    assert word(ask(rng, species=5, axes=None, d=16)).word == "supported"


def test_only_one_species_spans_nothing(rng):
    with pytest.raises(ValueError, match="only one group, 'Babara baba', holds both kinds"):
        ask(rng, species=1)


def test_species_without_scatter_are_named_and_nothing_is_divided_by_0(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=8, d=16)
    first = [emb.column("species").index_of(s) for s in emb.column("species")]
    with pytest.raises(ValueError, match="do not vary within either sort: are they copies of one image"):
        orthogonality(Embeddings(emb.x[first], emb.rows, {}), SEX, permutations=9, rng=0)
    still = emb.column("species") == emb.column("species")[0]
    x = np.where(still.to_numpy()[:, None], emb.x[first], emb.x)
    with pytest.raises(ValueError, match=f"the vectors of {emb.column('species')[0]} do not vary"):
        orthogonality(Embeddings(x, emb.rows, {}), SEX, permutations=9, rng=0)
    flat = Embeddings(np.ascontiguousarray(emb.x[:, :1]), emb.rows, {})
    with pytest.raises(ValueError, match="vectors of 1 number have no direction"):
        orthogonality(flat, SEX, permutations=9, rng=0)


def test_each_cell_needs_four_because_halves_are_cross_fitted(rng):
    with pytest.raises(ValueError, match="no species has at least 4 individuals of both"):
        ask(rng, per_cell=3)


def test_sampling_does_not_leak_the_contrast_into_the_span(rng):
    """Fewer females lean plain species means towards the males: without balance the contrast would look inside."""
    found = ask(rng, outside=1.0, unequal=True, per_cell=12, noise=0.3)
    assert found.evidence.estimate > 0.9


def test_missing_sexes_are_left_out_and_said(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=8, d=32)
    sex = emb.column("sex").to_list()
    sex[::16] = [None] * len(sex[::16])
    found = orthogonality(Embeddings(emb.x, emb.rows.with_columns(sex=pl.Series(sex)), {}), SEX, permutations=49, rng=0)
    assert found.left_out[0].startswith("6 images without sex")


def test_units_rotation_and_order_change_nothing_that_matters(rng):
    emb = dimorphic_birds(rng, species=8, per_cell=10, d=32, noise=0.2)
    base = orthogonality(emb, SEX, permutations=49, rng=0).evidence.estimate
    turn = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    moved = Embeddings((9 * emb.float64() @ turn).astype(np.float32), emb.rows, {})
    assert orthogonality(moved, SEX, permutations=49, rng=0).evidence.estimate == pytest.approx(base, abs=1e-4)
    # another order deals other halves: the estimate moves by its own sampling, not more
    other = orthogonality(emb.take(rng.permutation(emb.n)), SEX, permutations=49, rng=0).evidence.estimate
    assert other == pytest.approx(base, abs=0.03)


def test_the_span_is_cut_where_asked(rng):
    assert ask(rng, axes=None, permutations=19).rank == DEFAULT_AXES
    found = ask(rng, axes=3, permutations=19)
    assert found.rank == 3 and found.curve.shape == (3, 5) and found.curve[-1, 1] == pytest.approx(found.share)
    assert ask(rng, axes=99, permutations=19).rank == 11  # no more than species less one


def test_the_same_seed_gives_the_same_bits(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=6, d=16)
    one, again = (orthogonality(emb, SEX, permutations=29, rng=5) for _ in range(2))
    assert one.evidence.interval == again.evidence.interval
    for kind in ("spectrum-matched", "shuffled labels", "sphere-preserving", "isotropic"):
        assert (one.nulls[kind] == again.nulls[kind]).all()


def test_results_say_what_they_are(rng):
    found = ask(rng, permutations=49)
    assert "outside 11 axes that tell 12 groups apart" in str(found) and "isotropic: 83%" in str(found)
    assert "A cosine near zero alone says nothing in 64 dimensions" in found.caption
    assert found.table().height == 12
    part, total = found.parts
    assert part.sum() / total.sum() == pytest.approx(found.evidence.estimate)


def test_chance_is_as_long_as_what_was_observed():
    """Draws whose length varies give shares far above 1, which no contrast can beat, however orthogonal."""
    rng = np.random.default_rng(5)
    scale, x = np.r_[np.ones(12), np.full(36, 0.5)], []  # species differ along the 12 axes of much noise
    for _ in range(24):
        centre = np.r_[3 * rng.standard_normal(12), np.zeros(36)]
        centre = centre + np.eye(48)[40] * np.array([[-1.2], [1.2]])  # all sexes differ along one quiet axis
        x.append(centre.repeat(6, axis=0) + scale * rng.standard_normal((12, 48)))
    rows = {
        "image_id": [str(i) for i in range(24 * 12)],
        "species": np.repeat([f"s{i:02}" for i in range(24)], 12).tolist(),
        "sex": (["female"] * 6 + ["male"] * 6) * 24,
    }
    found = orthogonality(Embeddings(np.vstack(x), rows, {}), SEX, permutations=199, rng=0)
    assert found.evidence.estimate > 0.9 and found.evidence.chance["high"] < 1.1


def test_other_forms_and_inner_products_stand_beside(rng):
    found = ask(rng, outside=1.0, noise=0.3, permutations=99, axes=5, compare=True)
    products = {row["product"]: row for row in found.products.iter_rows(named=True)}
    assert list(products) == ["tangent", "unit", "raw", "centred", "whitened", "unseen species"]
    assert products["tangent"]["outside"] == found.evidence.estimate
    assert (products["tangent"]["low"], products["tangent"]["high"]) == found.evidence.interval
    for row in products.values():
        assert row["outside"] > 0.9 and row["low"] <= row["outside"] <= row["high"]
        assert row["chance_low"] <= row["chance"] <= row["chance_high"]
    forms = {row["form"]: row for row in found.forms.iter_rows(named=True)}
    assert forms["energy, cross-fitted and noise-free"]["inside"] == found.share
    for name in ("energy, plain", "variance within groups"):
        assert forms[name]["isotropic"] == 5 / 64 and 0 < forms[name]["inside"] < 0.3
    norm = forms["norm, plain"]
    assert norm["isotropic"] == pytest.approx(np.sqrt(rng.beta(2.5, 29.5, 100_000)).mean(), abs=0.002)
    assert norm["spectrum_matched"] > forms["energy, plain"]["spectrum_matched"]  # norms and energies do not compare
    assert 0 <= forms["overlap with the first 2 axes of the contrasts"]["inside"] < 0.2
    assert "norm, plain" in found.caption
    bare = orthogonality(dimorphic_birds(rng, per_cell=4, d=16), SEX, permutations=19, compare=False, rng=0)
    assert bare.products.is_empty() and bare.forms.is_empty() and "norm" not in bare.caption


def test_whitening_undoes_a_stretched_space(rng):
    """Stretch the axes of the span: raw products put noise and contrast there, whitened ones do not care."""
    emb = dimorphic_birds(rng, species=10, per_cell=10, d=24, outside=0.5, noise=0.4)
    stretch = np.diag(np.r_[np.full(8, 4.0), np.ones(16)])
    moved = Embeddings((emb.float64() @ stretch).astype(np.float32), emb.rows, {})
    told = [
        {
            r["product"]: r["outside"]
            for r in orthogonality(e, SEX, permutations=29, rng=0).products.iter_rows(named=True)
        }
        for e in (emb, moved)
    ]
    assert abs(told[0]["raw"] - told[1]["raw"]) > 0.1
    assert told[0]["whitened"] == pytest.approx(told[1]["whitened"], abs=0.08)


def test_the_sphere_alone_keeps_contrasts_out_of_the_span(rng):
    # few species, much noise: unit length forces differences off the mean direction of their species
    x = rng.normal(size=(5, 40))[np.repeat(np.arange(5), 40)] + rng.normal(size=(200, 40))
    rows = {"image_id": list(map(str, range(200))), "species": np.repeat(list("abcde"), 40).tolist(),
            "sex": ["female", "male"] * 100}  # fmt: skip
    found = orthogonality(Embeddings(x.astype(np.float32), rows, {}), SEX, permutations=199, rng=0)
    assert found.nulls["sphere-preserving"].mean() < 0.95 * found.isotropic


def test_less_than_half_of_chance_is_shown_or_not(rng):
    shown = ask(rng, outside=1.0, spectrum="power", noise=0.3)
    assert shown.equivalence.equivalent and shown.equivalence.bounds == (-np.inf, 0.5)
    chance = shown.nulls["spectrum-matched"].mean()
    assert shown.equivalence.statistic == pytest.approx(shown.share / chance)
    high = 1 - shown.evidence.interval[0]  # two-sided at 95 % there, one-sided here
    error = (high - shown.share) / chance / 2.2010  # t of 11 degrees of freedom
    assert shown.equivalence.interval[1] == pytest.approx(shown.equivalence.statistic + 1.7959 * error, rel=1e-3)
    assert "than half of what chance gives lies inside is shown (p = " in str(shown)
    assert not ask(rng, outside=0.5, spectrum="power").equivalence.equivalent  # not significant is not orthogonal
    assert ask(rng, species=4, axes=None).equivalence is None


def test_species_that_lend_the_span_are_not_asked(rng):
    from embedlab.measures.contrast import blocks
    from embedlab.measures.halves import folds

    emb = dimorphic_birds(rng, species=9, per_cell=5, d=16)
    cut = blocks(emb, SEX, least=4)
    cuts = folds(cut, 3, rng, apart=True)
    asked = np.array([(f.contrasts != 0).any(axis=1) for f in cuts])
    assert asked.shape == (8, 9) and (asked.sum(axis=0) == 4).all()  # each species in half of the folds
    assert set(asked.sum(axis=1)) == {4, 5}
    for f in cuts:
        assert (f.energy[(f.contrasts == 0).all(axis=1)] == 0).all()
        assert {b.group for b in f.held} == set(np.flatnonzero((f.contrasts != 0).any(axis=1)))


def test_sexes_that_differ_in_scatter_alone_do_not_differ_inside(rng):
    """Scaled to length 1, males that scatter further have shorter means: a difference along their own species."""
    words = []
    for _ in range(8):
        x = [m + w * rng.normal(size=(10, 40)) for m in 2 * rng.normal(size=(10, 40)) for w in (1.0, 2.5)]
        rows = {"image_id": list(map(str, range(200))), "species": np.repeat(list("abcdefghij"), 20).tolist(),
                "sex": (["female"] * 10 + ["male"] * 10) * 10}  # fmt: skip
        emb = Embeddings(np.vstack(x).astype(np.float32), rows, {})
        found = orthogonality(emb, SEX, permutations=99, compare=True, rng=rng)
        products = {r["product"]: r["outside"] for r in found.products.iter_rows(named=True)}
        assert products["unit"] < 0.65  # "most of it lies inside"
        words.append(word(found).word)
    assert "cannot tell" in words and not {"contradicted", "supported"} & set(words)
