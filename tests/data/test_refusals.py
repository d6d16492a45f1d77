"""What is no table, no tree and no space is refused with what was seen and what to do."""

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
