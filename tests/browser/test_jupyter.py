"""The notebook host in a real JupyterLab: a lasso in a cell comes back to Python, and a page in a frame works."""

import json
import shutil
import sys
from pathlib import Path

import jupyter_lab
import numpy as np
import pytest
from waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]
ROOT = Path(__file__).parents[2]
CELLS = (
    "import embedlab as el\nfrom IPython.display import display\nemb = el.open('birds.store'); emb",
    "view = el.show(el.project(emb, 'pca', rng=0), color='sex')\nview",
    "picked = view.selection()\nprint('picked', sorted(picked.rows['image_id']))\nel.gallery(picked, cols=4)",
    "view.select(emb.where(sex='male'))\nprint('asked for', emb.where(sex='male').n)",
    "display({'text/html': view.frame()}, raw=True)",
    "from embedlab.explore import notebook\nnotebook.INLINE_BYTES = 1000\n"
    "display({'text/html': view.frame()}, raw=True)",
)

STILL = """async () => {  // the map stands where it stood a while ago
    const top = () => document.querySelector('.embedlab [data-el=surface]').getBoundingClientRect().top;
    const before = top();
    await new Promise((go) => setTimeout(go, 300));
    return top() === before; }"""


def written(folder: Path) -> None:
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**empty, "id": f"c{i}", "source": text} for i, text in enumerate(CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "look.ipynb").write_text(json.dumps(book), encoding="utf-8")


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A JupyterLab of its own, on a free port, with a store and a notebook; gives its address."""
    pytest.importorskip("jupyterlab")
    pytest.importorskip("anywidget")
    sys.path.insert(0, str(ROOT / "tests" / "explore"))
    import hashlib

    from photos import painted, write_store

    home = tmp_path_factory.mktemp("lab")
    root = home / "images"
    root.mkdir()
    contents = [painted(i) for i in range(30)]
    for i, content in enumerate(contents):
        (root / f"{i}.jpg").write_bytes(content)
    x = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    sex = [("male", "female", None)[i % 3] for i in range(30)]
    write_store(home / "birds.store", root, [f"{i}.jpg" for i in range(30)],
                [hashlib.sha256(c).hexdigest() for c in contents], x, sex=sex)  # fmt: skip
    written(home)
    with jupyter_lab.serving(home) as address:
        yield address, home
    shutil.rmtree(home, ignore_errors=True)


def run_next(page, number):
    """Run the cell with this number and wait until it has."""
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("(k) => /\\[\\d+\\]/.test(document.querySelectorAll('.jp-Notebook .jp-CodeCell')[k]"
                           "?.querySelector('.jp-InputPrompt')?.textContent || '')", arg=number)  # fmt: skip


@pytest.mark.timeout(600)
def test_a_lasso_in_a_cell_comes_back_to_python_and_a_frame_works_too(chromium, lab):
    where, home = lab
    page = chromium.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(120_000)
    heard = []
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("console", lambda m: heard.append(m.text) if "embedlab" in m.text.lower() and m.type == "error" else None)
    page.goto(f"{where}/lab/tree/look.ipynb?token=kept-here")
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_function(jupyter_lab.IDLE)
    run_next(page, 0)
    run_next(page, 1)
    page.locator(".jp-OutputArea .embedlab canvas").first.wait_for()
    page.wait_for_function("document.querySelector('.embedlab[data-panels]').view?.panels()[0]?.wide > 0")
    page.evaluate("document.querySelector('.embedlab [data-el=surface]').scrollIntoView({block: 'center'})")
    until(page, STILL)  # JupyterLab lays the cells out in later tasks
    corners = page.evaluate("""() => {
        const p = document.querySelector('.embedlab[data-panels]').view.panels()[0];
        const box = p.top.getBoundingClientRect();
        const round = [[.2, .2], [.85, .2], [.85, .75], [.2, .75], [.2, .2]];
        return round.map(([u, v]) => [box.left + u * p.wide, box.top + v * p.high]);
    }""")
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    chosen = page.evaluate("document.querySelector('.embedlab[data-panels]').view.told().selected")
    assert 0 < len(chosen) < 30
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(2).click()
    run_next(page, 2)
    said = page.locator(".jp-OutputArea-output pre", has_text="picked [").inner_text()
    assert said.strip() == f"picked {sorted(chosen)}"
    until(page, "(n) => document.querySelectorAll(\"img[alt^='img-']\").length === n", len(chosen))
    run_next(page, 3)
    page.wait_for_function("document.querySelector('.embedlab[data-panels]').view.told().selected.length === 10")
    for number in (4, 5):  # in the cell itself, then from a file beside the notebook
        run_next(page, number)
        frame = page.locator(".jp-OutputArea iframe").nth(number - 4)
        inner = frame.element_handle().content_frame()
        inner.wait_for_function("window.embedlab?.view?.panels()[0]?.wide > 0")
        assert inner.evaluate("embedlab.select(['img-003', 'img-004'])") == 2
        assert sorted(inner.evaluate("embedlab.state().selected")) == ["img-003", "img-004"]
    assert len(list(home.glob("embedlab-map-*.html"))) == 1
    warned = page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
    assert warned == []  # no warning, no log line
    assert heard == []
    page.context.close()
