"""Names on the map: at the median of what stands together, apart from one another, and none for what is scattered."""

from types import SimpleNamespace

import numpy as np
import pytest

from embedlab import explore
from embedlab.data import Embeddings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    """Eight genera, each a patch of its own, two of them almost in one place; sexes everywhere."""
    rng = np.random.default_rng(4)
    centres = np.array([[np.cos(a), np.sin(a)] for a in np.arange(8) * np.pi / 4]) * 4
    centres[1] = centres[0] + [0.05, 0.02]
    n = 320
    xy = centres[np.arange(n) % 8] + rng.normal(size=(n, 2)) * 0.45
    rows = {
        "image_id": [f"i{i}" for i in range(n)],
        "genus": [f"Genus{i % 8}" for i in range(n)],
        "sex": [("female", "male")[(i // 8) % 2] for i in range(n)],
    }
    space = Embeddings(rng.normal(size=(n, 4)).astype(np.float32), rows, {"model": "m"})
    place = SimpleNamespace(image_id=tuple(rows["image_id"]), xy=xy, method="t-SNE", explained=None, caption="planted")
    path = explore.html(space, {"map": place}, tmp_path_factory.mktemp("names") / "names.html", colour="genus")
    return path, np.arange(n) % 8


def test_names_stand_at_medians_apart_and_only_where_a_level_stands_together(clusters, open_page):
    path, genus = clusters
    page = open_page(path)
    labels = page.evaluate("window.embedlab.view.labelled(0)")
    assert sorted(one["words"] for one in labels) == [f"Genus{k}" for k in range(8)]
    places = page.evaluate(
        "() => { const p = window.embedlab.view.panels()[0], b = window.embedlab.view.bundle;"
        " return Object.fromEntries(p.map.row.map((r, k) => [b.ids[r], [p.px[k], p.py[k]]])); }"
    )
    at = np.array([places[f"i{i}"] for i in range(len(genus))])
    box = page.locator("[data-el=surface]").bounding_box()
    for one in labels:
        middle = np.median(at[genus == int(one["words"][-1])], axis=0)
        # an even number of points has two middles; between them lie a few pixels
        assert np.abs(np.array(one["at"]) - middle).max() < 8, one["words"]
        assert one["wide"] / 2 <= one["x"] <= box["width"] - one["wide"] / 2 and 8 <= one["y"] <= box["height"] - 8
    for a in labels:
        for b in labels:
            beside = abs(a["x"] - b["x"]) > (a["wide"] + b["wide"]) / 2
            assert a is b or beside or abs(a["y"] - b["y"]) > 14, f"{a['words']} covers {b['words']}"
    page.select_option("[data-el=colour]", "sex")
    assert page.evaluate("window.embedlab.view.labelled(0)") == [], "a word amid everything points at nothing"
    page.select_option("[data-el=colour]", "genus")
    page.click("[data-el=shuffle]")
    assert page.evaluate("window.embedlab.view.labelled(0)") == [], "labels dealt out anew stand nowhere together"
    page.click("[data-el=shuffle]", click_count=3)
    page.click("[data-el=names]")
    assert page.evaluate("window.embedlab.view.labelled(0)") == []
    assert page.get_attribute("[data-el=names]", "aria-pressed") == "false" and page.heard == []
