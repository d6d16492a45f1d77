"""The map of the report in a real Chromium: hover, lasso, gallery, table and download speak of the same images."""

import csv
import io

import numpy as np
import pages
import pytest
from PIL import Image

pytestmark = pytest.mark.browser


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
