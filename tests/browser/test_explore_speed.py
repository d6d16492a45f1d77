"""Ten thousand images with thumbnails: no larger than 25 MB, and no slower than plotly alone at that size."""

import io
import time
from types import SimpleNamespace

import numpy as np
import pytest

from embedlab import explore
from embedlab.data import Embeddings
from embedlab.plots.page import plotly_js

# a timing, though in one run: a busy machine may fail it, so it stands in make browser alone
pytestmark = [pytest.mark.browser, pytest.mark.jupyter]
N = 10_000
MOST_BYTES = 25e6
ALLOWED = 1.5  # times plotly's seconds, in the same run on the same machine


def photographs(rng):
    """Tiles as hard to pack as photographs: a smooth ground, a body, and grain; about a kilobyte each as WebP."""
    from PIL import Image

    out = []
    for _ in range(400):
        ground = Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 12, (64, 64, 3))
        tile = io.BytesIO()
        Image.fromarray(np.clip(np.asarray(ground, float) + grain, 0, 255).astype(np.uint8)).save(tile, "PNG")
        out.append(tile.getvalue())
    return out


def plotly_page(xy, words):
    """What plotly needs by itself: its script, one trace, one layout, and the lasso switched on."""
    x, y = (np.round(xy[:, j], 4).tolist() for j in (0, 1))
    return (
        "<!doctype html><meta charset=utf-8><style>body{margin:0}</style><div id=plot style='width:900px;height:700px'>"
        f"</div><script>{plotly_js()}</script><script>const codes={words};"
        "const ready=Plotly.newPlot('plot',[{type:'scattergl',mode:'markers',hoverinfo:'none',"
        f"x:{x},y:{y},marker:{{size:5,color:codes}}}}],{{dragmode:'lasso',hovermode:'closest'}},"
        "{showSendToCloud:false});let chosen=0;ready.then(p=>p.on('plotly_selected',e=>{"
        "if(e&&e.points.length)chosen=e.points.length;}));window.embedlab={ready:ready.then(()=>1)};</script>"
    )


def timed(open_page, path, left, top, chosen):
    """Seconds until the page is ready, and from the first touch of a lasso until its images are chosen and drawn."""
    start = time.perf_counter()
    page = open_page(path)
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)))")
    ready = time.perf_counter() - start
    if left is None:
        box = page.locator("[data-el=surface]").bounding_box()
        left, top, wide, high = box["x"], box["y"], box["width"], box["height"]
    else:
        wide, high = 700, 500
    corners = [(0.3, 0.3), (0.8, 0.3), (0.8, 0.8), (0.3, 0.8), (0.3, 0.3)]
    pixels = [(left + u * wide, top + v * high) for u, v in corners]
    start = time.perf_counter()
    page.mouse.move(*pixels[0])
    page.mouse.down()
    for x, y in pixels[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    page.wait_for_function(f"() => {chosen} > 100")
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)))")
    lasso = time.perf_counter() - start
    count = page.evaluate(chosen)
    page.close()
    return ready, lasso, count


@pytest.mark.timeout(600)
def test_ten_thousand_images_are_light_and_quick(tmp_path, open_page):
    rng = np.random.default_rng(0)
    some = photographs(rng)
    ids = [f"img-{i:05d}" for i in range(N)]
    species = [f"species {i % 60}" for i in range(N)]
    xy = rng.normal(size=(60, 2))[np.arange(N) % 60] * 3 + rng.normal(size=(N, 2))
    space = Embeddings(np.ones((N, 2), np.float32), {"image_id": ids, "species": species}, {"model": "m"})
    place = SimpleNamespace(image_id=tuple(ids), xy=xy, method="t-SNE", explained=None, caption="planted")
    tiles = {image: some[i % 400] for i, image in enumerate(ids)}
    # no space is named behind the map: the neighbours it keeps are counted elsewhere, and tell nothing of drawing
    ours = explore.html(space, {"t-SNE": place}, tmp_path / "ours.html", thumbnails=tiles, of={})
    theirs = tmp_path / "theirs.html"
    theirs.write_text(plotly_page(xy, [i % 60 for i in range(N)]), encoding="utf-8")
    assert 12e6 < ours.stat().st_size < MOST_BYTES, f"{ours.stat().st_size / 1e6:.1f} MB"
    mine, plotly = [], []
    for _ in range(2):  # in turn, so that a busy machine slows both
        mine.append(timed(open_page, ours, None, None, "window.embedlab.state().selected.length"))
        plotly.append(timed(open_page, theirs, 100, 100, "chosen"))
    print(f"\nours {mine}, plotly {plotly}, {ours.stat().st_size / 1e6:.1f} MB")
    assert mine[0][2] > 500 and plotly[0][2] > 500, "the lasso encloses too little to time"
    ours, theirs = (min(a + b for a, b, _ in runs) for runs in (mine, plotly))
    assert ours <= ALLOWED * theirs, f"ready and lassoed in {ours:.1f} s, plotly alone in {theirs:.1f} s"
