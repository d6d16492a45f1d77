"""The live page in a real Chromium: photographs, neighbours, words and counts come from Python alone."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from waiting import has_colour, settled, until

from embedlab.data import Embeddings
from embedlab.explore.live import Live, inside
from embedlab.explore.opening import opened
from embedlab.explore.photographs import Photographs
from embedlab.explore.server import Server
from embedlab.io.store import open_store

sys.path.insert(0, str(Path(__file__).parents[1] / "explore"))
from photos import colour_of, painted, write_store

pytestmark = pytest.mark.browser


def visit(browser, url):
    """Open a live page; whatever it asks of another place, and whatever it complains of, is kept in `page.heard`."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True).new_page()
    page.set_default_timeout(60_000)
    page.heard = []
    page.on("console", lambda m: page.heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.heard.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((url, "blob:", "data:")) else page.heard.append(r.url))
    page.goto(url)
    page.evaluate("window.embedlab.ready")
    return page


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    home = tmp_path_factory.mktemp("live")
    root = home / "images"
    root.mkdir()
    paths, digests, rng = [], [], np.random.default_rng(2)
    for i in range(60):
        content = painted(i)
        (root / f"{i}.jpg").write_bytes(content)
        paths.append(f"{i}.jpg")
        digests.append(hashlib.sha256(content).hexdigest())
    x = rng.normal(size=(60, 6)).astype(np.float32)
    return write_store(home / "live.store", root, paths, digests, x, species=[f"Genus s{i % 6}" for i in range(60)])


@pytest.fixture(scope="module")
def live(store, tmp_path_factory):
    space = open_store(store)
    made = opened([space], methods=["pca"], stores=[store], near=False)
    answers = Live(made.bundle["ids"], space, made.everywhere(), photographs=Photographs(store),
                   words=lambda q: np.asarray(space.x[int(q)]), folder=tmp_path_factory.mktemp("mine"))  # fmt: skip
    with Server(made.page({"kind": "server", **answers.can()}), answers) as server:
        server.made = made
        yield server


@pytest.fixture(scope="module")
def page(chromium, live):
    page = visit(chromium, live.url)
    yield page
    assert page.heard == []
    page.context.close()


def drag(page, panel, corners):
    """Draw a lasso by mouse through corners in units of the map; give the polygon."""
    box = page.locator("[data-el=surface]").nth(panel).bounding_box()
    at = page.evaluate("([k, c]) => c.map(([x, y]) => embedlab.view.panels()[k].to(x, y))", [panel, corners])
    at = [(box["x"] + u, box["y"] + v) for u, v in at]
    page.mouse.move(*at[0])
    page.mouse.down()
    for u, v in [*at[1:], at[0]]:
        page.mouse.move(u, v, steps=4)
    page.mouse.up()
    return np.array(page.evaluate("embedlab.view.lassoed.polygon"))


def test_a_press_on_a_tile_opens_the_photograph_of_that_image(page, live):
    page.evaluate("embedlab.select(['img-017', 'img-041'])")
    for image in ("img-017", "img-041"):
        page.locator(f"[data-el=gallery] [data-id={image}]").click()
        large = page.locator("[data-el=large] img")
        large.wait_for()
        assert large.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [320, 240]
        assert has_colour(large, colour_of(int(image[4:])), 8, middle=lambda seen: seen[80:160, 80:240])
        page.locator("[data-el=large] button").click()
        large.wait_for(state="detached")  # a closed dialog is told of, and taken away, in a later task


def test_the_strip_of_neighbours_is_that_of_the_full_space(page, live):
    page.evaluate("embedlab.select(['img-005'])")
    tiles = "[...document.querySelectorAll('[data-el=neighbours] ul .tile')]"
    until(page, f"{tiles}.length === 12")
    shown = page.evaluate(f"{tiles}.map((t) => t.dataset.id)")
    x = live.live.space.unit().float64()
    order = np.argsort(-(x @ x[5]), kind="stable")
    assert shown == [f"img-{i:03d}" for i in order[order != 5][:12]]


def test_words_are_asked_of_the_model(page, live):
    page.locator("[data-el=search]").fill("33")
    page.locator("[data-el=ask-model]").click()
    until(page, "embedlab.state().how.includes('by the model')")
    assert "img-033" in page.evaluate("embedlab.state().selected.slice(0, 1)")
    page.locator("[data-el=search]").fill("")
    page.keyboard.press("Enter")  # asked at once: the search that waits for more letters would clear a later choice
    assert page.evaluate("embedlab.state().selected") == []


def test_what_is_chosen_is_saved_where_it_was_started(page, live):
    polygon = [[-0.3, -0.4], [0.4, -0.4], [0.3, 0.3], [-0.3, 0.3]]
    drag(page, 0, polygon)
    chosen = page.evaluate("embedlab.state().selected")
    assert 3 < len(chosen) < 60
    page.locator("[data-el=save]").click()
    until(page, "document.querySelector('[data-el=saved]').textContent.includes('.csv')")
    said = page.locator("[data-el=saved]").inner_text()
    table = pl.read_csv(live.live.folder / said.split(" in ")[1])
    assert sorted(table["image_id"]) == sorted(chosen) and said.startswith(f"{len(chosen)} images")


def test_a_server_that_is_gone_is_said(chromium, live, store):
    answers = Live(live.made.bundle["ids"], open_store(store), live.made.everywhere(), folder=live.live.folder)
    server = Server(live.made.page({"kind": "server"}), answers).begin()
    page = visit(chromium, server.url)
    server.close()
    page.evaluate("embedlab.select(['img-001'])")
    page.locator("[data-el=save]").click()
    until(page, "document.querySelector('[data-el=saved]').textContent.startsWith('Not saved')")
    page.context.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """60,000 vectors, of which a sample is drawn: two clouds, one of a rare species."""
    rng, n = np.random.default_rng(7), 60_000
    x = rng.normal(size=(n, 4)).astype(np.float32) + 3
    x[:400, 0] += 9
    species = ["Rara avis" if i < 400 else f"S s{i % 3}" for i in range(n)]
    space = Embeddings(x, {"image_id": [f"m{i}" for i in range(n)], "species": species}, {"model": "many"})
    made = opened([space], near=False)
    answers = Live(made.bundle["ids"], space, made.everywhere(), folder=tmp_path_factory.mktemp("many"))
    with Server(made.page({"kind": "server", **answers.can()}), answers) as server:
        yield server


@pytest.mark.slow
def test_a_lasso_on_a_sample_is_counted_over_all_and_all_are_saved(chromium, many):
    page = visit(chromium, many.url)
    state = page.evaluate("(() => { const s = embedlab.state(); return [s.points, s.panels]; })()")
    assert 19_000 < state[0] <= 20_010 and state[1] == ["PCA"]
    assert "showing" in page.locator("[data-el=map-note]").first.inner_text()
    _, x, y = many.live.places[0]
    cx, cy = np.median(x), np.median(y)
    polygon = drag(page, 0, [[cx - 0.1, cy - 0.1], [cx + 0.12, cy - 0.1], [cx + 0.1, cy + 0.11], [cx - 0.1, cy + 0.1]])
    want = int(inside(polygon, x, y).sum())
    until(page, "!document.querySelector('[data-el=counted]').hidden")
    assert f"{want:,} of all 60,000" in page.locator("[data-el=counted]").inner_text()
    drawn = len(page.evaluate("embedlab.state().selected"))
    assert 1000 < drawn < want and abs(drawn / want - 1 / 3) < 0.03
    until(page, f"document.querySelector('[data-el=save]').textContent.includes('Save all {want:,}')")
    page.locator("[data-el=save]").click()
    until(page, "document.querySelector('[data-el=saved]').textContent.includes('.csv')")
    (file,) = many.live.folder.glob("*.csv")
    assert pl.read_csv(file).height == want
    with page.expect_response(lambda answer: "density?" in answer.url) as shade:
        page.evaluate("embedlab.view.zoomBy(4)")  # the shade is asked for anew, for what is in sight
    assert shade.value.ok and shade.value.finished() is None and settled(page).heard == []
    page.context.close()
