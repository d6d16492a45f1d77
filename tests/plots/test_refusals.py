"""A figure that cannot be made says why, and what may be asked instead."""

import numpy as np
import pytest

from embedlab import plots
from embedlab.plots import colour_vision, projection, theme
from tests.plots import results

EVERY = results.every()


@pytest.mark.parametrize("ask, said", [
    (lambda p: theme.preset("nature"), "no preset called 'nature': use one of nature-1col"),
    (lambda p: colour_vision.distances(["#000000"], "bird"), "no vision called 'bird': use one of normal"),
    (lambda p: colour_vision.distances(["red"]), "'red' is no colour: write it as #rrggbb"),
    (lambda p: plots.save(EVERY["geometry"], p, "../x"), "'../x' cannot be a file name: use letters, digits"),
    (lambda p: projection.picture(EVERY["projection"], ["a"], "sex", np.zeros(1)),
     "coloured by labels or tinted .*give one"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_it_names_what_was_asked_and_what_may_be(ask, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        ask(tmp_path)
    assert not list(tmp_path.iterdir())
