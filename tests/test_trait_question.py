"""The analysis of traits, from files on disk: what cannot be asked is said by name, and silences nothing else."""

import numpy as np
import polars as pl
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.study import run_analysis
from tests.stores import write_store

FAST = {"permutations": 49, "placebos": 0, "further": 0}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """A store of 20 species whose size goes along with the space, their names, sizes and tree."""
    folder, rng = tmp_path_factory.mktemp("birds"), np.random.default_rng(0)
    tree = random_tree(rng, 20)
    size = brownian_traits(rng, tree)[:, 0]
    means = brownian_traits(rng, tree, 12) + 2 * np.outer(size, rng.normal(size=12))
    x = 3 + np.repeat(means, 2, axis=0) + 0.1 * rng.normal(size=(40, 12))
    names = np.repeat(tree.names, 2).tolist()
    rows = pl.DataFrame({"image_id": [f"i{i}" for i in range(40)], "species": names,
                         "genus": [n.split()[0] for n in names]})  # fmt: skip
    (folder / "tree.nwk").write_text(tree.newick())
    store = write_store(folder / "store", x.astype(np.float32), rows)
    return {"store": store, "tree": folder / "tree.nwk", "names": tree.names, "size": size, "folder": folder}


def asked(birds, columns, tree=True, **settings):
    path = birds["folder"] / "traits.csv"
    pl.DataFrame({"species": birds["names"], **columns}).write_csv(path)
    found = run_analysis("trait_alignment", stores=[birds["store"]], traits=path, settings={**FAST, **settings},
                         tree=birds["tree"] if tree else None)  # fmt: skip
    return found, {v.claim.id: v for v in found.verdicts}


def test_without_a_tree_no_trait_is_supported(birds):
    assert asked(birds, {"size": birds["size"]})[1]["aligned-size"].word == "supported"
    found, verdicts = asked(birds, {"size": birds["size"]}, tree=False)
    assert verdicts["aligned-size"].word == "cannot tell" and "--tree FILE" in verdicts["aligned-size"].reason
    assert verdicts["aligned-size"].reason in found.sentences["aligned-size"]


def test_a_table_without_a_trait_names_what_was_left_out(birds):
    for same in (1, "forest"):
        with pytest.raises(ValueError, match=r"traits.csv holds no trait to ask; left out: c \(a single value or"):
            asked(birds, {"c": [same] * 20})
    with pytest.raises(ValueError, match=r"left out: c \(a single value or none\)"):
        asked(birds, {"c": [None] * 20})
    found, verdicts = asked(birds, {"c": [1] * 20, "size": birds["size"]})
    assert set(verdicts) == {"aligned-size"} and "left out of the traits: c (a single value or none)" in found.notes


def test_a_trait_that_cannot_be_asked_does_not_silence_the_others(birds):
    rare = ["yes"] * 2 + ["no"] * 18
    found, verdicts = asked(birds, {"size": birds["size"], "rare": rare})
    assert verdicts["aligned-size"].word == "supported" and verdicts["aligned-size"].family == 2
    assert verdicts["aligned-rare"].word == "cannot tell"
    assert "18 of 'no': nothing can go along with it (2 species of kinds" in verdicts["aligned-rare"].reason
    assert list(found.results) == ["size"]
    with pytest.raises(ValueError, match="rare: the trait is the same in all species that can be asked"):
        asked(birds, {"size": birds["size"], "rare": rare}, traits="rare")
    with pytest.raises(KeyError, match="no trait 'rar'; closest: 'rare'"):
        asked(birds, {"size": birds["size"], "rare": rare}, traits="size,rar")


def test_what_stands_beside_is_told_of_all_traits_together(birds):
    other = np.where(np.arange(20) < 4, np.nan, birds["size"] ** 2)
    found, _ = asked(birds, {"size": birds["size"], "square": other, "cube": other}, further=1)
    assert not [note for note in found.notes if note.startswith(("size", "square"))]
    told = [note for note in found.notes if note.startswith("at λ of the trait, residuals permuted: size ")]
    assert len(told) == 1 and "; log10 square " in told[0]
    assert "4 species without a value of square, cube" in found.exclusions
