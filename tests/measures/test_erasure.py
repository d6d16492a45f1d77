"""What is read where: a contrast planted outside, inside and nowhere; erasure both ways; sizes that must not win."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.erasure import erasure

SEX = ("sex", "female", "male")


def ask(rng, permutations=99, axes=None, **world):
    emb = dimorphic_birds(rng, **{"species": 12, "per_cell": 10, "d": 40, "noise": 0.4, **world})
    return erasure(emb, SEX, axes=axes, permutations=permutations, rng=0)


def told(found, what, where):
    row = found.readings.filter((pl.col("what") == what) & (pl.col("where") == where))
    return row.row(0, named=True)


def test_a_contrast_outside_survives_the_species_and_they_survive_it(rng):
    found = ask(rng, outside=1.0, axes=11)
    assert found.evidence.estimate > 0.9 and found.evidence.p_more == 0.01
    after = told(found, "contrast", "species erased")
    assert after["accuracy"] == found.evidence.estimate and after["kept"]
    assert told(found, "species", "contrast erased")["kept"]
    assert told(found, "contrast", "outside, main")["accuracy"] > 0.9
    assert told(found, "contrast", "inside the span")["accuracy"] < 0.65


def test_a_contrast_inside_goes_with_the_species(rng):
    found = ask(rng, outside=0.0, axes=11, size=0.7)
    after = told(found, "contrast", "species erased")
    assert after["change"] < -0.15 and after["kept"] is False
    assert (
        told(found, "contrast", "outside, random")["accuracy"] < told(found, "contrast", "inside the span")["accuracy"]
    )


def test_where_no_contrast_is_none_is_read(rng):
    found = ask(rng, size=0.0)
    for where in found.readings.filter(pl.col("what") == "contrast")["where"]:
        row = told(found, "contrast", where)
        assert row["chance"] == pytest.approx(0.5, abs=0.03) and abs(row["accuracy"] - 0.5) < 0.12
    assert found.evidence.p_more > 0.05


def test_unequal_numbers_do_not_leak_the_contrast_into_the_species(rng):
    found = ask(rng, outside=1.0, unequal=True, per_cell=14, axes=11)
    assert told(found, "contrast", "species erased")["accuracy"] > 0.9
    assert told(found, "contrast", "inside the span")["accuracy"] < 0.7


def test_changes_are_means_of_what_each_species_lost(rng):
    found = ask(rng, permutations=19)
    whole = told(found, "contrast", "whole space")
    for row in found.readings.filter(pl.col("what") == "contrast").iter_rows(named=True):
        if row["where"] != "whole space":
            assert row["change"] == pytest.approx(row["accuracy"] - whole["accuracy"])
    assert np.isnan(whole["change"]) and whole["kept"] is None
    assert told(found, "species", "whole space")["chance"] == pytest.approx(1 / 12)


def test_rotation_and_scale_do_not_matter(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=8, d=16, size=0.5)
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    moved = Embeddings((3 * emb.float64() @ turn).astype(np.float32), emb.rows, {})
    one, two = (erasure(e, SEX, permutations=9, rng=0).readings for e in (emb, moved))
    for a, b in zip(one.iter_rows(named=True), two.iter_rows(named=True), strict=True):
        if "random" not in a["where"]:  # drawn in the axes that the space has
            assert a["accuracy"] == pytest.approx(b["accuracy"], abs=0.05)  # single rows at the threshold


def test_too_little_is_refused_or_said(rng):
    with pytest.raises(ValueError, match="at least 4"):
        ask(rng, per_cell=3)
    with pytest.raises(ValueError, match="only one species"):
        ask(rng, species=1)
    assert "4 species" in ask(rng, species=4, permutations=19).evidence.cannot_tell


def test_strata_are_balanced_and_results_say_what_they_are(rng):
    emb = dimorphic_birds(rng, species=6, per_cell=16, d=24)
    stage = pl.Series(np.where(np.arange(emb.n) % 2, "adult", "juvenile"))
    found = erasure(Embeddings(emb.x, emb.rows.with_columns(life_stage=stage), {}), SEX, strata=("life_stage",),
                    permutations=19, rng=0)  # fmt: skip
    assert str(found).startswith("female vs male is read right in") and "points" in str(found)
    assert "5 of 24 dimensions each" in found.caption and found.rank == 5
    assert found.table().height == 8
