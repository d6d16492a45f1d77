"""A world whose labels say nothing is not called a finding, in the words that the report prints."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from analyses.separation import CLAIMS as APART
from embedlab.claims import judge
from embedlab.data.synthetic import dimorphic_birds, nothing
from embedlab.measures.separation import separation
from embedlab.report.board import board, tally

SEEDS = 100
ROOT = Path(__file__).resolve().parents[1]
FOUND = ("supported", "contradicted")


def words(page: str) -> list[str]:
    """The verdicts as a reader of the page meets them."""
    return [re.sub("<[^>]+>", "", said) for said in re.findall(r'<span class="word"[^>]*>(.*?)</span>', page)]


@pytest.fixture(scope="module")
def judged():
    """The board of each empty world: two claims, sexes and stages dealt out regardless of the vectors."""
    boards = []
    for seed in range(SEEDS):
        world = nothing(np.random.default_rng(seed), species=8, per_species=12, d=16)
        asked = (("sex", "female", "male"), ("life_stage", "juvenile", "adult"))
        found = [separation(world, kinds, permutations=99, rng=seed).evidence for kinds in asked]
        evidence = dict(zip((claim.id for claim in APART), found, strict=True))
        boards.append([verdict.to_dict() for verdict in judge(APART, evidence)])
    return boards


def test_labels_that_say_nothing_are_called_nothing_in_95_percent_of_seeds(judged):
    told = [words(board(claims)) for claims in judged]
    assert all(len(said) == len(APART) for said in told), told[0]
    wrong = [seed for seed, said in enumerate(told) if set(said) & set(FOUND)]
    assert len(wrong) <= 0.05 * SEEDS, f"seeds {wrong} find what is not there: {Counter(w for t in told for w in t)}"
    nothing_found = {"not supported", "too small to matter"}
    assert sum(set(said) <= nothing_found for said in told) >= 95, Counter(w for t in told for w in t)


def test_the_same_words_find_what_is_there():
    world = dimorphic_birds(np.random.default_rng(0), species=8, per_cell=12, d=16, size=2.0)
    found = separation(world, ("sex", "female", "male"), permutations=99, rng=0).evidence
    claims = [verdict.to_dict() for verdict in judge(APART[:1], {APART[0].id: found})]
    assert words(board(claims)) == ["supported"] and "1" in tally(claims)


def test_labels_dealt_out_are_rarely_supported_over_thousands_of_worlds():
    """As `make calibrate` wrote it down, a column of the word itself, for each question asked of dealt-out labels."""
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    table = text.partition("## Rejections at p ≤ .05 where nothing is")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    at = rows[0].index("supported")
    told = {row[0]: float(row[at]) for row in rows[1:] if row[at] and "dealt out" in row[0]}
    assert len(told) >= 5 and max(told.values()) <= 0.05, told
