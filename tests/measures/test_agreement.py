"""Agreement of two stores: planted and absent on each level, joined by id or by name, undecided where it must be."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings, Taxonomy, Tree
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.lab import Lab
from embedlab.measures.agreement import agreement
from embedlab.measures.pairing import paired
from embedlab.study import ask


def two(rng, shared=0.0, same=0.0, s=20, per=4, d=8, e=6, noise=0.6):
    """Spaces that share evolution (`shared`) and what makes individuals differ (`same`)."""
    tree = random_tree(rng, s)
    common, own = brownian_traits(rng, tree, d), brownian_traits(rng, tree, e)
    turn = rng.normal(size=(d, e)) / np.sqrt(d)
    zx = rng.normal(size=(s, per, d))
    zy = same * zx @ turn + (1 - same) * rng.normal(size=(s, per, e))
    x = common[:, None] + noise * zx
    y = (shared * common @ turn + (1 - shared) * own)[:, None] + noise * zy
    rows = pl.DataFrame({
        "image_id": [f"i{i:03d}" for i in range(s * per)], "species": [n for n in tree.names for _ in range(per)]
    })  # fmt: skip
    make = zip((x.reshape(-1, d), y.reshape(-1, e)), ("alpha", "beta"), strict=True)
    return *(Embeddings(v.astype(np.float32), rows, {"model": name}) for v, name in make), tree


def test_each_level_finds_its_own(rng):
    individuals = agreement(*two(rng, same=0.9)[:2], tree=None, permutations=99, rng=0)
    assert individuals.evidence["individuals"].p_more == 0.01
    assert individuals.evidence["individuals"].estimate > 0.4
    a, b, tree = two(rng, shared=0.9, s=30, noise=0.2)
    found = agreement(a, b, tree=tree, permutations=99, rng=0)
    assert found.evidence["species"].p_more == 0.01 and not found.evidence["species"].cannot_tell
    assert found.evidence["individuals"].p_more > 0.01
    assert 0 < found.ceiling <= 1 and found.corrected > 0.5
    levels = found.table()
    assert levels["level"].to_list() == ["images"] * 2 + ["beyond species"] + ["species"] * 4 + ["beyond the tree"]
    assert levels.filter(pl.col("level") == "species")["p_value"].is_nan().all()
    assert levels["low"].to_numpy()[-1] == found.evidence["species"].interval[0]
    assert "alpha and beta agree about individuals beyond their species by" in str(found)
    assert "evolved anew on the tree" in levels["against"].to_list()[4]
    assert found.species == tuple(sorted(tree.names)) and found.dims == (8, 6) and found.same_images


def test_shared_photographs_are_no_agreement_about_species(rng):
    """Both models see the same odd photographs of species that are all alike: only individuals agree."""
    a, b, tree = two(rng, same=1.0, s=24, per=4, noise=3.0)
    found = agreement(a, b, tree=tree, permutations=99, rng=0)
    assert found.evidence["individuals"].p_more == 0.01
    e = found.evidence["species"]
    assert e.cannot_tell or e.p_more > 0.05


def test_the_same_space_agrees_wholly(rng):
    a, _, tree = two(rng, noise=0.1)
    turn = np.linalg.qr(rng.normal(size=(8, 8)))[0].astype(np.float32)
    found = agreement(a, Embeddings(5 * a.x @ turn, a.rows, {}), tree=tree, permutations=19, rng=0)
    assert found.evidence["individuals"].estimate == pytest.approx(1, abs=1e-5)
    assert [i.value for i in found.indices[:2]] == pytest.approx([1, 1], abs=1e-3)
    assert found.evidence["species"].estimate == pytest.approx(1, abs=1e-5)  # its scale is the agreement of halves


def test_without_a_tree_species_are_not_decided(rng):
    a, b, _ = two(rng, shared=0.9)
    found = agreement(a, b, permutations=19, rng=0)
    e = found.evidence["species"]
    assert "no tree was given" in e.cannot_tell and np.isfinite(e.estimate)
    assert found.table()["against"].to_list()[-1] == "species shuffled" and "No tree" in found.caption


def test_ranks_in_place_of_a_tree_decide_nothing_about_species(rng):
    """They leave kinship within ranks in both spaces: 84 % of empty worlds were called alike."""
    a, b, tree = two(rng, shared=0.9)
    names = tree.names
    ranks = Tree.from_taxonomy(Taxonomy.from_rows(pl.DataFrame({"species": names, "genus": [n[:2] for n in names]})))
    e = agreement(a, b, tree=ranks, permutations=19, rng=0).evidence["species"]
    assert "84 % of 120 with 40 species" in e.cannot_tell and np.isfinite(e.estimate)


def test_other_images_of_the_same_species_join_by_name(rng):
    a, b, tree = two(rng, shared=0.9, s=24, noise=0.2)
    rows = b.rows.with_columns(("x" + pl.col("image_id")).alias("image_id"), pl.col("species").str.replace(" ", "_"))
    other = Embeddings(b.x, rows, b.card).where(species=[n.replace(" ", "_") for n in sorted(tree.names)[:20]])
    found = agreement(a, other, tree=tree, permutations=99, rng=0)
    assert set(found.evidence) == {"species"} and not found.same_images and len(found.species) == 20
    assert found.evidence["species"].p_more == 0.01
    assert found.left_out == ("4 species of the first store that the other does not have",)


def test_rows_are_joined_by_id_whatever_their_order(rng):
    a, b, tree = two(rng, shared=0.5, same=0.5)
    once = agreement(a, b, tree=tree, permutations=9, rng=0)
    again = agreement(a, b.take(rng.permutation(b.n)), tree=tree, permutations=9, rng=0)
    assert again.evidence["individuals"].estimate == once.evidence["individuals"].estimate
    fewer = agreement(a, b.take(np.arange(5, b.n)), tree=tree, permutations=9, rng=0)
    assert "5 images of the first store that the other does not have" in fewer.left_out


def test_photographs_of_one_individual_are_averaged(rng):
    a, b, _ = two(rng)
    who = pl.Series("individual", [f"n{i // 2}" for i in range(a.n - 1)] + [None])
    named = Embeddings(a.x, a.rows.with_columns(who), {})
    pair = paired(named, b, "species", "auto")
    assert pair.unit == "individuals" and len(pair.x) == 41
    assert pair.x[0] == pytest.approx(a.unit().float64()[:2].mean(axis=0))
    assert pair.y[0] == pytest.approx(b.unit().float64()[:2].mean(axis=0))


def test_too_little_is_undecided_and_says_why(rng):
    a, b, tree = two(rng, s=6)
    found = agreement(a, b, tree=tree, permutations=9, rng=0)
    why = found.evidence["species"].cannot_tell
    assert "6 species have two images or more and a tip in the tree: at least 8" in why
    single = Embeddings(a.x[::4], a.rows[::4], {}), Embeddings(b.x[::4], b.rows[::4], {})
    found = agreement(*single, tree=tree, permutations=9, rng=0)
    assert "0 species have two images" in found.evidence["individuals"].cannot_tell
    assert any("6 species with one image" in line for line in found.left_out)


def test_refusals(rng):
    a, b, _ = two(rng)
    moved = Embeddings(b.x, b.rows.with_columns(pl.Series("species", b.rows["species"].to_list()[::-1])), {})
    with pytest.raises(ValueError, match="have one id in both stores and two species names"):
        agreement(a, moved, permutations=9, rng=0)
    foreign = Embeddings(b.x, b.rows.select(("z" + pl.col(c)).alias(c) for c in b.rows.columns), {})
    with pytest.raises(ValueError, match="0 species stand in both stores"):
        agreement(a, foreign, permutations=9, rng=0)
    with pytest.raises(ValueError, match="0 images stand in both stores"):
        agreement(a, foreign, on="image", permutations=9, rng=0)
    with pytest.raises(ValueError, match="on='row' is not known"):
        agreement(a, b, on="row", permutations=9, rng=0)


def test_the_analysis_judges_two_stores_and_refuses_others(rng):
    a, b, tree = two(rng, shared=0.9, same=0.9, s=30, noise=0.3)

    def lab_of(*stores):
        return lambda name, question: Lab(name=name, question=question, stores=stores, tree=tree)

    told = ask("agreement", lab_of(a, b), settings={"permutations": "199"}).to_dict()["claims"]
    assert [c["id"] for c in told] == ["agree-on-individuals", "agree-beyond-descent"]
    assert [c["verdict"] for c in told] == ["supported"] * 2
    assert "individuals beyond their species by" in told[0]["sentence"]
    with pytest.raises(ValueError, match="compares two stores and was given 3: give two"):
        ask("agreement", lab_of(a, b, a))
