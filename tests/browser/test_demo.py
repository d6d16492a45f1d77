"""The main job from nothing, as a person would run it; its page opened with the network cut."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
TIMEOUT_SECONDS = 900


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What `embedlab demo --quick --json` printed, and the folder it was run in."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "embedlab.cli", "demo", "--quick", "--out", "out", "--json"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder, json.loads(done.stdout)


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_the_main_job(made):
    folder, said = made
    assert {"report", "outcome", "seconds"} <= set(said)
    assert (folder / said["report"]).stat().st_size < 25e6
    outcomes = json.loads((folder / "out" / "outcome.json").read_text(encoding="utf-8"))
    page = (folder / said["report"]).read_text(encoding="utf-8")
    assert "<h3>What was planted</h3>" in page and all(line.split(":")[0] in page for line in said["planted"])
    asked = {o["analysis"]: o for o in outcomes}
    assert {"hierarchy", "orthogonality", "phylogeny", "scaling", "separation", "trait_alignment"} <= set(asked)
    claims = [c for o in outcomes for c in o["claims"]]
    assert {c["family"] for c in claims} == {len(claims)}, "claims shown on one page are judged together"
    for c in claims:
        assert c["verdict"] in {"supported", "too small to matter", "not supported", "contradicted", "cannot tell"}
        assert 0 < c["p_value"] <= 1
        assert set(c["chance"]) == {"mean", "low", "high", "kind"}
    kin = next(c for c in asked["phylogeny"]["claims"] if c["id"] == "distances-follow-tree")
    assert kin["verdict"] == "supported", "even a briefly trained model tells a bird from a beetle"
    for name in asked:
        written = {p.suffix for p in (folder / "out" / name).iterdir()}
        assert {".svg", ".pdf", ".png", ".html", ".csv", ".json"} <= written


@pytest.mark.timeout(TIMEOUT_SECONDS)
@pytest.mark.browser
def test_its_page_opens_with_the_network_cut(made, open_page):
    folder, said = made
    page = open_page(folder / said["report"])
    assert page.heard == []
    drawn = page.evaluate("""() => [...document.querySelectorAll('.js-plotly-plot')].map(
        e => e.querySelectorAll('svg .trace, svg .bars, svg path').length)""")
    assert len(drawn) >= 10 and min(drawn) > 0, drawn
    atlas = page.evaluate("() => window.embedlab.state()")
    assert atlas
    tiles = page.evaluate("""() => [...document.images].map(i => i.naturalWidth)""")
    assert all(width > 0 for width in tiles)
