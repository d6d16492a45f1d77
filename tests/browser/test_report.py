"""The report in a real Chromium, with the network cut."""

import json
import re
from base64 import b64decode
from itertools import pairwise

import pytest
from waiting import until

pytestmark = pytest.mark.browser


def test_nothing_is_asked_of_the_network_and_nothing_complains(desk):
    assert desk.heard == []
    policy = desk.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy


def test_every_figure_is_drawn(desk):
    plots = desk.locator("[data-el=plot]")
    assert plots.count() == 9, "eight questions, and what the store holds"
    for i in range(plots.count()):
        marks = (
            plots.nth(i)
            .locator(".points path, .point path, path.js-line, .heatmaplayer image, .bars path")
            .count()
        )
        box = plots.nth(i).bounding_box()
        assert marks >= 3 and box["height"] > 100, f"figure {i} is blank"
    assert desk.evaluate("window.embedlab.view.panels().map((p) => p.x.length)") == [900, 900]
    assert desk.locator("canvas").count() == 4, "two maps of two layers; the analysis figures must be SVG"


def test_the_cloud_is_not_offered(desk):
    assert desk.locator(".modebar-btn").count() == 0
    assert "cloud.plotly.com" not in desk.evaluate("document.body.innerText")
    assert desk.evaluate("document.querySelector('[data-el=plot]')._context.showSendToCloud") is False
    assert desk.evaluate("document.querySelector('[data-el=plot]')._context.plotlyServerURL") == ""


def test_verdicts_and_numbers_stand_on_the_board(desk, written):
    claims = desk.locator("[data-el=claim]")
    assert claims.count() == 6
    for i in range(6):
        words = claims.nth(i).inner_text().replace("\u00a0", " ")
        assert "chance" in words and "n = " in words and "p" in words
    assert claims.locator("svg.strip").count() == 6


def test_sentences_are_typeset_and_numbers_of_tables_stay(desk):
    said = desk.evaluate("""() => [...document.querySelectorAll('main section:not(#provenance)')].flatMap((s) =>
        [...s.querySelectorAll('p, li, dd, figcaption, caption')].map((e) => e.textContent))""")
    assert any("−" in words for words in said) and any("\u00a0%" in words for words in said)
    loose = [found[0] for words in said if (found := re.search(r".{0,30}(\d ?%|[ (\[]-\.?\d|\de-\d).{0,9}", words))]
    assert loose == []
    told = desk.locator(".claim .told").all_inner_texts()
    assert [words for words in told if re.match(r"[a-z]+[ ,]", words) or not words.endswith(".")] == []


def test_no_word_of_the_nav_is_cut(open_page, written):
    nav = "document.querySelector('nav.top ul')"
    page = open_page(written[0], viewport={"width": 900, "height": 700})
    last = page.locator("nav.top li").last.bounding_box()
    assert last["x"] + last["width"] <= 900 and page.evaluate(f"{nav}.scrollWidth <= {nav}.clientWidth")
    phone = open_page(written[0], viewport={"width": 375, "height": 700})
    assert phone.evaluate(f"getComputedStyle({nav}).maskImage").startswith("linear-gradient"), "the rest fades"
    phone.evaluate(f"{nav}.scrollLeft = 9999")
    last = phone.locator("nav.top li").last.bounding_box()
    assert last["x"] + last["width"] <= 375 - 32, "the last one scrolls out of the fade"


def test_user_text_is_never_markup(desk):
    assert desk.locator("section b:has-text('text')").count() == 0
    assert "<b>text</b>" in desk.inner_text("[data-el=data]")


def test_tables_download(desk):
    with desk.expect_download() as waiting:
        desk.locator("section:not(#data) [data-el=download-table]").first.click()
    assert waiting.value.path().read_text(encoding="utf-8").startswith("group,share_outside")


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
    assert stills.count() == 9 + 2
    inside = [b64decode(s.partition(",")[2]).decode() for s in stills.evaluate_all("all => all.map((i) => i.src)")]
    drawn = " ".join(svg.split("</metadata>")[1] for svg in inside)
    for i in range(stills.count()):
        assert stills.nth(i).get_attribute("alt")
        assert stills.nth(i).bounding_box()["height"] > 80
    for title in page.locator("figure h3").all_inner_texts():
        assert title[:24] not in drawn
    assert page.locator("figure h3").count() == 9 + 2, "each title stands once, in the page's own type"
    assert not page.locator("[data-el=download-table]").first.is_visible(), "nothing would answer it"
    assert page.locator("[data-el=claim] svg.strip").count() == 6
    assert not page.locator("[data-el=search]").is_visible() and not page.locator(".figure .keys").first.is_visible()
    page.locator("summary").first.click()
    assert page.locator("table").nth(1).is_visible()
    assert page.heard == []


def test_webgl_off_changes_nothing(open_page, written):
    page = open_page(written[0])
    off = page.context.new_page()
    off.set_default_timeout(120_000)
    off.add_init_script("HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...more) {"
                        " if (kind !== '2d') throw new Error('no ' + kind); return old.call(this, kind, ...more); })"
                        "(HTMLCanvasElement.prototype.getContext)")  # fmt: skip
    off.goto(f"file://{written[0]}")
    off.evaluate("window.embedlab.ready.then(() => 1)")
    counted = "[...document.querySelectorAll('[data-el=plot]')].map(p => p.querySelectorAll('path, image').length)"
    assert off.evaluate(counted) == page.evaluate(counted) and page.heard == []


def test_paper_is_white_whatever_the_screen_is(open_page, written):
    page = open_page(written[0], color_scheme="dark")
    look = "getComputedStyle(document.querySelector('section')).backgroundColor + getComputedStyle(document.body).color"
    assert page.evaluate(look) == "rgb(22, 24, 27)rgb(236, 236, 236)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(look) == "rgb(255, 255, 255)rgb(28, 28, 28)"
    assert page.evaluate("getComputedStyle(document.querySelector('.legend button')).color") == "rgb(28, 28, 28)"


PRINTED = """async () => {  // what stands there when the print begins: no later task is waited for
    dispatchEvent(new Event('beforeprint'));
    for (let i = 0; i < 200; i += 1) await null;
    const pixels = (c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    const ink = (c) => pixels(c).filter((v, i) => i % 4 === 3 && v > 60);
    const plots = [...document.querySelectorAll('[data-el=plot]')];
    return {fills: plots.map((p) => getComputedStyle(p.querySelector('text')).fill),
        wide: plots.map((p) => p.querySelector('svg.main-svg').width.baseVal.value),
        sheets: [...document.querySelectorAll('[data-el=on-paper]')].map((c) => ink(c).length)}; }"""


def test_a_print_from_the_dark_has_light_figures_that_fit_and_maps_with_points(open_page, written):
    page = open_page(written[0], color_scheme="dark")
    seen = page.evaluate(PRINTED)
    assert len(seen["fills"]) >= 8 and set(seen["fills"]) == {"rgb(28, 28, 28)"} and max(seen["wide"]) <= 660
    assert len(seen["sheets"]) == 2 and min(seen["sheets"]) > 5_000, "a map is printed from a copy: see panels.js"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    until(page, "[...document.querySelectorAll('[data-el=plot] text')].every(t => !t.textContent ||"
                " getComputedStyle(t).fill !== 'rgb(28, 28, 28)')")  # fmt: skip
    assert page.locator("[data-el=on-paper]").count() == 0 and page.heard == []


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
