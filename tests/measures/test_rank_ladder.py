"""The ladder of ranks: planted where it is, absent where names are dealt anew, the same images in every store."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import judge
from embedlab.data import Embeddings
from embedlab.lab import Lab
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.rank_ladder import DRAWN, rank_ladder
from embedlab.study import load_analysis
from tests.animals import animals


def test_planted_ranks_are_found_and_dealt_ones_are_not():
    found = rank_ladder(animals(), permutations=199, rng=0)
    assert found.ranks == ("class", "family", "genus", "species")
    assert all(found.evidence[r].p_more <= 0.01 for r in found.ranks[1:])  # six families cannot tell of two classes
    dealt = rank_ladder(animals(deal=True), permutations=199, rng=0)
    assert all(dealt.evidence[r].p_more > 0.01 for r in ("class", "family", "genus"))
    assert dealt.evidence["species"].p_more <= 0.01


def test_p_values_of_empty_worlds_keep_their_promise():
    p = np.array([
        [rank_ladder(animals(s, deal=True), permutations=39, rng=s).evidence[r].p_more for r in ("family", "genus")]
        for s in range(60)
    ])  # fmt: skip
    assert (p <= 0.05).mean(axis=0).max() <= 0.15  # five in a hundred promised; sixty worlds and two ranks
    assert 0.3 < np.mean(p <= 0.5) < 0.7


def test_its_numbers_are_those_of_neighbour_agreement():
    emb = animals()
    found = rank_ladder(emb, permutations=19, rng=3)
    peer = neighbour_agreement(emb, found.ranks, permutations=19, rng=3)
    np.testing.assert_allclose(found.ladders[0].agreement, peer.agreement)
    np.testing.assert_allclose(found.ladders[0].parent_chance, peer.parent_chance)


def test_the_way_down_takes_the_largest_or_what_was_asked():
    emb = animals().take(np.arange(144)[:-8])  # the last genus is smaller
    found = rank_ladder(emb, permutations=9, rng=0)
    assert found.path == ("class0", "fam00", "Gen000")
    assert [(s.taxon, s.rank, s.parts, s.images) for s in found.steps] == [
        ("", "class", 2, 136), ("class0", "family", 3, 72), ("fam00", "genus", 3, 24), ("Gen000", "species", 2, 8),
    ]  # fmt: skip
    assert rank_ladder(emb, into=("Gen111",), permutations=9, rng=0).path == ("class1", "fam11", "Gen111")
    assert rank_ladder(emb, into=("class1", "fam12"), permutations=9, rng=0).path[:2] == ("class1", "fam12")
    with pytest.raises(ValueError, match=r"\['Aves'\] are no taxa on the way down"):
        rank_ladder(emb, into=("Aves",), permutations=9, rng=0)


def test_stores_show_the_same_images_and_the_gain_is_image_by_image():
    good, poor = animals(), animals(noise=6.0)
    mixed = poor.take(np.random.default_rng(0).permutation(poor.n)[:-4])
    found = rank_ladder({"poor": mixed, "good": good}, permutations=19, rng=0)
    assert found.n == 140 and found.left_out == ("4 images that not all stores hold",)
    for rank, (d, low, high) in found.gain.items():
        first, last = (ladder.agreement[ladder.ranks.index(rank)] for ladder in found.ladders)
        assert d == pytest.approx(last - first, abs=1e-9) and low <= d <= high
    assert found.gain["species"][1] > 0
    again = rank_ladder({"a": good, "b": good}, permutations=9, rng=0)
    assert all(g == (0.0, 0.0, 0.0) for g in again.gain.values())
    assert all(np.allclose(s.xy[0], s.xy[1]) for s in again.steps)
    assert len(found.table()) == 8 and set(found.table()["store"]) == {"poor", "good"}


def test_maps_hold_the_images_that_they_name():
    emb = animals()
    step = rank_ladder(emb, permutations=9, rng=0).steps[1]
    of = dict(zip(emb.column("image_id"), emb.column("family"), strict=True))
    assert [of[i] for i in step.image_id] == step.labels.tolist()
    assert step.xy.shape == (1, 72, 2) and len(step.labels) <= DRAWN
    assert np.sqrt((step.xy[0] ** 2).sum(axis=1).mean()) == pytest.approx(1, abs=1e-6)


def test_refusals():
    emb = animals()
    with pytest.raises(ValueError, match="no taxonomic rank varies here"):
        rank_ladder(Embeddings(emb.x, emb.rows.select("image_id")), rng=0)
    other = Embeddings(emb.x, emb.rows.with_columns(image_id=pl.format("o{}", "image_id")))
    with pytest.raises(ValueError, match="0 images stand in all of 2 stores"):
        rank_ladder([emb, other], rng=0)


def test_the_analysis_claims_each_rank_once_and_judges_the_last_store():
    module = load_analysis("rank_ladder")
    lab = Lab(name="rank_ladder", stores=[animals(noise=6.0), animals()], settings={"permutations": 199})
    outcome = module.run(lab)
    assert [c.id for c in outcome.claims] == ["family-holds", "genus-holds"]
    words = {v.claim.id: v.word for v in judge(outcome.claims, outcome.evidence)}
    assert words["genus-holds"] == "supported"
    assert outcome.claims[1].says == (
        "The nearest image of another species belongs to the same genus more often than names within one family give."
    )
    assert outcome.evidence["genus-holds"].unit == outcome.claims[1].unit == "species"
    assert any(note.startswith("genus: m 2 +") for note in outcome.notes)
    lab.settings = {"ranks": "order"}
    with pytest.raises(ValueError, match="'order' does not vary here; class, family, genus, species do"):
        module.claims(lab)
