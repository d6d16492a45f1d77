"""Checks of the theorem put together along training."""

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.measures.theorem import theorem
from embedlab.measures.theorem_along import TheoremAlong


def check(rng, k, spread, temperature=0.1, d=24):
    texts = np.eye(d)[:k]
    images = np.repeat(texts, 6, axis=0) + spread * rng.normal(size=(6 * k, d))
    names = [f"Genus s{i}" for i in range(k)]
    rows = {"image_id": [str(i) for i in range(6 * k)], "species": np.repeat(names, 6).tolist()}
    prototypes = Embeddings(texts, {"image_id": names, "species": names}, {})
    return theorem(Embeddings(images, rows, {}), prototypes, temperature=temperature, rng=0)


@pytest.fixture
def along(rng):
    few = [check(rng, 6, spread) for spread in (0.3, 0.1)]
    return TheoremAlong.of([10, 100], few, [check(rng, 12, spread) for spread in (0.3, 0.1)])


def test_each_step_shows_its_own_check(along, rng):
    assert along.steps.tolist() == [10, 100] and (along.k, along.every) == (6, 12)
    assert (along.exact < 1e-12).all(), "orthogonal displacements are free before normalisation"
    assert (along.inside > along.orthogonal).all()
    np.testing.assert_allclose(along.temperature, 0.1)
    table = along.table()
    assert table.height == 2 and table["inside"].to_list() == along.inside.tolist()
    said = str(along)
    assert f"{along.inside[1] / along.orthogonal[1]:.2g} times" in said and "from step 10 to 100" in said


def test_lists_that_do_not_fit_are_refused(rng):
    one, other = check(rng, 6, 0.1), check(rng, 8, 0.1)
    with pytest.raises(ValueError, match="one of each for every step"):
        TheoremAlong.of([1, 2], [one], [one])
    with pytest.raises(ValueError, match="number of prototypes differs"):
        TheoremAlong.of([1, 2], [one, other], [one, one])
