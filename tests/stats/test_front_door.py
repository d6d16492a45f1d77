"""Names that others rely on open, say what they give, and no module hides a function of its name."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import embedlab.stats as stats

# the contract's names: scripts outside the project call these
PROMISED = """
    mantel partial_mantel permanova protest cka rv distance_correlation crossnobis blomberg_k k_mult pagel_lambda pgls
    aligned_beyond_phylogeny explained_share principal_angles fisher_ratio erase holm benjamini_hochberg max_t
""".split()


def test_every_promised_name_is_offered_and_opens():
    assert set(PROMISED) <= set(stats.__all__)
    for name in stats.__all__:
        assert callable(getattr(stats, name)), name
    with pytest.raises(AttributeError, match="no name 'mantell'; closest is mantel; it offers agreement_beyond_tree"):
        _ = stats.mantell


def test_no_room_has_the_name_of_a_function():
    rooms = {m.name for m in pkgutil.iter_modules(stats.__path__)}
    assert not rooms & set(stats.__all__)  # the import of a module would hide the function


@pytest.mark.parametrize("name", stats.__all__)
def test_every_function_shows_a_case_that_can_be_checked_by_hand(name):
    function = getattr(stats, name)
    text = inspect.getdoc(function) or ""
    assert text.split("\n")[0].endswith((".", "?")) or "." in text.split("\n\n")[0], f"{name}: first a whole sentence"
    module = importlib.import_module(function.__module__)
    found = doctest.DocTestFinder(recurse=False).find(function, name, module=module)
    assert found and found[0].examples, f"{name} has no doctest"


def test_the_page_of_statistics_has_every_name_and_no_other():
    text = (Path(__file__).resolve().parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[2])}
    assert named == set(stats.__all__)


@pytest.mark.parametrize("name", stats.__all__)
def test_by_default_the_draws_and_what_was_observed_are_a_round_number(name):
    """99, 199, 999: a p-value is then a share of a hundred or a thousand, and .05 can be met."""
    given = inspect.signature(getattr(stats, name)).parameters
    for asked in ("permutations", "b"):
        if asked in given and isinstance(given[asked].default, int):
            assert (given[asked].default + 1) % 100 == 0
