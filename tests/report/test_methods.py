import re
import sys
from pathlib import Path

import pytest

from embedlab.plots import FILES
from embedlab.report.methods import BIBLIOGRAPHY, JUDGED, RESTS, _once, methods_section, works

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))


@pytest.fixture(scope="module")
def made():
    import pages

    outcomes = pages.outcomes(pages.space(200), pages.results.every())
    facts = [o.to_dict() for o in outcomes]
    return outcomes, facts, methods_section(outcomes, facts, {"embedlab": "0.1", "numpy": "2"})


def test_every_result_says_what_it_rests_on():
    assert set(RESTS) == set(FILES)


def test_every_work_is_listed_and_used():
    used = {work for each in RESTS.values() for work in each} | set(JUDGED)
    assert used == set(BIBLIOGRAPHY)
    for key, entry in BIBLIOGRAPHY.items():
        year = key[-4:]
        assert f"({year})" in entry and entry.startswith(key.split()[0]), key


def test_the_text_comes_from_the_outcomes(made):
    outcomes, facts, page = made
    plain = re.sub("<[^>]+>", "", page)
    for outcome in outcomes:
        for claim in outcome.claims:
            assert not claim.null or claim.null[:40] in plain.replace("&amp;", "&")
    for f in facts:
        for c in f["claims"]:
            assert c["statistic"][1:30] in plain.replace("&amp;", "&").replace("&#x27;", "'"), c["id"]
    assert "embedlab 0.1, numpy 2" in plain and "Holm 1979" in plain


def test_what_is_cited_is_listed_and_nothing_else(made):
    outcomes, _, page = made
    listed = re.findall("<li>(.*?)</li>", page.split("<h3>References</h3>")[1])
    cited = set(works(r for o in outcomes for r in o.results.values())) | set(JUDGED)
    assert len(listed) == len(cited) > 3


def test_text_of_users_stays_text(made):
    outcomes, facts, _ = made
    facts = [{**facts[0], "analysis": "<b>x</b>"}]
    assert "<b>x</b>" not in methods_section(outcomes[:1], facts, {"<i>numpy</i>": "2"})
    assert "<i>numpy" not in methods_section(outcomes[:1], facts, {"<i>numpy</i>": "2"})


def test_a_page_without_claims_needs_no_judge(made):
    page = methods_section([], [], {})
    assert "Verdicts" not in page and "References" not in page


def test_what_all_captions_say_is_said_once():
    made = _once(["share of a. Grey: chance. Eight runs.", "share of b. Grey: chance. Nine runs.", "c. Grey: chance."])
    assert made == ["Share of a. Eight runs.", "Share of b. Nine runs.", "c.", "Each of these: Grey: chance."]
    assert _once(["one. Grey: chance.", "two. Grey: chance."]) == ["one. Grey: chance.", "two. Grey: chance."]
    assert _once([]) == []
