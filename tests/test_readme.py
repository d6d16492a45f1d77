"""What the pages print works as printed."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from embedlab.cli import app

ROOT = Path(__file__).resolve().parents[1]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_python_example_runs_as_it_stands(tmp_path):
    (code,) = blocks("README.md", "python")
    assert len(code.strip().splitlines()) <= 12
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "outside" in done.stdout
    saved = tmp_path / "figures" / "sexes"
    assert {p.suffix for p in saved.iterdir()} == {".svg", ".pdf", ".png", ".html", ".csv"}


def test_the_example_of_statistics_runs_as_it_stands():
    (code,) = blocks("docs/statistics.md", "python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    p, found = done.stdout.splitlines()
    assert 0.01 < float(p) <= 1 and found.startswith("Mantel(statistic=")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_work_as_printed(tmp_path, monkeypatch):
    if not any("efficientnet" in d.name for d in map(Path, sys.path) for d in d.glob("efficientnet_lite0*")):
        pytest.skip("the pretrained encoder of the extra lite0 is not installed")
    monkeypatch.chdir(tmp_path)
    for line in "".join(blocks("README.md", "console")).splitlines():
        words = shlex.split(line)
        assert words[0] == "embedlab"
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"
    assert (tmp_path / "world.html").stat().st_size > 100_000


def test_the_analysis_of_contributing_runs_from_its_own_file(tmp_path, monkeypatch):
    from embedlab.data.synthetic import dimorphic_birds

    (code,) = blocks("CONTRIBUTING.md", "python")
    (tmp_path / "my_question.py").write_text(code, encoding="utf-8")
    birds = dimorphic_birds(np.random.default_rng(1), species=8, per_cell=6)
    birds.rows.write_csv(tmp_path / "v.csv")
    np.save(tmp_path / "v.npy", birds.x)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(app, ["import", "v.npy", "--out", "s"]).exit_code == 0
    done = runner.invoke(app, ["run", "my_question.py", "--store", "s", "--json"])
    assert done.exit_code == 0, done.output
    outcome = json.loads(done.stdout)
    assert outcome["question"].startswith("Do the sexes") and len(outcome["claims"]) == 1
    assert (tmp_path / "figures" / "my_question" / "outcome.json").is_file()


def test_links_between_pages_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    links = {page: re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")) for page in pages}
    broken = [f"{p.name}: {t}" for p, found in links.items() for t in found if not (p.parent / t).exists()]
    assert not broken, broken
