"""What is no table, no tree and no space is refused with what was seen and what to do."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings, Manifest, Taxonomy, Tree
from embedlab.data.reading import decode, read_text_table
from embedlab.data.synthetic import brownian_traits, random_tree

X = np.eye(3, 2, dtype=np.float32)
TREE = Tree.parse("((Passer_domesticus:1,Passer_montanus:1):1,Corvus_corax:2);")


def folder(tmp_path, pattern):
    (tmp_path / "a.jpg").write_bytes(b"a")
    return Manifest.from_folder(tmp_path, pattern=pattern)


@pytest.mark.parametrize("ask, error, said", [
    (lambda _: Embeddings(X, {"image_id": ["a", "b"]}), ValueError,
     r"3 vectors but 2 rows.*transposed.*must go together"),
    (lambda _: brownian_traits(np.random.default_rng(0), TREE, 1, 1.5), ValueError,
     "lam lies between 0 and 1, not 1.5"),
    (lambda _: random_tree(np.random.default_rng(0), 1), ValueError, "at least 2 tips, not 1"),
    (lambda p: folder(p, "{my species}/*.jpg"), ValueError, "'my species' cannot name columns: write fields as"),
    (lambda p: folder(p, "{species}/{species}.jpg"), ValueError, "needs fields such as {species}, each once"),
    (lambda p: folder(p, "*/*.jpg"), ValueError, "'\\*/\\*.jpg' needs fields such as"),
    (lambda _: read_text_table(b"a,b\n1,2\n1,2,3\n", "birds.csv"), ValueError,
     "birds.csv: .*3.*Quote the field that holds a ','"),
    (lambda _: read_text_table(b"\n\n", "birds.csv"), ValueError, "birds.csv is empty: a table needs a header line"),
    (lambda _: decode(b"\xff\xfea", "birds.csv"), ValueError, "birds.csv is marked as UTF-16 but is damaged at byte"),
    (lambda _: Taxonomy(pl.DataFrame({"species": ["Pica pica"] * 2})), ValueError,
     "'Pica pica'.* stand more than once: use Taxonomy.from_rows"),
    (lambda _: Tree(np.array([-1, 0]), np.array([0.0, 1]), ["a"]), ValueError,
     "2 parents, 2 lengths, 1 labels: a tree has one of each per node"),
    (lambda _: Tree(np.array([-1, 0, 0]), np.array([0.0, 1, 1]), [None, "a", None]), ValueError,
     "1 tips have no name: label nodes"),
    (lambda _: Embeddings("birds.store"), TypeError,
     r"store is opened by embedlab.open\('birds.store'\), .* by embedlab.import_file\('birds.store', STORE\)"),
    (lambda _: Embeddings(X), TypeError, "vectors alone do not say whose they are: give rows too"),
    (lambda _: Manifest("birds.csv"), TypeError, r"a table; a file is read by Manifest.read\('birds.csv'\)"),
    (lambda _: Taxonomy("birds.csv"), TypeError, r"Taxonomy.from_rows\(Manifest.read\('birds.csv'\).rows\)"),
    (lambda _: Taxonomy({"a": ["b"]}), ValueError, "no column 'species'; closest: 'a'"),
    (lambda _: Embeddings(X, {"image_id": list("abc"), "species": list("abc")}).join(pl.DataFrame({"a": ["b"]})),
     KeyError, "the table has no column 'species'; closest: 'a'"),
    (lambda _: TREE.prune(["Passer domestica"]), KeyError,
     "no tips called 'Passer domestica'.*'Passer domesticus'.*tree.match"),
    (lambda _: TREE.prune([]), ValueError, "no names given: a tree needs at least one tip"),
    (lambda _: Embeddings(X, {"image_id": list("abc")}).column("imageid"), KeyError,
     "no column 'imageid'; closest: 'image_id'"),
    (lambda _: Embeddings(X, {"image_id": list("abc")}).known(), ValueError,
     "name at least one column that must be known"),
    (lambda _: Embeddings(X, {"image_id": list("abc")}).unit(), ValueError, "no direction: 'c'; leave them out"),
    (lambda _: Embeddings(np.eye(3, dtype=int), {"image_id": list("abc")}), ValueError, r"convert with .astype\(numpy"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_it_says_what_was_seen_and_what_to_do(ask, error, said, tmp_path):
    with pytest.raises(error, match=said):
        ask(tmp_path)


def test_a_tree_that_is_given_a_file_or_a_text_says_who_reads_it():
    """In a process of its own: here the types of `Tree` are checked at the door, which users do not have."""
    asks = """
import embedlab as el, numpy as np, pathlib
for given in ("birds.nwk", pathlib.Path("birds.nwk"), " (a:1,b:1);\\n", np.array([-1, 0])):
    try:
        el.Tree(given)
    except TypeError as error:
        print(error)
"""
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [
        "a tree is made of parents, lengths and labels; a file is read by Tree.read('birds.nwk')",
        "a tree is made of parents, lengths and labels; a file is read by Tree.read('birds.nwk')",
        "a tree is made of parents, lengths and labels; Newick text is read by Tree.parse('(a:1,b:1);')",
        "parents alone make no tree: give lengths and labels too, or read a file with Tree.read",
    ]
