"""Nearest neighbours: by hand, judged over species, beyond what the parent taxon explains."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.measures.neighbours import nearest, neighbour_agreement

CLAIM = Claim(id="a", says="More.", source="-", at_least=0.02)


def space(x, **columns):
    n = len(x)
    return Embeddings(np.asarray(x, np.float32), pl.DataFrame({"image_id": [str(i) for i in range(n)], **columns}), {})


def radiation(rng, families=6, genera=3, species=3, photos=3, family=1.0, genus=1.0, own=1.0, d=24):
    """Species in genera in families, each level with a spread of its own; 0 plants nothing at that level."""
    x, rows = [], {"order": [], "family": [], "genus": [], "species": []}
    base = rng.normal(size=d) * 2
    for f in range(families):
        at_family = base + family * rng.normal(size=d)
        for g in range(genera):
            at_genus = at_family + genus * rng.normal(size=d)
            for s in range(species):
                centre = at_genus + own * rng.normal(size=d)
                for _ in range(photos):
                    x.append(centre + 0.3 * rng.normal(size=d))
                    for key, value in zip(rows, (f % 2, f, f"{f}{g}", f"{f}{g}{s}"), strict=True):
                        rows[key].append(f"{key}{value}")
    return space(x, **rows)


def test_the_nearest_by_hand():
    x = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0]])
    assert nearest(x).tolist() == [1, 0, 1, 2]
    assert nearest(x, np.array([0, 0, 1, 1])).tolist() == [2, 2, 1, 1]
    assert nearest(x, np.zeros(4, int)).tolist() == [-1] * 4


def test_blocks_of_rows_change_nothing(rng, monkeypatch):
    x = rng.normal(size=(50, 4))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    whole = nearest(x)
    monkeypatch.setattr("embedlab.measures.neighbours._BLOCK", 7)
    assert (nearest(x) == whole).all()


def test_shares_chance_and_ceiling_by_hand():
    x = [[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9], [-1, -1]]
    found = neighbour_agreement(
        space(x, genus=["a", "a", "b", "a", "c"]), ("genus",), other=None, permutations=9, rng=0
    )
    assert found.agreement[0] == pytest.approx(2 / 5)  # the first two agree, the next two do not, c is alone
    assert found.chance[0] == pytest.approx((9 + 1 + 1) / 25)
    assert found.ceiling[0] == pytest.approx(3 / 5) and found.n[0] == 5
    assert found.where_possible[0] == pytest.approx(2 / 3) and found.possible[0] == 3


def test_names_that_nobody_shares_have_no_conditional_share():
    found = neighbour_agreement(space(np.eye(4), genus=list("abcd")), ("genus",), other=None, permutations=9, rng=0)
    assert found.agreement[0] == 0 and np.isnan(found.where_possible[0]) and found.possible[0] == 0


def test_planted_families_are_found_beyond_the_order_and_genera_beyond_the_family(rng):
    found = neighbour_agreement(radiation(rng), permutations=199, rng=0)
    assert found.ranks == ("order", "family", "genus") and found.parents == ("", "order", "family")
    for rank in ("family", "genus"):
        assert judge([CLAIM], {"a": found.evidence[rank]})[0].word == "supported"
    assert found.apart == ("family", "genus", "species")
    units = [(e.unit, e.n) for e in found.evidence.values()]
    assert units == [("families", 6), ("genera", 18), ("species", 54)]


def test_families_are_not_credited_with_what_their_genera_explain(rng):
    """Genera cluster, families are dealt out: any neighbour of another species is mostly a congener."""
    hits = {"lower": 0, "species": 0}
    for _ in range(20):
        emb = radiation(rng, families=8, family=0.0, genus=2.0)
        for other in hits:
            found = neighbour_agreement(emb, ("order", "family", "genus"), other=other, permutations=99, rng=rng)
            hits[other] += found.evidence["family"].p_more <= 0.05
    assert hits["lower"] <= 4  # 20 worlds at 5 %: more than 4 comes in 0.3 % of runs
    assert hits["species"] == 20  # the naive question: congeners are of one family whatever the family means


def test_genera_dealt_out_within_families_are_not_found(rng):
    found = neighbour_agreement(radiation(rng, genus=0.0), permutations=199, rng=0)
    assert judge([CLAIM], {"a": found.evidence["genus"]})[0].word in ("not supported", "too small to matter")
    assert judge([CLAIM], {"a": found.evidence["family"]})[0].word == "supported"
    # a random neighbour is the wrong chance: within families far more genera are shared than that
    i = found.ranks.index("genus")
    assert found.agreement[i] > 3 * found.chance[i] and found.parent_chance[i] > 3 * found.chance[i]


def test_photographs_of_one_species_are_no_evidence_of_families(rng):
    """Species scattered at random: any image's neighbour is of its own species, and so of its family."""
    emb = radiation(rng, family=0.0, genus=0.0)
    images = neighbour_agreement(emb, ("order", "family"), other=None, permutations=99, rng=0)
    species = neighbour_agreement(emb, ("order", "family"), permutations=99, rng=0)
    assert images.agreement[1] > 0.9 and images.evidence["family"].p_more == 0.01  # the naive question
    assert species.evidence["family"].p_more > 0.05


def test_missing_names_are_no_name(rng):
    emb = radiation(rng)
    family = [None if i % 5 == 0 else f for i, f in enumerate(emb.column("family"))]
    rows = emb.rows.with_columns(pl.Series("family", family))
    asked = ("order", "family")
    found = neighbour_agreement(Embeddings(emb.x, rows, {}), asked, other="species", permutations=9, rng=0)
    assert found.n.tolist() == [162, 129]
    everything = neighbour_agreement(Embeddings(emb.x, rows, {}), ("family",), other=None, permutations=9, rng=0)
    assert everything.n[0] == 129 and everything.chance[0] < 0.2


def test_images_without_a_species_are_not_one_species(rng):
    emb = radiation(rng, photos=1, family=0.4)
    rows = emb.rows.with_columns(species=pl.lit(None, dtype=pl.String))
    found = neighbour_agreement(Embeddings(emb.x, rows, {}), ("family",), other=None, permutations=9, rng=0)
    assert 0 < found.high[0] - found.low[0] < 0.5  # 54 units: as one cluster there would be no interval


def test_when_nothing_can_be_compared_it_says_so(rng):
    alone = space(rng.normal(size=(6, 3)), species=["a"] * 6, genus=["a"] * 6)
    with pytest.raises(ValueError, match="no taxonomic rank varies here"):
        neighbour_agreement(alone, permutations=9, rng=0)
    with pytest.raises(ValueError, match="all 6 images are of one species"):
        neighbour_agreement(alone, ("genus",), permutations=9, rng=0)
    with pytest.raises(ValueError, match="only 2 images have their genus recorded"):
        neighbour_agreement(alone.take([0, 1]), ("genus",), permutations=9, rng=0)
    with pytest.raises(KeyError, match="no column 'famly'"):
        neighbour_agreement(radiation(rng), ("famly",), permutations=9, rng=0)


def test_a_rank_with_one_genus_a_family_cannot_tell(rng):
    found = neighbour_agreement(radiation(rng, genera=1), ("family", "genus"), permutations=49, rng=0)
    said = judge([CLAIM], {"a": found.evidence["genus"]})[0]
    assert said.word == "cannot tell" and "no two species units of one family differ in genus" in said.reason


def test_two_species_cannot_tell(rng):
    emb = space(rng.normal(size=(8, 3)), species=list("aabb") * 2, genus=list("aabb") * 2)
    said = judge([CLAIM], {"a": neighbour_agreement(emb, ("genus",), permutations=99, rng=0).evidence["genus"]})[0]
    assert said.word == "cannot tell"


def test_scale_rotation_and_order_do_not_matter(rng):
    emb = radiation(rng)
    base = neighbour_agreement(emb, permutations=9, rng=0)
    turn = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    moved = Embeddings((3 * emb.float64() @ turn).astype(np.float32), emb.rows, {}).take(rng.permutation(emb.n))
    assert neighbour_agreement(moved, permutations=9, rng=0).agreement == pytest.approx(base.agreement, abs=1e-12)


def test_results_say_what_they_are(rng):
    found = neighbour_agreement(radiation(rng), permutations=19, rng=0)
    assert str(found).startswith("nearest neighbours share the order ") and "within order" in str(found)
    assert "genus: of another species" in found.caption
    table = found.table()
    assert table.height == 3 and {"agreement", "chance", "chance_within", "where_possible"} <= set(table.columns)
    assert ((found.low <= found.agreement) & (found.agreement <= found.high)).all()
