"""Scenes in a real Chromium: drawn, to one scale, turned together by pointer, keys and buttons, and named in words."""

import numpy as np
import pytest
from waiting import until

from embedlab import plots
from embedlab.plots.scene import CAMERA, seen_from
from tests.plots.results_places import scene

pytestmark = pytest.mark.browser

BLANK = "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v) => v > 0); }"
PIXELS = "c => c.toDataURL()"
INKED = """all => all.map((c) => {  // the box around what is painted, as shares of the canvas, and whether it is whole
    const { width: w, height: h } = c, d = c.getContext('2d').getImageData(0, 0, w, h).data, x = [], y = [];
    for (let i = 0; i < w * h; i++) if (d[4 * i + 3] > 8) { x.push(i % w); y.push((i / w) | 0); }
    const ends = (v) => v.reduce(([a, b], k) => [Math.min(a, k), Math.max(b, k)], [Infinity, -Infinity]);
    const [[left, right], [top, bottom]] = [ends(x), ends(y)];
    return [left / w, right / w, top / h, bottom / h, left > 1 && top > 1 && right < w - 2 && bottom < h - 2]; })"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    plots.save(scene(), folder, "scene", {"seed": 7})
    return folder / "scene.html"


def test_every_scene_is_drawn_and_the_page_asks_for_nothing(open_page, saved):
    page = open_page(saved)
    canvases = page.locator("[data-el=scene]")
    assert canvases.count() == 3 and page.heard == []
    for i in range(3):
        assert canvases.nth(i).evaluate(BLANK), f"scene {i} is blank"
        assert "arrows over the plane of the species span" in canvases.nth(i).get_attribute("aria-label")
    assert page.locator("[data-el=plot] .points path").count() >= 3, "the panel that judges stands below"


def test_the_page_and_print_see_the_same(open_page, saved):
    """The camera of the script is that of Python: places differ by one scale and one shift."""
    page = open_page(saved)
    at = np.vstack([scene().views[0].start, scene().views[0].end])
    seen = [page.evaluate("a => embedlabScenes.place(0, a)", v.tolist()) for v in at]
    px = np.array([[p["x"], -p["y"]] for p in seen])
    wanted = seen_from(at, CAMERA)[:, :2]
    scale = np.ptp(px[:, 0]) / np.ptp(wanted[:, 0])
    np.testing.assert_allclose(px - px[0], scale * (wanted - wanted[0]), atol=0.02)
    # and all scenes have one scale
    for k in (1, 2):
        a, b = (page.evaluate("([k, a]) => embedlabScenes.place(k, a)", [k, v]) for v in ([0, 0, 0], [0, 0, 1]))
        first = [page.evaluate("a => embedlabScenes.place(0, a)", v)["y"] for v in ([0, 0, 0], [0, 0, 1])]
        assert a["y"] - b["y"] == pytest.approx(first[0] - first[1], abs=0.01)


@pytest.mark.parametrize("wide", [375, 1280])
def test_the_scenes_fill_their_canvases_and_nothing_is_cut(open_page, saved, wide):
    """All scenes of a figure share one scale and place, so it is together that they reach from edge to edge."""
    page = open_page(saved, viewport={"width": wide, "height": 900})
    page.locator("[data-el=walk]").press("ArrowRight")
    for azimuth, elevation in (CAMERA, (-90, 89), (CAMERA[0], 0), (30, 18), (120, 40), (10, -30), (180, 0)):
        page.evaluate("([a, e]) => embedlabScenes.turn(a, e)", [azimuth, elevation])
        drawn = f"{(azimuth + 180) % 360 - 180:.1f} {elevation:.1f} 1.00"
        until(page, f"[...document.querySelectorAll('.scenes canvas')].every(c => c.dataset.drawn === '{drawn}')")
        inked = page.locator(".scenes canvas").evaluate_all(INKED)
        assert len(inked) == 4 and all(i[4] for i in inked), f"cut at {azimuth}, {elevation}: {inked}"
        left, right, top, bottom = (f(i[k] for i in inked) for k, f in enumerate((min, max, min, max)))
        assert max(right - left, bottom - top) > 0.85, f"half empty at {azimuth}, {elevation}: {inked}"
        assert abs(left + right - 1) < 0.15, "in the middle"
        if (azimuth, elevation) == CAMERA:
            assert right - left > 0.9 and bottom - top > 0.8, f"as it opens it fills both ways: {inked}"


def test_one_drag_turns_all_scenes(open_page, saved):
    page = open_page(saved)
    canvases = page.locator("[data-el=scene]")
    before, camera = [canvases.nth(i).evaluate(PIXELS) for i in range(3)], page.evaluate("embedlabScenes.camera()")
    box = canvases.nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=6)
    page.mouse.up()
    seen = "([...document.querySelectorAll('[data-el=scene]')].every(c => c.dataset.drawn.startsWith('-92.0 28.0')))"
    until(page, seen)
    after = page.evaluate("embedlabScenes.camera()")
    assert after["azimuth"] == pytest.approx(camera["azimuth"] - 30) and after["elevation"] == camera["elevation"] + 10
    assert all(canvases.nth(i).evaluate(PIXELS) != before[i] for i in range(3))
    assert "28° above the plane" in page.inner_text("[data-el=camera]")


def test_keys_and_buttons_turn_and_reset(open_page, saved):
    page = open_page(saved)
    page.locator("[data-el=scene]").first.focus()
    for key in ("ArrowLeft", "ArrowUp", "+"):
        page.keyboard.press(key)
    camera = page.evaluate("embedlabScenes.camera()")
    assert (camera["azimuth"], camera["elevation"]) == (CAMERA[0] - 4, CAMERA[1] + 4) and camera["zoom"] > 1
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    assert page.evaluate("embedlabScenes.camera().elevation") == 89, "never over the top"
    page.click("[data-look=home]")
    camera = page.evaluate("embedlabScenes.camera()")
    assert (camera["azimuth"], camera["elevation"], camera["zoom"]) == (*CAMERA, 1)
    page.click("[data-look=level]")
    assert page.evaluate("embedlabScenes.camera().elevation") == 0


def test_what_lies_under_the_pointer_is_named(open_page, saved):
    page = open_page(saved)
    found = scene()
    g = found.places.groups.index(found.places.shown[0])
    spot = page.evaluate("a => embedlabScenes.place(2, a)", found.views[2].end[g].tolist())
    page.mouse.move(spot["x"], spot["y"])
    until(page, "document.querySelector('[data-el=under]').textContent !== ''")
    said = page.inner_text("[data-el=under]")
    assert any(name in said for name in found.places.groups), said


def test_a_slider_walks_from_space_to_space_and_says_what_is_only_drawn(open_page, saved):
    page = open_page(saved)
    walk, canvas = page.locator("[data-el=walk]"), page.locator("[data-el=walk-scene]")
    assert not canvas.is_visible()
    found = scene()
    arrows = "embedlabScenes.scene({}).arrows.map(a => [...a.start, ...a.end])"
    at = [np.array(page.evaluate(arrows.format(k))) for k in range(3)]
    walk.focus()
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    assert canvas.is_visible() and canvas.evaluate(BLANK)
    np.testing.assert_allclose(page.evaluate(arrows.format(3)), at[1], atol=1e-9)
    told = page.inner_text("[data-el=walked]").replace("\u00a0", " ")
    assert told.startswith(found.views[1].name) and "by chance" in told and "n = " in told
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(page.evaluate(arrows.format(3)), (at[1] + at[2]) / 2, atol=1e-9)
    assert page.inner_text("[data-el=walked]") == (
        f"between {found.views[1].name} and {found.views[2].name}: drawn, not measured"
    )
    trails = page.evaluate("embedlabScenes.scene(3).trails.map(t => t.at.length)")
    assert trails == [3] * len(found.places.shown), "two spaces behind, and where it is now"
    page.click("[data-look=above]")
    until(page, "document.querySelector('[data-el=walk-scene]').dataset.drawn.startsWith('-90.0 89.0')")
    assert page.heard == []


def test_without_scripts_the_still_stands_and_a_phone_has_room(open_page, saved):
    still = open_page(saved, java_script_enabled=False)
    assert still.locator("img.still").is_visible() and not still.locator("[data-el=scenes]").is_visible()
    phone = open_page(saved, viewport={"width": 375, "height": 800})
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375
    assert all(phone.locator("[data-el=scene]").nth(i).bounding_box()["width"] > 250 for i in range(3))


def test_a_print_shows_scenes_as_they_are_and_nothing_that_paper_cannot_do(open_page, saved):
    page = open_page(saved)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 660, "height": 900})  # canvases keep what was drawn for the screen
    assert page.locator("[data-el=scene]").first.evaluate("c => getComputedStyle(c).objectFit") == "contain"
    for gone in ("[data-el=look]", "[data-el=walk]", ".how"):
        assert not page.locator(gone).first.is_visible(), gone
    assert "above the plane" in page.inner_text("[data-el=camera]")
