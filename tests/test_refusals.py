"""What an analysis refuses is told as not asked; what merely breaks is seen, whatever kind of error it is."""

import re

import numpy as np
import polars as pl
import pytest

from embedlab import refusals, study
from embedlab.cli.verb import sentence_of
from embedlab.data.synthetic import random_tree
from embedlab.measures import agreement, agreements, hierarchy
from embedlab.measures.pairing import Paired
from embedlab.refusals import deliberate, refusal_of
from embedlab.remake import remake
from embedlab.reproduction import asked
from embedlab.reproduction.study import _ask
from embedlab.stats.pairs.correspondence import agreement_beyond_tree
from embedlab.study import report_stores
from tests.stores import write_store
from tests.test_study import birds

QUESTION = '''"""Does it break?"""

import numpy as np

from embedlab.measures.trait_join import LEAST_SPECIES

CLAIMS = ()
WORDS = {{"few": "needs more species"}}


def run(lab):
    {body}
'''
REFUSES = {
    "by a raise of its own": ('raise ValueError(f"needs {LEAST_SPECIES} species")', r"needs \d+ species"),
    "by a raise of the house": ('lab.embeddings().column("wingspan")', "no column 'wingspan'; "),
    "by a KeyError in words": ('raise KeyError("no sex is known")', "^no sex is known$"),
}
BREAKS = {
    "a key that a mapping lacks": ('return WORDS["many"]', KeyError, "'many'"),
    "a key that the words of a refusal lack": ('raise ValueError(WORDS["many"])', KeyError, "'many'"),
    "arrays that do not fit": ("return np.ones(2) + np.ones(3)", ValueError, "could not be broadcast"),
    "what the house hands on to NumPy": ("return np.linalg.inv(np.zeros((2, 2)))", ValueError, "Singular matrix"),
    "a number that is none": ('return int("many")', ValueError, "invalid literal"),
    "evidence that was forgotten": (
        "from embedlab.claims import Claim\n"
        '    c = Claim(id="long", says="It is.", source="here", at_least=0.1)\n'
        "    return lab.outcome(claims=(c,), evidence={}, sentences={}, results={})",
        KeyError, "no evidence for",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A demo of one store, with a table of traits and a tree."""
    made = tmp_path_factory.mktemp("refusals") / "demo"
    tree = random_tree(np.random.default_rng(0), 4)
    x, rows, size = birds(np.random.default_rng(1), tree, apart=0.4)
    write_store(made / "stores" / "64x8", x, rows)
    (made / "world").mkdir()
    pl.DataFrame({"species": tree.names, "size": size}).write_csv(made / "world" / "traits.csv")
    (made / "world" / "tree.nwk").write_text(tree.newick())
    (made / "report.html").write_text("<title>the demo's report</title>")
    return made.parent


@pytest.fixture
def ships(tmp_path, monkeypatch):
    """Let one analysis ship, and no other: the one that is written here."""
    folder = tmp_path / "analyses"
    folder.mkdir()
    for room in (study, refusals, asked):
        monkeypatch.setattr(room, "analyses_folder", lambda: folder)
    return lambda body: (folder / "breaks.py").write_text(QUESTION.format(body=body))


@pytest.fixture
def reported(figures, tmp_path, ships):
    """A report that asks one analysis alone."""

    def report_of(body):
        ships(body)
        return report_stores([figures / "demo" / "stores" / "64x8"], tmp_path / "report.html")

    return report_of


@pytest.mark.parametrize("how", REFUSES)
def test_a_refusal_is_named_with_its_words(how, reported):
    body, words = REFUSES[how]
    unasked = reported(body)["unasked"]
    assert set(unasked) == {"breaks"} and re.search(words, unasked["breaks"])


@pytest.mark.parametrize("how", BREAKS)
def test_a_fault_is_not_told_as_not_asked(how, reported):
    body, kind, words = BREAKS[how]
    with pytest.raises(kind, match=words):
        reported(body)


def in_figures(figures, out):
    return remake(figures)["breaks"]


def in_a_study(figures, out):
    world = figures / "demo" / "world"
    job = {"analysis": "breaks", "stores": [figures / "demo" / "stores" / "64x8"], "out": out, "x": None}
    found, why = _ask({**job, "traits": world / "traits.csv", "tree": world / "tree.nwk"})
    assert found == []
    return why


@pytest.mark.parametrize("asks", [in_figures, in_a_study])
def test_figures_and_studies_tell_the_two_apart_as_well(asks, figures, ships, tmp_path):
    ships(REFUSES["by a raise of its own"][0])
    assert re.search(r"^needs \d+ species$", asks(figures, tmp_path / "out"))
    ships(BREAKS["a key that a mapping lacks"][0])
    with pytest.raises(KeyError, match="'many'"):
        asks(figures, tmp_path / "out")


def test_a_refusal_by_other_code_of_ours_after_the_answer_is_a_fault():
    """Who judges or draws refuses on purpose too; only what an analysis meets on its way is an answer to a reader."""
    from embedlab.places import config_file

    with pytest.raises(ValueError, match="no configuration") as caught:
        config_file("nowhere")
    assert deliberate(caught.value)
    with pytest.raises(ValueError, match="no configuration"):
        refusal_of(caught.value)


def _of_two(rng, x):
    """Agreement of two spaces about species; the second has vectors `x` where they are given."""
    codes = np.repeat(np.arange(12), 2)
    both = [rng.normal(size=(24, 5)) for _ in range(2)]
    pair = Paired(both[0], both[1] if x is None else x, codes, codes, tuple("abcdefghijkl"), True, "images", ())
    return agreement._of_species(pair, None, 9, rng, "")[1].cannot_tell


def _of_many(rng, x):
    spaces = [rng.normal(size=(12, 5)), rng.normal(size=(12, 5)) if x is None else x]
    found = agreements._beyond(spaces, np.eye(12), np.tile(np.arange(12), (2, 3, 1)))[0, 1]
    return found if isinstance(found, str) else ""


def _of_a_tree(rng, x):
    return hierarchy._or_why(lambda: agreement_beyond_tree(rng.normal(size=(12, 5)), x, np.eye(12), rng=rng))[1]


@pytest.mark.parametrize("ask", [_of_two, _of_many, _of_a_tree])
def test_a_part_that_cannot_be_told_says_so_and_one_that_breaks_is_seen(ask, rng):
    """A verdict "cannot tell: operands could not be broadcast" would hide a mistake of ours behind the data."""
    refused = np.ones((24 if ask is _of_two else 12, 5))
    assert "all species of y are the same" in ask(rng, refused)
    broken = np.ones((24, 5, 2)) if ask is _of_two else np.full((12, 5), "many")
    with pytest.raises(ValueError, match="could not convert string to float|not broadcastable"):
        ask(rng, broken)
    if ask is not _of_a_tree:
        assert "all species of y" not in ask(rng, None)


def test_a_fault_says_on_the_command_line_what_was_being_asked(reported):
    for how in ("a key that a mapping lacks", "arrays that do not fit"):
        body, kind, words = BREAKS[how]
        with pytest.raises(kind) as caught:
            reported(body)
        said = sentence_of(caught.value)
        assert said.startswith(f"{kind.__name__} while asking breaks: ") and "This was not foreseen" in said
        assert re.search(words.strip("'"), said)


def test_a_refusal_of_a_users_own_question_is_his_own_words(figures, tmp_path):
    own = tmp_path / "mine.py"
    own.write_text(QUESTION.format(body='raise KeyError("no sex is known")'))
    with pytest.raises(KeyError) as caught:
        study.run_analysis(own, stores=[figures / "demo" / "stores" / "64x8"])
    assert sentence_of(caught.value) == "no sex is known"
