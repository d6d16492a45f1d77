"""What a store holds: counts of taxa, and evenness beside species photographed equally often."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.stats import kstest

import embedlab as el
from embedlab.measures.composition import _seen


def photographed(counts, families=5):
    """A store of which only the rows matter: `counts[i]` images of species i, families in turn."""
    named = [(f"F{i % families}", f"A s{i:03d}") for i, n in enumerate(counts) for _ in range(n)]
    family, species = zip(*named, strict=True)
    return SimpleNamespace(rows=pl.DataFrame({"kingdom": ["K"] * len(named), "family": family, "species": species}))


def test_taxa_are_counted_and_their_diversity_is_josts():
    counts = np.arange(1, 41) ** 2
    found = el.composition(photographed(counts), rng=0)
    assert (found.within, found.of, found.n, found.units) == ("family", "species", counts.sum(), 40)
    share = counts / counts.sum()
    assert found.effective == pytest.approx(np.prod(share**-share)), "Jost's number of order 1, as a product"
    uneven = el.composition(photographed([8, 8, 8, 4, 4], families=2), "family", "species", rng=0)
    assert uneven.effective == pytest.approx(2 ** (0.75 * 2 + 0.25 * 3)), "quarters have 2 bits, eighths 3"
    assert found.half == 9, "of 22,140 images the nine commonest hold 11,244, the eight 10,220"
    assert set(found.table()["species"]) == {f"A s{i:03d}" for i in range(40)}, "names, beside how many"
    table = el.composition(photographed(counts), "family", "family").table()
    by_hand = {f"F{f}": int(counts[f::5].sum()) for f in range(5)}
    assert dict(table.select("family", "images").iter_rows()) == by_hand
    assert table["images"].is_sorted(descending=True) and table["n_species"].to_list() == [8] * 5
    assert found.effective < found.chance_low and "species" in str(found)


def test_chance_is_a_poisson_count_that_is_not_zero():
    for mean in (1.0, 1.08, 2.5, 30.0):
        drawn = _seen(np.random.default_rng(0), mean, 200_000)
        rate = np.clip(mean, 1e-9, None)
        for _ in range(200):  # the same equation, solved by repetition
            rate = mean * -np.expm1(-rate)
        rate = 0.0 if mean == 1 else rate
        assert drawn.min() >= 1 and drawn.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 200_000))
        assert drawn.var() == pytest.approx(mean * (1 + rate - mean), rel=0.03, abs=1e-9)


def test_evenness_of_equally_common_species_lies_in_its_chance():
    """200 stores of 60 species with one rate: the effective number is below its middle 95 % in few, and flat within."""
    rng, places, outside = np.random.default_rng(1), [], 0
    for _ in range(200):
        counts = rng.poisson(6.0, 60)
        found = el.composition(photographed(counts[counts > 0]), "family", "species", rng=rng)
        outside += not found.chance_low <= found.effective <= found.chance_high
        spread = (found.chance_high - found.chance_low) / 3.92
        places.append((found.effective - found.effective_chance) / spread)
    assert outside <= 19, "expected 10, sd 3.1"
    assert kstest(places, "norm").pvalue > 0.001


def test_ranks_are_chosen_or_named_and_images_without_a_name_are_told():
    counts = [3] * 100
    rows = photographed(counts, families=12).rows
    found = el.composition(SimpleNamespace(rows=rows), rng=0)
    assert (found.within, found.of) == ("family", "family"), "a hundred species are too many to draw"
    assert len(found.taxa) == 12 and found.effective > found.chance_high, "more even than chance"
    some = rows.with_columns(family=pl.when(pl.int_range(pl.len()) < 30).then(None).otherwise("family"))
    assert el.composition(SimpleNamespace(rows=some), "family", "species", rng=0).left_out == 30
    assert "30 images not named at both ranks" in el.composition(SimpleNamespace(rows=some), rng=0).caption


@pytest.mark.parametrize(
    ("within", "of", "says"),
    [
        ("tribe", "", r"no rank 'tribe': they have kingdom, family, species"),
        ("species", "family", r"within='species' is finer than of='family'"),
        ("", "kingdom", r"no rank divides these images \(kingdom 1, family 5, species 9\)"),
    ],
)
def test_ranks_that_cannot_be_had_are_refused(within, of, says):
    with pytest.raises(ValueError, match=says):
        el.composition(photographed([2] * 9), within, of)
