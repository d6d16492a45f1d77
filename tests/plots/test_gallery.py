"""The page over all figures: every picture of every outcome with its files; nothing fetched, words stay words."""

import json
import re

import pytest

from embedlab.plots.gallery import gallery

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#0072B2"/></svg>'


def outcome(analysis, **more):
    return {
        "schema": 1,
        "analysis": analysis,
        "question": f"Does {analysis} hold?",
        "claims": [{"verdict": "supported", "sentence": f"{analysis}: 0.4 (chance 0.0)", "exploratory": True}],
        "exclusions": ["3 species with one image"],
        "seed": 7,
        "stores": [{"model": "beta", "key": "0f" * 16}],
        "command": "embedlab run x",
        **more,
    }


@pytest.fixture
def figures(tmp_path):
    for name, files in (("separation", ("svg", "html", "pdf", "csv")), ("scaling", ("svg",))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "outcome.json").write_text(json.dumps(outcome(name)))
        for kind in files:
            (tmp_path / name / f"{name}.{kind}").write_text(SVG)
    (tmp_path / "demo" / "stores").mkdir(parents=True)
    (tmp_path / "demo" / "report.html").write_text("<p>a report")
    (tmp_path / "demo" / "outcome.json").write_text(json.dumps([outcome("all")]))  # a list: what a report writes
    return tmp_path


def test_every_picture_stands_there_with_the_files_that_there_are(figures):
    page = gallery(figures).read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page)) - {"data:,", "#main"}
    assert {p for p in links if not (figures / p).is_file()} == set(), "a link leads nowhere"
    assert {"separation/separation.svg", "separation/separation.html", "scaling/scaling.svg"} <= links
    assert "demo/report.html" in links and "scaling/scaling.pdf" not in links
    assert page.count('data-el="card"') == 2 and "2 questions, 2 claims" in page
    for said in ("Does scaling hold?", "supported", "exploratory", "model beta", "key 0f0f0f0f", "seed 7",
                 "left out: 3 species with one image", "embedlab run x"):  # fmt: skip
        assert said in page


def test_it_is_the_same_twice_and_fetches_nothing(figures):
    first = gallery(figures).read_bytes()
    assert gallery(figures).read_bytes() == first
    assert b"http://" not in first and b"https://" not in first and b"<script>" not in first


def test_hostile_words_stay_words(figures):
    bad = outcome("<img src=x onerror=alert(1)>", question="<script>alert(1)</script>")
    (figures / "a&b 'c'").mkdir()
    (figures / "a&b 'c'" / "outcome.json").write_text(json.dumps(bad))
    (figures / "a&b 'c'" / 'x".svg').write_text(SVG)
    page = gallery(figures).read_text(encoding="utf-8")
    assert "<script>" not in page and "<img src=x" not in page and 'x".svg' not in page
    assert "a%26b%20%27c%27/x%22.svg" in page


def test_broken_outcomes_are_passed_over_and_an_empty_folder_refused(figures, tmp_path):
    (figures / "scaling" / "outcome.json").write_text("{")
    assert "1 questions" in gallery(figures).read_text(encoding="utf-8")
    empty = tmp_path / "none"
    empty.mkdir()
    with pytest.raises(ValueError, match="make figures"):
        gallery(empty)


def test_many_claims_are_folded_and_counted_by_verdict(tmp_path):
    (tmp_path / "controls").mkdir()
    facts = outcome("controls")
    words = ["supported"] * 4 + ["cannot tell", "not supported", "cannot tell"]
    facts["claims"] = [{"verdict": w, "sentence": f"claim {i}: -0.{i}"} for i, w in enumerate(words)]
    (tmp_path / "controls" / "outcome.json").write_text(json.dumps(facts))
    page = gallery(tmp_path).read_text()
    shown, _, folded = page.partition("<summary>3 more: 2 cannot tell, 1 not supported</summary>")
    assert "claim 3: −0.3" in shown and "claim 4" not in shown and "claim 6: −0.6" in folded
    assert "<code>embedlab run x</code>" in folded.partition("How it was asked")[2]
