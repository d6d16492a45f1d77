"""The explorer's state and the ways to it without a mouse: address, keyboard, phone, shuffled labels, ten panels."""

import json
from types import SimpleNamespace
from urllib.parse import urlencode

import numpy as np
import pytest
from waiting import PATIENCE_MS, settled

from embedlab import explore
from embedlab.data import Embeddings

pytestmark = pytest.mark.browser


def scene(n=240, k=10, species=12):
    """A space whose ids are not ASCII, and k maps of it; `habitat` is constant within species, `sex` is not."""
    rng = np.random.default_rng(7)
    ids = [f"Осоед {i} «é»" for i in range(n)]
    rows = {
        "image_id": ids,
        "species": [f"species {i % species:02d}" for i in range(n)],
        "habitat": [("water", "land")[(i % species) % 2] if (i % species) != 5 else None for i in range(n)],
        "sex": [("female", "male")[(i // species) % 2] for i in range(n)],
        "mass": rng.lognormal(3, 1, n).round(3).tolist(),
    }
    space = Embeddings(rng.normal(size=(n, 6)).astype(np.float32), rows, {"model": "m"})
    maps = {
        f"map {j}": SimpleNamespace(
            image_id=tuple(ids), xy=rng.normal(size=(n, 2)), method="t-SNE", explained=None, caption=f"planted {j}."
        )
        for j in range(k)
    }
    return space, maps


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    space, maps = scene()
    return explore.html(space, maps, tmp_path_factory.mktemp("ten") / "ten.html"), space


INK = """() => window.embedlab.view.panels().map((p) => {
    const copy = document.createElement('canvas');
    Object.assign(copy, {width: p.base.width, height: p.base.height});
    const pen = copy.getContext('2d', {willReadFrequently: true});
    pen.drawImage(p.base, 0, 0);
    const data = pen.getImageData(0, 0, copy.width, copy.height).data;
    let some = 0;
    for (let i = 3; i < data.length; i += 4) some += data[i] > 60;
    return some; })"""


def test_ten_panels_are_all_drawn_without_plotly_webgl_or_eval(ten, open_page):
    page = open_page(ten[0])
    ink = page.evaluate(INK)
    assert len(ink) == 10 and min(ink) > 240 * 8, f"a panel is blank: {ink}"
    text = ten[0].read_text(encoding="utf-8")
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert "plotly.js v" not in text and len(text) < 400_000
    assert page.evaluate("typeof Plotly") == "undefined"
    scales = page.evaluate("window.embedlab.view.panels().map((p) => p.scale.x)")
    assert len(set(scales)) == 1, "panels share one scale"
    page.select_option("[data-el=which]", "3")
    assert page.locator("[data-el=panel]:visible").count() == 1
    assert page.evaluate("window.embedlab.state().map") == "map 3"
    assert page.heard == []


def test_webgl_off_changes_nothing(ten, open_page):
    page = open_page(ten[0])
    ink = page.evaluate(INK)
    off = page.context.new_page()
    off.set_default_timeout(PATIENCE_MS)
    off.add_init_script("HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...more) {"
                        " if (kind !== '2d') throw new Error('no ' + kind); return old.call(this, kind, ...more); })"
                        "(HTMLCanvasElement.prototype.getContext)")  # fmt: skip
    off.goto(f"file://{ten[0]}")
    off.evaluate("window.embedlab.ready.then(() => 1)")
    assert off.evaluate(INK) == ink


def test_the_address_restores_panels_colour_and_choice_by_id(ten, open_page):
    ids = ["Осоед 3 «é»", "Осоед 42 «é»"]
    page = open_page(ten[0], "#" + urlencode({"map": 1, "colour": "sex", "ids": json.dumps(ids)}))
    state = page.evaluate("window.embedlab.state()")
    assert state["map"] == "map 1" and state["colour"] == "sex" and state["selected"] == ids
    page.evaluate("window.embedlab.view.show(null)")
    page.evaluate("window.embedlab.select(['Осоед 7 «é»'])")
    again = open_page(ten[0], page.evaluate("location.hash"))
    assert again.evaluate("window.embedlab.state().selected") == ["Осоед 7 «é»"]
    assert len(again.evaluate("window.embedlab.state().panels")) == 10
    page.evaluate("window.embedlab.select(window.embedlab.view.bundle.ids)")
    assert "ids=" not in page.evaluate("location.hash")
    assert "address does not keep a choice this large" in page.inner_text("[data-el=status]")
    broken = open_page(ten[0], "#map=99&colour=nonsense&ids=%5B%22stranger%22")
    assert broken.evaluate("window.embedlab.state().selected") == []
    assert page.heard == again.heard == broken.heard == []


def test_the_keyboard_walks_over_the_map_and_chooses(ten, open_page):
    page = open_page(ten[0], "#map=2&colour=sex")
    page.locator("[data-el=surface]:visible").focus()
    page.keyboard.press("ArrowRight")
    seen = page.evaluate("document.querySelector('[data-el=card]').dataset.id")
    places = page.evaluate(
        "() => { const v = window.embedlab.view, p = v.panels()[2];"
        " return p.map.row.map((r, k) => [v.bundle.ids[r], p.px[k], p.py[k]]); }"
    )
    where = {image: np.array([x, y]) for image, x, y in places}
    for key, way in (("ArrowRight", (1, 0)), ("ArrowUp", (0, -1)), ("ArrowLeft", (-1, 0)), ("ArrowDown", (0, 1))):
        page.keyboard.press(key)
        new = page.evaluate("document.querySelector('[data-el=card]').dataset.id")
        ahead = {i: xy - where[seen] for i, xy in where.items()}
        ahead = {i: (d @ way, abs(d @ way[::-1])) for i, d in ahead.items() if i != seen}
        cone = {i: along + 2 * aside for i, (along, aside) in ahead.items() if along > 0 and aside <= along}
        assert new == min(cone, key=cone.get), f"{key} goes to the nearest image in that direction"
        seen = new
    said = page.inner_text("[data-el=said]")
    assert seen in said and "sex " in said and "species " in said
    page.keyboard.press("Enter")
    assert page.evaluate("window.embedlab.state().selected") == [seen]
    assert "chosen" in page.inner_text("[data-el=said]")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+Enter")
    assert page.evaluate("window.embedlab.state().selected.length") == 2
    page.keyboard.press("Escape")
    assert page.evaluate("window.embedlab.state().selected") == []
    order = page.evaluate(
        "[...document.querySelectorAll('[data-explore] button, [data-explore] select, [data-explore] [tabindex]')]"
        ".filter((e) => e.tabIndex > 0).length"
    )
    assert order == 0 and page.heard == []


def test_shuffled_labels_are_dealt_to_whole_species_and_said(ten, open_page):
    page = open_page(ten[0])
    labels = "() => window.embedlab.view.labels(window.embedlab.view.column('{}'))"
    species = page.evaluate("window.embedlab.view.column('species').codes")
    page.select_option("[data-el=colour]", "habitat")
    true = page.evaluate(labels.format("habitat"))
    seen = []
    for k in (1, 2, 3):
        page.click("[data-el=shuffle]")
        words = page.inner_text("[data-el=notice]")
        assert f"shuffled ({k} of 3): this is what chance looks like" in words and "over species" in words
        dealt = page.evaluate(labels.format("habitat"))
        by = {s: {d for d, other in zip(dealt, species, strict=True) if other == s} for s in set(species)}
        assert all(len(some) == 1 for some in by.values()), "a species keeps one label"
        assert sorted(dealt) == sorted(true), "20 images a species: the counts stay"
        assert [d == -1 for d in dealt] == [t == -1 for t in true], "what is not recorded stays so"
        seen.append(tuple(dealt))
    assert len({*seen, tuple(true)}) == 4
    page.click("[data-el=shuffle]")
    assert page.evaluate(labels.format("habitat")) == true and not page.is_visible("[data-el=notice]")
    page.select_option("[data-el=colour]", "sex")
    page.click("[data-el=shuffle]")
    assert "over images" in page.inner_text("[data-el=notice]")
    assert page.evaluate("window.embedlab.view.labels(window.embedlab.view.column('habitat'))") == true
    first = page.evaluate(labels.format("sex"))
    again = open_page(ten[0], "#map=all&colour=sex&shuffled=1")
    assert again.evaluate(labels.format("sex")) == first, "a shuffle is seeded: a link shows the same"
    fact = page.evaluate("window.embedlab.view.fact('sex', 5)")
    assert fact == again.evaluate("window.embedlab.view.fact('sex', 5)"), "facts are never shuffled"
    assert page.heard == []


def test_numbers_have_a_bar_with_ticks_and_missing_lies_below(ten, open_page):
    page = open_page(ten[0], "#map=0&colour=mass")
    ticks = [float(t.replace(",", "")) for t in page.locator("[data-el=legend] .ticks span").all_inner_texts()]
    masses = ten[1].rows["mass"]
    assert 3 <= len(ticks) <= 6 and masses.min() <= ticks[0] and ticks[-1] <= masses.max() * 1.0001
    page.select_option("[data-el=colour]", "neighbours kept by the map")
    assert "15 nearest neighbours" in page.inner_text("[data-el=legend]")
    assert page.locator("[data-el=legend] .ticks span").all_inner_texts()[0] == "0"
    page.select_option("[data-el=colour]", "habitat")
    assert "20" in page.inner_text("[data-level='not recorded']")


def test_a_filter_greys_out_and_cannot_be_chosen(ten, open_page):
    page = open_page(ten[0])
    page.evaluate("window.embedlab.select(window.embedlab.view.bundle.ids.slice(0, 30))")
    page.evaluate("window.embedlab.view.filter([0, 1, 2, 100], 'the four')")
    assert page.evaluate("window.embedlab.state().selected.length") == 3
    assert "3 of 4 images of the four chosen" in page.inner_text("[data-el=status]")
    assert page.evaluate("window.embedlab.view.choose([100, 101, 102])") == 1
    page.evaluate("window.embedlab.view.filter(null)")
    assert page.evaluate("window.embedlab.state().points") == 240
    # Twelve species are too many for colours; four that a filter leaves are not.
    page.select_option("[data-el=colour]", "species")
    key = "[...document.querySelectorAll('[data-el=legend] button')].map((b) => b.dataset.level)"
    assert page.evaluate(key) == ["all 12"]
    few = [0, 1, 2, 3]
    rows = "window.embedlab.view.column('species').codes.map((c, r) => [c, r]).filter(([c]) => c < 4).map(([, r]) => r)"
    page.evaluate(f"window.embedlab.view.filter({rows}, 'four species')")
    assert page.evaluate(key) == [f"species {k:02d}" for k in few]
    looks = page.evaluate(
        "(() => { const s = window.embedlab.view.style(0), c = window.embedlab.view.column('species').codes;"
        f" return {rows}.map((r) => [c[r], s.looks[s.at(r)].colour]); }})()"
    )
    assert len({tuple(one) for one in looks}) == 4 == len({colour for _, colour in looks})
    page.click("[data-level='species 02']")
    assert page.evaluate("window.embedlab.state().selected.length") == 20 and page.heard == []


def test_a_phone_in_the_dark_has_no_sideways_scroll(ten, open_page):
    page = open_page(ten[0], viewport={"width": 375, "height": 700}, color_scheme="dark", has_touch=True)
    page.evaluate("window.embedlab.select(window.embedlab.view.bundle.ids.slice(0, 90))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    wide = page.evaluate(
        "[...document.querySelectorAll('[data-explore] *')].filter((e) => e.checkVisibility() &&"
        " !e.closest('.scroll, .unseen') && e.getBoundingClientRect().right > 376).map((e) => e.className || e.tagName)"
    )
    assert wide == []
    box = page.locator("[data-el=surface]").first.bounding_box()
    assert box["width"] > 300 and box["height"] > 200
    assert page.heard == []


def test_a_finger_draws_a_lasso_once_it_is_asked_for_and_scrolls_before(ten, open_page):
    phone = {"viewport": {"width": 375, "height": 750}, "has_touch": True, "is_mobile": True}
    page = open_page(ten[0], "#map=0&colour=sex", **phone)
    assert page.evaluate("window.embedlab.view.tool()") == "" and "Press a point" in page.inner_text("[data-el=status]")
    assert page.evaluate("getComputedStyle(window.embedlab.view.panels()[0].top).touchAction") == "pan-y"
    page.tap("[data-tool=lasso]")
    page.evaluate("window.embedlab.view.panels()[0].top.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = page.locator("[data-el=surface]:visible").bounding_box()
    corners = [(0.1, 0.1), (0.5, 0.1), (0.9, 0.3), (0.9, 0.9), (0.5, 0.9), (0.1, 0.8)]
    finger, before = page.context.new_cdp_session(page), page.evaluate("scrollY")
    for k, (u, v) in enumerate(corners):
        at = [{"x": box["x"] + u * box["width"], "y": box["y"] + v * box["height"]}]
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove" if k else "touchStart", "touchPoints": at})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("() => window.embedlab.state().how === 'lasso'")
    assert page.evaluate("scrollY") == before and 20 < page.evaluate("window.embedlab.state().selected.length") < 240
    one = page.evaluate("window.embedlab.state().selected[0]")
    place = page.evaluate("(id) => window.embedlab.place(id, 0)", one)
    page.touchscreen.tap(place["x"], place["y"])
    page.wait_for_function("() => window.embedlab.state().how === 'by hand'")
    assert page.is_visible("[data-el=card]"), "a tap shows the image until the page is scrolled"
    assert page.heard == []


def test_without_scripts_the_page_says_what_to_do(ten, open_page):
    page = open_page(ten[0], java_script_enabled=False)
    assert "embedlab report" in page.inner_text("main") and not page.locator("[data-explore]").is_visible()


def test_two_views_stand_on_one_page(ten, open_page):
    """As cells of a notebook do: each has its own choice, and leaves nothing behind when it goes."""
    page = open_page(ten[0])
    page.evaluate(
        """async () => {
            const root = document.createElement('div');
            document.body.append(root);
            window.other = EmbedLab.mount(root, window.embedlab.view.bundle, {kind: 'widget'});
            await window.other.ready; }"""
    )
    page.evaluate("window.embedlab.select(['Осоед 3 «é»'])")
    assert page.evaluate("window.other.state.chosen.size") == 0
    page.evaluate("window.other.paint('habitat')")
    assert page.evaluate("window.embedlab.state().colour") == "sex"
    page.evaluate("window.other.destroy()")
    page.set_viewport_size({"width": 900, "height": 700})
    settled(page)  # a view that is gone must not draw when its size is told
    assert page.evaluate("window.other.root.childElementCount") == 0 and page.heard == []


def test_a_sample_lies_over_the_density_of_all_and_the_plot_says_so(tmp_path, open_page, monkeypatch):
    from embedlab.explore import places

    monkeypatch.setattr(places, "MOST_POINTS", 200)
    monkeypatch.setattr(places, "SAMPLED", 60)
    space, maps = scene(k=1)
    page = open_page(explore.html(space, maps, tmp_path / "sample.html"))
    words = page.inner_text("[data-el=sampled]")
    assert words == "60 of 240 images are drawn; the shade is the density of all"
    assert "a sample stratified by species" in page.inner_text("[data-el=map-note]")
    shade = page.evaluate(INK)[0]
    page.evaluate("window.embedlab.view.maps[0].density = null")
    page.evaluate("window.embedlab.view.redraw()")
    assert page.evaluate(INK)[0] < shade and not page.is_visible("[data-el=sampled]")
    assert page.heard == []
