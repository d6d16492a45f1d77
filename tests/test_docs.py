"""Every block of code in the docs runs as printed, and prints what the page shows."""

import sys
from pathlib import Path

import pytest

from tests.pages import DOCS, blocks, go_through, known, same

PAGES = (
    "tutorial-cli",
    "tutorial-python",
    "howto-vectors",
    "howto-cluster",
    "howto-figure",
    "howto-hypothesis",
)
ENCODER = {"tutorial-cli"}  # pages that need the pretrained encoder of the extra lite0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_as_printed(name, tmp_path, monkeypatch):
    if name in ENCODER and not any(d.glob("efficientnet_lite0*") for d in map(Path, sys.path)):
        pytest.skip("the pretrained encoder of the extra lite0 is not installed")
    monkeypatch.chdir(tmp_path)
    go_through(DOCS / f"{name}.md")


def test_no_block_of_these_pages_is_of_a_language_that_no_test_reads():
    strange = {
        f"{name}: {b.language or 'none'}, line {b.line}"
        for name in PAGES
        for b in blocks(DOCS / f"{name}.md")
        if b.language not in {"python", "console", "text", "bash", "r", "py"} and not b.file
    }
    assert not strange


def test_a_page_that_lies_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(2 + 2)\n```\n\n```text\n5\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="page.md, line 6: the page shows"):
        go_through(page)
    page.write_text("```console\nembedlab list --nonsense\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="page.md, line 2: embedlab list --nonsense"):
        go_through(page)
    page.write_text("```bash\nembedlab extract photos --modle bioclip-2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="--modle"):
        go_through(page)
    page.write_text("```python\nprint(2 + 2)\n```\n\n```text\n4\n```\n", encoding="utf-8")
    assert go_through(page) == 1


def test_dots_stand_for_anything_and_nothing_else_does():
    assert same("p = …\nend\n", "p = 0.04  \nend")
    assert not same("p = …\nend\n", "q = 0.04\nend")
    assert not same("a.c", "abc")
    known(["run", "orthogonality", "--store", "birds.store"], "here")
