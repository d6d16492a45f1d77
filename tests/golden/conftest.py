"""Reading cases of the golden files, with every file that they need."""

import json

import numpy as np
import polars as pl
import pytest

from embedlab.data.tree import Tree


class Case:
    """One golden case: what it expects, and its inputs as arrays."""

    def __init__(self, shared, file, name):
        cases = json.loads(shared(f"golden/{file}.json").read_text())["cases"]
        self.shared, self.facts = shared, next(c for c in cases if c["id"] == name)
        self.expected, self.inputs = self.facts["expected"], self.facts["inputs"]

    def path(self, key):
        return self.shared(f"golden/{self.inputs[key]}")

    def matrix(self, key):
        """A square matrix, and the names of its rows."""
        table = pl.read_csv(self.path(key), infer_schema_length=None)
        names = [str(v) for v in table[:, 0]]
        assert names == table.columns[1:]
        return table[:, 1:].to_numpy(), names

    def permutations(self, key="perms"):
        return pl.read_csv(self.path(key), has_header=False).to_numpy()

    def species(self, columns=None):
        """Traits `(n, p)` in the order of the tree's tips, and the covariance of these."""
        tree = Tree.read(self.path("tree"))
        table = pl.read_csv(self.path("traits"))
        names = table[:, 0].to_list()
        assert sorted(names) == sorted(tree.names)
        place = [names.index(tip) for tip in tree.names]
        wanted = columns or ([self.inputs["column"]] if "column" in self.inputs else table.columns[1:])
        return table.select(wanted).to_numpy()[place], tree.covariance()

    def structure(self):
        """The tree as plain arrays, species in the order of its tips, as `species` gives them."""
        tree = Tree.read(self.path("tree"))
        return tree.structure(tree.names)


@pytest.fixture
def golden(shared):
    """A function that gives a `Case` by file and id, or skips with the reason."""
    return lambda file, name: Case(shared, file, name)


def within_monte_carlo(p, theirs, b):
    """Whether two Monte-Carlo p-values of `b` draws differ by no more than four standard errors of one of them.

    Taken at the larger of the two rates, and at two draws of `b` at least: where p is small, its own rate is unsure.
    """
    rate = min(max(p, theirs, 2 / b), 0.5)
    return abs(p - theirs) <= 4 * np.sqrt(rate * (1 - rate) / b)
