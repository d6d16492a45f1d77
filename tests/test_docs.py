"""Every block of code in tutorials and how-tos runs as printed, and prints what the page shows."""

import re
import sys
from pathlib import Path

import pytest

from tests.pages import DOCS, blocks, go_through, known, same

PAGES = sorted(
    {p.stem for kind in ("tutorial-*", "howto-*") for p in DOCS.glob(f"{kind}.md")} | {"numbers", "from-peers"}
)
BY_HAND = {"howto-explore"}  # a lasso is drawn on the way: it has a test of its own, and tests/browser draws one
ENCODER = {"tutorial-cli", "howto-photographs"}  # pages that need the pretrained encoder of the extra lite0


@pytest.mark.slow
@pytest.mark.timeout(1200)  # half a minute on a quiet core; a crowded machine took eight
@pytest.mark.parametrize("name", [name for name in PAGES if name not in BY_HAND])
def test_a_page_runs_as_printed(name, tmp_path, monkeypatch):
    if name in ENCODER and not any(d.glob("efficientnet_lite0*") for d in map(Path, sys.path)):
        pytest.skip("the pretrained encoder of the extra lite0 is not installed")
    monkeypatch.chdir(tmp_path)
    go_through(DOCS / f"{name}.md")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_a_lasso_in_a_cell_chose_goes_on_as_the_page_says(tmp_path, monkeypatch, capsys):
    pytest.importorskip("anywidget")
    monkeypatch.chdir(tmp_path)
    birds_of(tmp_path)
    (block,) = [b for b in blocks(DOCS / "howto-explore.md") if b.language == "python"]
    before, after = block.text.split("picked = view.selection()")
    page: dict = {"__name__": "__page__"}
    exec(compile(before, "howto-explore.md", "exec"), page)
    assert page["view"].selection().n == 0, "nothing is chosen before somebody draws"
    page["view"].widget.chosen = ["img-003", "img-041"]  # what the cell tells Python once a lasso is closed
    exec(compile("picked = view.selection()" + after.replace("el.gallery", "tiles = el.gallery"), "page", "exec"), page)
    assert page["picked"].rows["image_id"].to_list() == ["img-003", "img-041"]
    assert page["tiles"]._repr_html_().count("<img ") == 2 and "female vs male" in capsys.readouterr().out


def birds_of(folder):
    """A store `birds.store` of planted birds, each with a photograph."""
    import hashlib

    import numpy as np

    from embedlab.data.synthetic import dimorphic_birds
    from tests.explore.photos import painted, write_store

    birds = dimorphic_birds(np.random.default_rng(7), species=6, per_cell=6)
    (folder / "images").mkdir()
    contents = [painted(i) for i in range(birds.n)]
    for i, content in enumerate(contents):
        (folder / "images" / f"{i}.jpg").write_bytes(content)
    told = {name: birds.column(name).to_list() for name in ("species", "sex")}
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    names = [f"{i}.jpg" for i in range(birds.n)]
    write_store(folder / "birds.store", folder / "images", names, digests, birds.x.astype(np.float32), **told)


def test_no_block_of_these_pages_is_of_a_language_that_no_test_reads():
    strange = {
        f"{name}: {b.language or 'none'}, line {b.line}"
        for name in PAGES
        for b in blocks(DOCS / f"{name}.md")
        if b.language not in {"python", "console", "text", "bash", "r", "py"} and not b.file
    }
    assert not strange


def test_no_line_of_code_is_wider_than_the_page_that_is_built():
    wide = [
        f"{name}, line {b.line + i}: {len(line)}"
        for name in PAGES
        for b in blocks(DOCS / f"{name}.md")
        for i, line in enumerate(b.text.splitlines())
        if b.language != "text" and len(line) > 84
    ]
    assert not wide


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


def test_what_the_numbers_mean_leaves_out_no_verb_that_measures():
    import embedlab as el

    text = (DOCS / "numbers.md").read_text(encoding="utf-8")
    asked = [name for name, where in el._WHERE.items() if where.startswith("embedlab.measures.")]
    assert len(asked) > 20
    assert not [name for name in asked if not re.search(rf"`el\.{name}`", text)]


def cells(text: str) -> list[list[str]]:
    """The rows of every table in a text, as the words between its bars."""
    return [[c.strip() for c in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("| ")]


def test_error_rates_are_those_that_were_measured():
    """docs/calibration.md is made by `make calibrate`: what another page quotes must still stand there."""
    measured = (DOCS / "calibration.md").read_text(encoding="utf-8").split("## Coverage")[0]
    rates = {row[0]: (row[2], row[6].strip("*") if len(row) > 6 else "") for row in cells(measured) if len(row) > 2}
    quoted = cells((DOCS / "numbers.md").read_text(encoding="utf-8").split("## How often they are wrong")[1])
    quoted = [row for row in quoted if row[1] != "empty worlds"]
    assert len(quoted) >= 23 and not [row for row in quoted if row[1] not in rates]
    for row in quoted:
        ours, naive = rates[row[1]]
        assert float(row[2]) == float(ours), row
        if len(row) == 5:
            assert (float(row[3]) if row[3] else None) == (float(naive) if naive else None), row
