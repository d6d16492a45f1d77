"""Blocks: who may be compared with whom, and who is left out and why."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds, photo_bursts
from embedlab.measures.contrast import Contrast, blocks, tangent

SEX = ("sex", "female", "male")


def birds(sex, species=None, **columns):
    n = len(sex)
    x = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    rows = {"image_id": [str(i) for i in range(n)], "species": species or ["Parus major"] * n, "sex": sex, **columns}
    return Embeddings(x, pl.DataFrame(rows), {})


def test_missing_labels_are_no_class():
    cut = blocks(birds(["male", None, "female", "male", "female", None, "unknown"]), SEX)
    assert [len(b.x) for b in cut.blocks] == [4]
    assert cut.blocks[0].is_b.tolist() == [True, False, True, False]
    assert cut.left_out == ("3 images without sex (female or male) or species",)
    assert not any("None" in name for name in cut.groups)


def test_a_missing_species_is_no_species():
    cut = blocks(birds(["male", "female"] * 4, ["Parus major"] * 4 + [None] * 4), SEX)
    assert cut.species == ("Parus major",) and "4 images without sex" in cut.left_out[0]


def test_where_no_species_is_known_nothing_can_be_compared():
    nameless = birds(["male", "female"] * 4, [None] * 8, individual=list("aabbccdd"))
    with pytest.raises(ValueError, match="no species has at least 2 individuals of both"):
        blocks(nameless, SEX)


def test_photographs_of_one_animal_are_one_unit(rng):
    burst = photo_bursts(rng, species=3, individuals=3, photos=8)
    cut = blocks(burst, SEX)
    assert cut.unit == "individuals" and [len(b.x) for b in cut.blocks] == [6] * 3
    x = burst.unit().float64()
    whose = burst.column("individual").to_numpy()
    first = np.stack([x[whose == w].mean(axis=0) for w in dict.fromkeys(whose.tolist())])[:6]
    assert np.sort(cut.blocks[0].x, axis=0) == pytest.approx(np.sort(first, axis=0), abs=1e-7)  # float32 inside


def test_an_animal_without_a_name_is_itself():
    cut = blocks(birds(["male"] * 4 + ["female"] * 3, individual=["a", "a", None, None, "b", "c", "c"]), SEX)
    assert cut.blocks[0].is_b.sum() == 3 and (~cut.blocks[0].is_b).sum() == 2


def test_an_animal_without_a_name_is_not_one_whose_name_is_a_number():
    # row 2 has no name; another animal is called 2
    cut = blocks(birds(["male"] * 4 + ["female"] * 2, individual=[0, 1, None, 2, 3, 4]), SEX)
    assert cut.blocks[0].is_b.sum() == 4


@pytest.mark.parametrize(("values", "pair"), [([0, 1], (0, 1)), ([0, 1], ("0", "1")), ([False, True], (False, True))])
def test_kinds_may_be_numbers_or_truths(values, pair):
    cut = blocks(birds(values * 3), ("sex", *pair))
    assert cut.blocks[0].is_b.tolist() == [False, True] * 3


def test_one_animal_under_two_stages_is_two_units():
    emb = birds(["male"] * 4, individual=["a"] * 4, life_stage=["adult", "juvenile"] * 2)
    twice = Embeddings(emb.x, emb.rows.with_columns(individual=pl.Series(["a", "a", "b", "b"])), {})
    cut = blocks(twice, ("life_stage", "juvenile", "adult"))
    assert len(cut.blocks[0].x) == 4


def test_species_with_too_few_are_named():
    cut = blocks(birds(["male", "female"] * 2 + ["male"] * 3, ["Parus major"] * 4 + ["Corvus corax"] * 3), SEX)
    assert cut.species == ("Parus major",)
    assert cut.left_out == ("1 species with fewer than 2 images of female or of male (Corvus corax)",)
    with pytest.raises(ValueError, match="no species has at least 3 images of both 'female' and 'male'"):
        blocks(birds(["male", "female"] * 2), SEX, least=3)


def test_strata_part_the_blocks():
    emb = birds(["male", "female"] * 4, life_stage=["adult"] * 4 + ["juvenile"] * 4)
    cut = blocks(emb, SEX, strata=("life_stage",))
    assert len(cut.blocks) == 2 and cut.groups == ("Parus major",)
    assert len(list(cut.of(0))) == 2


def test_finer_groups_know_their_species():
    emb = birds(["male", "female"] * 4, subspecies=["minor"] * 4 + ["major"] * 4)
    cut = blocks(emb, SEX, groups=("species", "subspecies"))
    assert cut.groups == ("Parus major major", "Parus major minor")
    assert cut.species == ("Parus major", "Parus major")


def test_the_order_of_rows_does_not_matter(rng):
    emb = dimorphic_birds(rng, species=4, per_cell=4, d=8)
    order = rng.permutation(emb.n)
    for a, b in zip(blocks(emb, SEX).blocks, blocks(emb.take(order), SEX).blocks, strict=True):
        assert np.sort(a.x[a.is_b], axis=0) == pytest.approx(np.sort(b.x[b.is_b], axis=0), abs=0)


def test_what_is_no_contrast_is_refused():
    assert Contrast.of(SEX) == Contrast("sex", "female", "male") == Contrast.of(Contrast(*SEX))
    for wrong in ("sex", ("sex", "male")):
        with pytest.raises(ValueError, match=r"a contrast is \(column, a, b\)"):
            Contrast.of(wrong)
    with pytest.raises(ValueError, match=r"holds neither 'female' nor 'male'; it holds \['F', 'M'\]"):
        blocks(birds(["F", "M"] * 3), SEX)
    with pytest.raises(KeyError, match="no column 'seks'; closest: 'sex'"):
        blocks(birds(["male", "female"] * 3), ("seks", "female", "male"))
    one = birds(["male", "female"] * 3)
    one = Embeddings(np.ascontiguousarray(one.x[:, :1]), one.rows, {})
    with pytest.raises(ValueError, match="vectors of 1 number have no direction to compare, only a sign"):
        blocks(one, SEX)  # of length 1 they are 1 or -1, and what does not vary was taken for copies of one image
    assert blocks(one, SEX, unit=False).groups == ("Parus major",)


def test_animals_on_both_sides_are_said():
    cut = blocks(birds(["male", "female"] * 4, individual=["a", "a", "b", "c", "d", "e", "f", "f"]), SEX)
    assert cut.left_out == ("2 individuals stand on both sides, taken as independent: the test is conservative",)


def test_tangent_takes_off_what_lies_along_the_species_and_nothing_else(rng):
    cut = blocks(dimorphic_birds(rng, species=3, per_cell=5, d=8), SEX)
    for before, after in zip(cut.blocks, tangent(cut).blocks, strict=True):
        axis = before.x.mean(axis=0) / np.linalg.norm(before.x.mean(axis=0))
        assert after.x @ axis == pytest.approx(np.full(10, np.linalg.norm(before.x.mean(axis=0))))
        flat = np.eye(8) - np.outer(axis, axis)
        assert after.x @ flat == pytest.approx(before.x @ flat)
        assert (after.is_b == before.is_b).all() and after.group == before.group
    assert tangent(cut).groups == cut.groups
