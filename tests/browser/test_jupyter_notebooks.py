"""Every notebook as a reader meets it: opened in JupyterLab, all cells run from the menu, everything drawn."""

import json
import shutil

import jupyter_lab
import pytest
from waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]
NOTEBOOKS = sorted((jupyter_lab.ROOT / "notebooks").glob("*.ipynb"))
PATIENCE_MS = 1_200_000  # a notebook takes up to a minute; machines that share their cores, much more
FINISHED = """() => {
    const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')];
    const prompts = cells.map((c) => c.querySelector('.jp-InputPrompt').textContent);
    const failed = document.querySelector("[data-mime-type='application/vnd.jupyter.error']");
    return failed || (cells.length && prompts.every((p) => /\\[\\d+\\]/.test(p)));
}"""
DRAWN = """([views, figures]) => {
    const count = (what) => document.querySelectorAll(`.jp-OutputArea ${what}`).length;
    return count('.embedlab[data-panels]') >= views && count('.js-plotly-plot') >= figures; }"""


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A JupyterLab over all notebooks in one folder; gives its address and the folder."""
    pytest.importorskip("jupyterlab")
    pytest.importorskip("anywidget")
    home = tmp_path_factory.mktemp("lab")
    for path in NOTEBOOKS:
        shutil.copy(path, home / path.name)
    with jupyter_lab.serving(home) as address:
        yield address, home
    shutil.rmtree(home, ignore_errors=True)


def said(page, mime):
    return page.locator(f".jp-Notebook [data-mime-type='application/vnd.jupyter.{mime}']").all_inner_texts()


def cells_with(path, *calls):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return sum(any(call in text for call in calls) for text in code)


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_all_cells_run_and_everything_is_drawn(chromium, lab, path):
    address, _ = lab
    page = chromium.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    heard, asked = [], []
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("console", lambda m: heard.append(m.text) if "embedlab" in m.text.lower() and m.type == "error" else None)
    page.on("request", lambda r: asked.append(r.url))
    # a workspace of its own: the default one opens the notebook of the last test again
    page.goto(f"{address}/lab/workspaces/{path.stem}/tree/{path.name}?token=kept-here")
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_function(jupyter_lab.IDLE)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
    page.wait_for_function(FINISHED)
    assert said(page, "error") == []
    assert said(page, "stderr") == []  # no warning, no log line
    views = page.locator(".jp-OutputArea .embedlab[data-panels]")
    figures = page.locator(".jp-OutputArea .js-plotly-plot")
    wanted = cells_with(path, "el.show(", "el.explore("), cells_with(path, "el.draw(")
    until(page, DRAWN, wanted)
    assert views.count() == wanted[0]
    assert views.count() + figures.count() > 0
    for view in views.all():  # linked maps: each panel has its room
        page.wait_for_function("(v) => v.view?.panels().length && v.view.panels().every((p) => p.wide > 0)",
                               arg=view.element_handle())  # fmt: skip
    for figure in figures.all():
        figure.locator(".main-svg").first.wait_for()
    # a map keeps a hidden one, for what is pointed at
    for tile in page.locator(".jp-OutputArea-output img:visible").all():
        assert tile.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 0
    cut = "o => !o.querySelector('pre') && o.scrollWidth > o.clientWidth + 1"
    wide = page.evaluate(f"[...document.querySelectorAll('.jp-OutputArea-output')].filter({cut}).length")
    assert wide == 0  # nothing is cut off at the right
    assert heard == []
    assert [u for u in asked if not u.startswith((address, "data:", "blob:", address.replace("http", "ws")))] == []
    page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    page.locator(".lm-Menu-item[data-command='kernelmenu:shutdown']").click()
    page.context.close()
