"""Where no script runs a figure is a still image: title and numbers stand on the page once, in its own type."""

import base64
import html
import re

import pytest

from embedlab import plots
from embedlab.plots import images, page
from tests.plots import results

EVERY = results.every()
PROVENANCE = {"stores": [{"model": "planted-model", "key": "0f" * 16}], "seed": 7}


def flat(words: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", words))).strip()


def drawn(svg: str) -> str:
    """The words that an SVG shows: those of its metadata are not among them."""
    return flat(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)))


@pytest.mark.parametrize("name", ["separation", "orthogonality", "scaling", "geometry"])
def test_title_and_numbers_stand_once_where_no_script_runs(name):
    picture = plots.picture(EVERY[name])
    whole = page.figure_html(picture, 0, PROVENANCE, table=0)
    shown = re.sub(r"<figure[^>]*>", "", whole)  # the name for a screen reader is no second title
    still = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1]).decode()
    assert flat(shown).count(flat(picture.title)) == 1 and flat(shown).count(flat(picture.foot)) == 1
    words = drawn(still)
    assert flat(picture.title) not in words and flat(picture.foot)[:24] not in words and "planted-model" not in words
    for panel in picture.panels:
        assert panel.title.split(" ")[0] in words, "panels keep what stands over them"
    for key in picture.keys:
        assert key.split(" ")[0] in words, "the key of the page is hidden there"
    assert picture.title in html.unescape(still), "the metadata of the image names it all the same"


def test_an_image_that_stands_alone_keeps_both():
    picture = plots.picture(EVERY["separation"])
    words = drawn(images.images(picture, PROVENANCE, kinds=("svg",))["svg"].decode())
    assert flat(picture.title) in words and flat(picture.foot)[:24] in words and "planted-model" in words


def test_a_button_that_needs_scripts_is_marked_so():
    whole = page.figure_html(plots.picture(EVERY["separation"]), 0, PROVENANCE, table=0)
    assert re.search(r'<button type="button" class="js" data-el="download-table"', whole)
