"""A figure as a notebook shows it: title, key and foot have room of their own, and end where the figure does."""

import numpy as np
import pytest
from waiting import PATIENCE_MS, settled

import embedlab as el
from embedlab.data.synthetic import dimorphic_birds, dimorphic_series

pytestmark = pytest.mark.browser
SEXES = ("sex", "female", "male")
BOXES = """() => {
    const all = (what) => [...document.querySelectorAll(what)].map((e) => e.getBoundingClientRect());
    const [whole, title, key] = ['.js-plotly-plot', '.gtitle', '.legend'].map((what) => all(what)[0]);
    return {title: [title.right - whole.left, title.bottom], key: [key.right - whole.left, key.top],
            words: Math.max(...all('.annotation').map((b) => b.right)) - whole.left, whole: whole.width};
}"""


@pytest.fixture(scope="module")
def results():
    birds = dimorphic_birds(np.random.default_rng(7), species=8, per_cell=5, d=16)
    series = dimorphic_series(1, {x: {} for x in (1e4, 1e6, 1e8)}, species=6, per_cell=3, d=16)
    return {
        "projection": el.project(birds, "pca", rng=0),
        "orthogonality": el.orthogonality(birds, SEXES, permutations=49, rng=0),
        "scaling": el.scaling(series, lambda emb, rng: el.separation(emb, SEXES, permutations=49, rng=rng), rng=0),
    }


@pytest.mark.parametrize("name", ["projection", "orthogonality", "scaling"])
def test_nothing_of_a_drawn_figure_is_cut_or_lies_on_something_else(chromium, results, name, tmp_path):
    el.draw(results[name]).write_html(tmp_path / "drawn.html", include_plotlyjs=True)
    page = chromium.new_page(viewport={"width": 800, "height": 600})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"file://{tmp_path / 'drawn.html'}")
    for part in (".gtitle", ".legend", ".annotation"):
        page.locator(part).first.wait_for()
    seen = settled(page).evaluate(BOXES)
    page.close()
    assert max(seen["title"][0], seen["key"][0], seen["words"]) <= seen["whole"], seen
    assert seen["title"][1] <= seen["key"][1], "the key lies on the title"
