"""The board of claims draws what it knows and says what it does not."""

import pytest

from embedlab.report.board import strip


@pytest.mark.parametrize("estimate", [0.4, None])
def test_a_strip_without_numbers_says_so(estimate):
    chance = {"mean": 0.1, "low": 0.0, "high": 0.2, "kind": "shuffled"}
    if estimate is None:
        chance = dict.fromkeys(chance)
    drawn = strip({"statistic": "s", "estimate": estimate, "interval": [None, None], "chance": chance})
    assert ("No estimate" in drawn) == (estimate is None)
    assert "nan" not in drawn.lower()
