"""The report in a real Chromium, with the network cut."""

import csv
import io
import json
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(chromium, written):
    """One open page that reading tests share."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.heard = []
    page.route(
        "**/*",
        lambda r: (
            r.continue_()
            if r.request.url.startswith("file:")
            else (page.heard.append(r.request.url), r.abort())
        ),
    )
    page.on("console", lambda m: page.heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.heard.append(str(e)))
    page.goto(f"file://{written[0]}")
    page.evaluate("window.embedlab.ready")
    yield page
    context.close()


def test_nothing_is_asked_of_the_network_and_nothing_complains(desk):
    assert desk.heard == []
    policy = desk.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy


def test_every_figure_is_drawn(desk):
    plots = desk.locator("[data-el=plot]")
    assert plots.count() == 8
    for i in range(plots.count()):
        marks = (
            plots.nth(i)
            .locator(".points path, .point path, path.js-line, .heatmaplayer image, .bars path")
            .count()
        )
        box = plots.nth(i).bounding_box()
        assert marks >= 3 and box["height"] > 100, f"figure {i} is blank"
    assert desk.locator("[data-el=map] .points path").count() == 900
    assert desk.locator("canvas").count() == 0, "the analysis figures must be SVG"


def test_the_cloud_is_not_offered(desk):
    assert desk.locator(".modebar-btn").count() == 0
    assert "cloud.plotly.com" not in desk.evaluate("document.body.innerText")
    assert desk.evaluate("document.querySelector('[data-el=map]')._context.showSendToCloud") is False
    assert desk.evaluate("document.querySelector('[data-el=map]')._context.plotlyServerURL") == ""


def test_verdicts_and_numbers_stand_on_the_board(desk, written):
    claims = desk.locator("[data-el=claim]")
    assert claims.count() == 6
    for i in range(6):
        words = claims.nth(i).inner_text()
        assert "chance" in words and "n = " in words and "p" in words
    assert claims.locator("svg.strip").count() == 6


def at(page, image_id):
    """Pixel position of an image on the map, asked of the page itself."""
    return page.evaluate(
        """(id) => {
            const plot = document.querySelector('[data-el=map]');
            const atlas = JSON.parse(document.getElementById('atlas').textContent);
            plot.scrollIntoView({block: 'center', behavior: 'instant'});
            const row = atlas.ids.indexOf(id), map = atlas.maps[0], k = map.row.indexOf(row);
            const f = plot._fullLayout, box = plot.getBoundingClientRect();
            return [box.left + f._size.l + f.xaxis.l2p(map.x[k]),
                box.top + f._size.t + f.yaxis.l2p(map.y[k])];
        }""",
        image_id,
    )


def alone(projection):
    """Images whose nearest neighbour on the map is farthest: a pointer meets no other there."""
    xy = projection.xy / np.ptp(projection.xy, axis=0).max()
    d = ((xy[:, None] - xy[None]) ** 2).sum(-1)
    np.fill_diagonal(d, 9)
    return [projection.image_id[i] for i in np.argsort(-d.min(axis=1))]


def test_hover_shows_the_right_id_and_the_right_tile(desk, written):
    import pages

    seen = 0
    for image_id in alone(written[2][0])[:6]:
        number = int(image_id[4:])
        if number % 50 == 49:
            continue
        x, y = at(desk, image_id)
        desk.mouse.move(5, 5)
        desk.mouse.move(x, y, steps=4)
        desk.wait_for_function(
            "(id) => document.querySelector('[data-el=card]').dataset.id === id", arg=image_id, timeout=4000
        )
        assert image_id in desk.locator("[data-el=card]").inner_text()
        shot = Image.open(io.BytesIO(desk.locator("[data-el=card-tile]").screenshot())).convert("RGB")
        mean = np.asarray(shot, float)[16:48, 16:48].mean(axis=(0, 1))
        # WebP moves a flat colour by a few steps; another tile is tens of steps away
        assert np.abs(mean - pages.colour_of(number)).max() < 12, f"{image_id} shows another image's tile"
        seen += 1
    assert seen >= 4


def test_tiles_follow_the_id_whatever_the_order(desk):
    """Index drift is the classic bug: every tile in the gallery is compared with its own source."""
    import pages

    ids = [f"img-{i:05d}" for i in (899, 0, 450, 13, 49, 777, 250, 31)]
    assert desk.evaluate("(ids) => window.embedlab.select(ids)", ids) == len(ids)
    tiles = desk.locator("[data-el=gallery] .tile")
    assert [tiles.nth(i).get_attribute("data-id") for i in range(len(ids))] == ids
    for i, image_id in enumerate(ids):
        number = int(image_id[4:])
        if number % 50 == 49:
            assert tiles.nth(i).inner_text() == "no image"
            continue
        shot = Image.open(io.BytesIO(tiles.nth(i).screenshot())).convert("RGB")
        mean = np.asarray(shot, float)[20:44, 20:44].mean(axis=(0, 1))
        assert np.abs(mean - pages.colour_of(number)).max() < 12, image_id


def test_a_lasso_chooses_what_numpy_counts(desk, written):
    projection = written[2][0]
    desk.evaluate("window.embedlab.select([])")
    assert desk.get_attribute("[data-tool=lasso]", "aria-pressed") == "true"
    at(desk, projection.image_id[0])
    box = desk.evaluate(
        """() => { const p = document.querySelector('[data-el=map]');
            const f = p._fullLayout, b = p.getBoundingClientRect();
            return {left: b.left + f._size.l, top: b.top + f._size.t, w: f.xaxis._length, h: f.yaxis._length,
                x: f.xaxis.range, y: f.yaxis.range}; }"""
    )
    corners = [(0.28, 0.12), (0.9, 0.2), (0.82, 0.86), (0.4, 0.8), (0.28, 0.12)]
    pixels = [(box["left"] + u * box["w"], box["top"] + v * box["h"]) for u, v in corners]
    desk.mouse.move(*pixels[0])
    desk.mouse.down()
    for x, y in pixels[1:]:
        desk.mouse.move(x, y, steps=8)
        desk.wait_for_timeout(30)
    desk.mouse.up()
    desk.wait_for_function("() => window.embedlab.state().selected.length > 0")
    chosen = set(desk.evaluate("window.embedlab.state().selected"))
    from matplotlib.path import Path as Polygon

    polygon = Polygon(
        [
            (box["x"][0] + u * (box["x"][1] - box["x"][0]), box["y"][1] - v * (box["y"][1] - box["y"][0]))
            for u, v in corners
        ]
    )
    xy = projection.xy / np.ptp(projection.xy, axis=0).max()
    sure_in, sure_out = polygon.contains_points(xy, radius=-0.006), ~polygon.contains_points(xy, radius=0.006)
    if (
        polygon.contains_points(xy, radius=0.006).sum() < sure_in.sum()
    ):  # the sign of radius follows the orientation
        sure_in, sure_out = (
            polygon.contains_points(xy, radius=0.006),
            ~polygon.contains_points(xy, radius=-0.006),
        )
    ids = np.array(projection.image_id)
    assert set(ids[sure_in]) <= chosen and not chosen & set(ids[sure_out])
    assert sure_in.sum() > 50 and (sure_in | sure_out).mean() > 0.95, "the polygon tests too little"
    assert f"{len(chosen)} of 900 images chosen (lasso)" in desk.inner_text("[data-el=status]").replace(
        ",", ""
    )


def test_the_gallery_the_table_and_the_csv_agree_with_the_choice(desk, written):
    space = written[1]
    ids = [f"img-{i:05d}" for i in range(0, 900, 3)]
    desk.select_option("[data-el=colour]", "sex")
    assert desk.evaluate("(ids) => window.embedlab.select(ids)", [*ids, "nobody"]) == 300
    state = desk.evaluate("window.embedlab.state()")
    assert state["selected"] == ids and state["shown"] == 240
    assert "240 of 300" in desk.inner_text("[data-el=more]")
    desk.click("[data-el=more]")
    assert desk.evaluate("window.embedlab.state().shown") == 300
    rows = space.rows.filter(space.rows["image_id"].is_in(ids))
    table = desk.inner_text("[data-el=enrichment]")
    for level, count in rows["sex"].value_counts().iter_rows():
        expected = (space.rows["sex"].eq_missing(level)).sum() * 300 / 900
        assert f"{level or 'not recorded'}\t{count}\t{expected:.1f}" in table
    with desk.expect_download() as waiting:
        desk.click("[data-el=download]")
    read = list(csv.DictReader(io.StringIO(waiting.value.path().read_bytes().decode())))
    assert [r["image_id"] for r in read] == ids
    assert (
        read[7]["note"] == '</script><b>x</b>, "quoted"'
        and read[1]["sex"] == "female"
        and read[0]["sex"] == ""
    )


def test_search_and_the_key_choose(desk, written):
    rows = written[1].rows
    desk.fill("[data-el=search]", "geospiza")
    wanted = rows["species"].str.starts_with("Geospiza").sum()
    desk.wait_for_function("(n) => window.embedlab.state().selected.length === n", arg=wanted)
    desk.select_option("[data-el=colour]", "sex")
    missing = rows["sex"].null_count()
    desk.click("[data-level='not recorded']")
    desk.wait_for_function("(n) => window.embedlab.state().selected.length === n", arg=missing)
    desk.select_option("[data-el=colour]", "species")
    desk.select_option("[data-el=level]", rows["species"][0])
    desk.click(f"[data-level='{rows['species'][0]}']")
    assert (
        desk.evaluate("window.embedlab.state().selected.length")
        == (rows["species"] == rows["species"][0]).sum()
    )
    assert desk.heard == []


def test_user_text_is_never_markup(desk):
    assert desk.locator("section b:has-text('text')").count() == 0
    assert "<b>text</b>" in desk.inner_text("[data-el=data]")


def test_tables_download(desk):
    with desk.expect_download() as waiting:
        desk.locator("[data-el=download-table]").first.click()
    assert waiting.value.path().read_text(encoding="utf-8").startswith("group,share_inside")


def test_the_address_restores_colour_map_and_choice(open_page, written):
    from urllib.parse import urlencode

    ids = ["img-00003", "img-00042"]
    page = open_page(written[0], "#" + urlencode({"map": 1, "colour": "sex", "ids": json.dumps(ids)}))
    state = page.evaluate("window.embedlab.state()")
    assert state["map"] == "t-SNE" and state["colour"] == "sex" and state["selected"] == ids
    page.evaluate("window.embedlab.select(['img-00007'])")
    assert "img-00007" in page.evaluate("decodeURIComponent(location.hash)")
    assert page.heard == []


def test_a_phone_in_the_dark_has_no_sideways_scroll(open_page, written):
    page = open_page(written[0], viewport={"width": 375, "height": 700}, color_scheme="dark", has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    wide = page.evaluate(
        """() => [...document.querySelectorAll('[data-el=plot] svg.main-svg')]
            .filter(s => s.getBoundingClientRect().right > 376).length"""
    )
    assert wide == 0
    fill = page.evaluate("getComputedStyle(document.querySelector('[data-el=plot] text')).fill")
    assert fill == "rgb(236, 236, 236)", "figures must follow the dark"
    assert page.heard == []


def test_without_scripts_the_page_still_shows_figures_and_tables(open_page, written):
    page = open_page(written[0], java_script_enabled=False)
    stills = page.locator("img.still")
    assert stills.count() == 8 + 2
    for i in range(stills.count()):
        assert stills.nth(i).get_attribute("alt")
        assert stills.nth(i).bounding_box()["height"] > 80
    assert page.locator("[data-el=claim] svg.strip").count() == 6
    assert not page.locator("[data-el=search]").is_visible()
    page.locator("summary").first.click()
    assert page.locator("table").nth(1).is_visible()
    assert page.heard == []


def test_keyboard_reaches_the_map(open_page, written):
    page = open_page(written[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("[data-el=search]")
    page.keyboard.type("img-00012")
    page.wait_for_function("() => window.embedlab.state().selected.length === 1")
    page.focus("[data-el=gallery] .tile")
    assert page.locator("[data-el=card]").get_attribute("data-id") == "img-00012"


def test_the_page_is_well_formed_and_small(written, desk):
    text = written[0].read_text(encoding="utf-8")
    assert text.count("plotly.js v") <= 2 and text.count("Plotly=") < 3
    assert len(text) < 25e6
    assert '<html lang="en">' in text
    levels = desk.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), "a heading level is skipped"
    ids = desk.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id)"
        ".filter(i => !i.match(/^(clip|legend|topdefs|defs|g[0-9a-f])/))"
    )
    assert len(ids) == len(set(ids))
