"""The table of a study grows world by world, and each time says what all of them say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from embedlab.claims import Claim, Evidence
from embedlab.reproduction.verdicts import Line, put_verdicts

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
