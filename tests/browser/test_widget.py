"""The module that anywidget loads, with a model of our own in Jupyter's place: two cells on one page do not meddle."""

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.explore.assets import script, style
from embedlab.explore.doors import faceted
from embedlab.explore.opening import opened
from embedlab.explore.widget import RENDER

pytestmark = pytest.mark.browser
HARNESS = """
window.model = (bundle) => {
  const held = { bundle, chosen: [], asked: [] }, listeners = {};
  return {
    get: (name) => held[name], set: (name, value) => { held[name] = value; }, save_changes: () => {},
    on: (event, fn) => { listeners[event] = fn; }, off: (event) => { delete listeners[event]; },
    ask: (ids) => { held.asked = ids; listeners["change:asked"](); }, listeners,
  };
};
window.cell = async (code, bundle) => {
  const { default: widget } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const el = document.createElement("div"), one = model(bundle);
  document.body.append(el);
  const end = widget.render({ model: one, el });
  await el.querySelector(".embedlab:last-child").view.ready;
  return { el, model: one, end, view: el.querySelector(".embedlab:last-child").view };
};
"""


@pytest.fixture
def cells(chromium):
    rng = np.random.default_rng(0)
    rows = {"image_id": [f"i{k}" for k in range(60)], "sex": [("male", "female", None)[k % 3] for k in range(60)]}
    bundle = opened([Embeddings(rng.normal(size=(60, 5)), rows, {"model": "m"})], methods=["pca"], colour="sex").bundle
    faceted(bundle, "sex")
    page = chromium.new_context(viewport={"width": 1000, "height": 800}).new_page()
    page.set_default_timeout(60_000)
    page.heard = []
    page.on("console", lambda m: page.heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.heard.append(str(e)))
    page.set_content(f"<!doctype html><meta charset='utf-8'><style>{style()}</style>")
    page.evaluate(f"{HARNESS}; null")
    make = "async ([code, bundle]) => { window.cells = [await cell(code, bundle), await cell(code, bundle)]; }"
    page.evaluate(make, [script() + RENDER, bundle])
    yield page
    assert page.heard == []
    page.context.close()


def test_what_is_chosen_in_a_cell_reaches_its_own_model_alone(cells):
    assert cells.evaluate("cells[0].view.select(['i0', 'i4'])") == 2
    assert cells.evaluate("cells.map((c) => c.model.get('chosen'))") == [["i0", "i4"], []]
    cells.evaluate("cells[1].model.ask(['i7'])")
    assert cells.evaluate("cells.map((c) => c.view.told().selected)") == [["i0", "i4"], ["i7"]]
    assert cells.evaluate("cells[1].model.get('chosen')") == ["i7"]
    assert cells.url == "about:blank"  # a cell writes nothing into the address of the notebook


def test_what_is_to_be_said_of_the_maps_stands_above_them(cells):
    said = cells.evaluate("cells[0].el.innerText")
    assert "Each panel shows one sex on the same map" in said and "20 images stand on no panel: not recorded" in said


def test_a_cell_that_is_cleared_leaves_nothing_behind(cells):
    cells.evaluate("cells[0].end()")
    assert cells.evaluate("Object.keys(cells[0].model.listeners)") == []
    assert cells.evaluate("cells[0].el.querySelectorAll('canvas').length") == 0
    assert cells.evaluate("cells[1].view.select(['i1'])") == 1  # the other goes on


def test_facets_stand_in_one_frame_on_the_screen(cells):
    """The same coordinates fall on the same place of every panel."""
    spots = cells.evaluate("cells[0].view.panels().map((p) => p.to(0.1, -0.05))")
    assert len(spots) == 2 and np.allclose(spots[0], spots[1], atol=0.01)
    assert cells.evaluate("cells[0].view.panels().map((p) => p.map.name)") == ["female", "male"]
