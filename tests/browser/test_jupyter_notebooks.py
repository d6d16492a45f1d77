"""Every notebook as a reader meets it: opened in JupyterLab, all cells run from the menu, everything drawn."""

import shutil

import jupyter_lab
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]
NOTEBOOKS = sorted((jupyter_lab.ROOT / "notebooks").glob("*.ipynb"))
PATIENCE_MS = 1_200_000  # a notebook takes up to a minute; machines that share their cores, much more
FINISHED = """() => {
    const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')];
    const prompts = cells.map((c) => c.querySelector('.jp-InputPrompt').textContent);
    const failed = document.querySelector("[data-mime-type='application/vnd.jupyter.error']");
    return failed || (cells.length && prompts.every((p) => /\\[\\d+\\]/.test(p)));
}"""


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


def outputs_of(page, mime):
    return page.locator(f".jp-Notebook .jp-OutputArea-output[data-mime-type='{mime}']")


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
    page.goto(f"{address}/lab/tree/{path.name}?token=kept-here")
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_function(jupyter_lab.IDLE)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
    page.wait_for_function(FINISHED)
    assert outputs_of(page, "application/vnd.jupyter.error").all_inner_texts() == []
    assert outputs_of(page, "application/vnd.jupyter.stderr").all_inner_texts() == []  # no warning, no log line
    views = outputs_of(page, "application/vnd.jupyter.widget-view+json")
    for number in range(views.count()):  # linked maps: each panel has points on it
        view = views.nth(number).locator(".embedlab[data-panels]")
        view.wait_for()
        page.wait_for_function("(v) => v.view?.panels().length && v.view.panels().every((p) => p.wide > 0)",
                               arg=view.element_handle())  # fmt: skip
    figures = outputs_of(page, "application/vnd.plotly.v1+json")
    for number in range(figures.count()):
        figures.nth(number).locator(".main-svg").first.wait_for()
    for tile in page.locator(".jp-OutputArea-output img").all():
        tile.scroll_into_view_if_needed()
        assert tile.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 0
    cut = "o => !o.querySelector('pre') && o.scrollWidth > o.clientWidth + 1"
    wide = page.evaluate(f"[...document.querySelectorAll('.jp-OutputArea-output')].filter({cut}).length")
    assert wide == 0  # nothing is cut off at the right
    assert views.count() + figures.count() > 0
    assert heard == []
    assert [u for u in asked if not u.startswith((address, "data:", "blob:", address.replace("http", "ws")))] == []
    page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    page.locator(".lm-Menu-item[data-command='kernelmenu:shutdown']").click()
    page.context.close()
