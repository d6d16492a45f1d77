"""The table of a study grows world by world, and each time says what all of them say."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embedlab.claims import Claim, Evidence
from embedlab.reproduction.papers import PUBLISHED
from embedlab.reproduction.verdicts import Line, put_tables, put_verdicts

CLAIM = Claim(id="grows", says="It grows.", source="us", at_least=0.01, statistic="slope", null="shuffled", unit="runs")


def evidence(estimate):
    return Evidence(statistic="slope", estimate=estimate, interval=(estimate - 0.01, estimate + 0.01),
                    null=np.linspace(-0.1, 0.1, 41), chance_kind="labels shuffled", p_more=0.01, p_less=0.99,
                    p_floor=0.01, n=30, n_effective=20.0)  # fmt: skip


def put(lines, out, worlds):
    put_verdicts(lines, out, worlds=worlds, of=3, command="", unasked={"w/phylogeny": "no tree"}, theorem={})
    return json.loads((out / "outcome.json").read_bytes())


def test_each_world_that_is_added_counts_in_the_verdict(tmp_path):
    line = Line("scaling", "images", CLAIM)
    for done, value in enumerate((0.2, 0.3, 0.7), start=1):
        line.worlds.append((f"world-{done}", evidence(value), ""))
        told = put([line], tmp_path, done)
        assert ("so far" in (tmp_path / "verdicts.md").read_text()) == (done < 3)
    [claim] = told["claims"]
    assert claim["estimate"] == pytest.approx(0.4) and len(claim["worlds"]) == 3
    assert claim["interval"][1] - claim["interval"][0] > 0.5, "three worlds that differ so say little of a fourth"
    assert "+0.4 [" in (tmp_path / "verdicts.md").read_text()


def test_what_some_world_could_not_ask_is_named_and_not_judged(tmp_path):
    line = Line("scaling", "images", CLAIM, [("world-1", evidence(0.2), "")])
    told = put([line], tmp_path, 2)
    assert told["claims"] == [] and told["unasked"]["scaling/images/grows"] == "asked in 1 of 2 worlds"
    assert "- w/phylogeny: no tree" in (tmp_path / "verdicts.md").read_text()


def test_a_number_that_is_none_is_null_as_json_has_it(tmp_path):
    line = Line("objectives", "", CLAIM, [("world-1", replace(evidence(np.nan), cannot_tell="one pair of runs"), "")])
    [claim] = put([line], tmp_path, 1)["claims"]
    assert claim["verdict"] == "cannot tell" and claim["worlds"][0]["interval"] == [None, None]
    assert "NaN" not in (tmp_path / "outcome.json").read_text()


def test_worlds_that_could_not_decide_are_counted_in_words(tmp_path):
    claim = replace(CLAIM, id="stage-separation-grows")
    worlds = [(f"world-{k}", evidence(0.2), "") for k in range(5)]
    worlds.append(("world-5", replace(evidence(np.nan), cannot_tell="no sexes"), ""))
    put([Line("scaling", "images", claim, worlds)], tmp_path, 6)
    for name in ("verdicts.md", "papers.md"):
        told = (tmp_path / name).read_text()
        assert "| 1 of 6 worlds could not decide |" in told and "nan" not in told and "[–" not in told, name


def test_the_tables_of_a_study_that_was_kept_are_those_of_its_outcome(tmp_path):
    kept = Path(__file__).resolve().parents[2] / "figures" / "medium"
    if not kept.exists():
        pytest.skip("the study's outcome is not in this checkout")
    (tmp_path / "outcome.json").write_bytes((kept / "outcome.json").read_bytes())
    put_tables(tmp_path)
    for name in ("verdicts.md", "papers.md"):
        table = (tmp_path / name).read_bytes()
        assert table == (kept / name).read_bytes(), name
        assert b"could not decide" in table and b"nan" not in table, name


def test_claims_of_the_papers_stand_beside_our_verdicts_and_unasked_ones_say_why(tmp_path):
    worlds = [(f"world-{k}", evidence(0.2), "") for k in range(3)]
    claim = replace(CLAIM, id="stage-separation-grows")
    put([Line("scaling", "images", claim, worlds)], tmp_path, 3)
    rows = (tmp_path / "papers.md").read_text().splitlines()
    [row] = [r for r in rows if "It grows." in r]
    assert row.startswith("| **Life stages become more separable") and "| 3 of 3 |" in row and "+0.2 [" in row
    assert "**supported**" in row or "**cannot tell**" in row or "**not supported**" in row
    assert sum("| not asked |" in r for r in rows) == len(PUBLISHED) - 1
    assert all(r.count("|") == rows[0].count("|") for r in rows if r.startswith("|")), "each row fills the table"


def test_every_claim_named_for_a_paper_is_one_that_the_study_makes():
    kept = Path(__file__).resolve().parents[2] / "figures" / "medium" / "outcome.json"
    if not kept.exists():
        pytest.skip("the study's outcome is not in this checkout")
    made = {claim["id"] for claim in json.loads(kept.read_bytes())["claims"]}
    assert {id for p in PUBLISHED for id in p.asked} <= made
