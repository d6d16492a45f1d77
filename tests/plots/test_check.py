"""Every figure in every page width is fit to print; and the check finds each fault that is planted."""

import json
import re
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from embedlab import plots
from embedlab.plots import images, paper, theme
from embedlab.plots.check import check
from tests.plots import results

EVERY = results.every()
PROVENANCE = {
    "stores": "0f" * 8,
    "models": ["planted-model"],
    "keys": ["ab12cd34" * 2],
    "left_out": ["3 species with one image"],
    "seed": 7,
    "command": "embedlab run x",
}

STATED = (
    r"n\s=\s[\d,]+",
    r"chance|random",
    r"model planted-model",
    r"key ab12cd34",
    r"seed 7",
    r"left out: 3 species",
)


def checked(figure, saved=True):
    with matplotlib.rc_context(theme.rc()):
        return check(figure, saved=saved)


@pytest.mark.parametrize("preset", theme.PRESETS)
@pytest.mark.parametrize("name", EVERY)
def test_every_figure_is_fit_to_print_in_every_width(name, preset):
    figure = paper.figure(plots.picture(EVERY[name]), preset)
    found = checked(figure, saved=False)  # files are looked into below
    assert found.ok, str(found)
    assert figure.get_figheight() * 25.4 < 247 * theme.preset(preset)[1], "taller than a page"
    assert found.smallest_text >= 6 * theme.preset(preset)[1] - 0.05


@pytest.mark.parametrize("name", EVERY)
def test_every_file_states_its_origin_n_and_chance_and_embeds_its_fonts(name):
    picture = plots.picture(EVERY[name])
    made = images.images(picture, PROVENANCE)
    said = re.search(r"<dc:description>(.*?)</dc:description>", made["svg"].decode(), re.S).group(1)
    assert json.loads(said.replace("&quot;", '"')) == PROVENANCE
    assert PROVENANCE["stores"].encode() in made["pdf"]
    from PIL import Image

    with Image.open(BytesIO(made["png"])) as image:
        assert json.loads(image.text["Description"]) == PROVENANCE
    assert b"/FontFile2" in made["pdf"] and b"/Type3" not in made["pdf"]
    assert max(map(len, made.values())) < 5_000_000
    words = " ".join(re.findall(r"<text[^>]*>(.*?)</text>", made["svg"].decode(), re.S))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words)).replace("- ", "-")  # a name may go over two lines
    for told in STATED:
        assert re.search(told, words), f"{told!r} stands nowhere on the figure: {words[-300:]}"


def planted(draw):
    """Faults of a plain figure on which something was drawn."""
    with matplotlib.rc_context(theme.rc()):
        figure = Figure(figsize=(3.5, 2.5))
        axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        draw(figure, axes)
        return check(figure)


def legend_of(*colours, marker="o"):
    def draw(figure, axes):
        for i, colour in enumerate(colours):
            axes.plot([i / 9], [0.5], marker, color=colour, label=f"kind {i}", markeredgecolor=theme.SOFT)
        axes.legend()

    return draw


FAULTS = {
    "small text": (lambda f, a: a.text(0.5, 0.5, "tiny", fontsize=4), "4.0 pt: 'tiny'"),
    "thin line": (lambda f, a: a.plot([0, 1], [0, 1], lw=0.2, color="black", gid="0-0"), "0.20 pt, 0-0"),
    "faint text": (lambda f, a: a.text(0.5, 0.5, "faint", color="#aaaaaa"), "'faint'"),
    "faint line": (lambda f, a: a.plot([0, 1], [0, 1], color="#F0E442", gid="0-0"), "line 0-0 in #f0e442"),
    "faint whiskers": (lambda f, a: a.hlines([0.5], 0, 1, color="#F0E442", gid="0-0-w"), "lines 0-0-w"),
    "clipped": (lambda f, a: f.text(0.95, 0.5, "a long word that leaves"), "outside the figure: 'a long word"),
    "overlap": (
        lambda f, a: (a.text(0.5, 0.5, "over"), a.text(0.52, 0.51, "under")),
        "one over the other: 'over' and 'under'",
    ),
    "red and green": (legend_of("#2ca02c", "#d62728"), "'kind 0' and 'kind 1' differ by colour alone"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(name):
    draw, words = FAULTS[name]
    found = planted(draw)
    assert not found.ok and words in str(found), str(found)


def test_a_clean_figure_has_no_fault_and_says_what_was_measured():
    found = planted(legend_of("#0072B2", "#E69F00"))
    assert found.ok and found.faults == () and found.smallest_text == 6 and found.fonts == ("TrueType, embedded",)
    assert 10 < found.colours < 60 and str(found).startswith("fit to print: text from 6.0 pt")


def test_keys_that_differ_in_shape_may_share_a_colour():
    def draw(figure, axes):
        axes.plot([0.2], [0.5], "o", color="#0072B2", label="round")
        axes.plot([0.4], [0.5], "s", color="#0072B2", label="square")
        axes.legend()

    assert planted(draw).ok


def test_ticks_that_are_not_drawn_do_not_count():
    def draw(figure, axes):
        axes.set_xticks([0.0, 0.5, 0.51, 7.0], ["a", "b", "", "very far away"])

    assert planted(draw).ok


def test_fonts_that_are_drawings_are_refused():
    with matplotlib.rc_context({**theme.rc(), "pdf.fonttype": 3}):
        figure = Figure(figsize=(3, 2))
        figure.text(0.5, 0.5, "words")
        assert "fonttype" in str(check(figure))


def test_a_figure_is_saved_as_it_was_drawn_whoever_saves_it():
    """Without the house's settings around it: matplotlib's own would write every letter as a drawing (Type 3)."""
    figure = plots.print_figure(EVERY["geometry"])
    assert check(figure).ok, str(check(figure))
    out = BytesIO()
    figure.savefig(out, format="svg")
    assert b"<text" in out.getvalue()


def test_refusals():
    with pytest.raises(TypeError, match="saw plotly's Figure: give the result itself, or embedlab.plots.print_figure"):
        check(plots.draw(EVERY["geometry"]))
    assert check(EVERY["geometry"]) == check(plots.print_figure(EVERY["geometry"]))  # a result as it is printed
    assert np.isfinite(checked(plots.print_figure(EVERY["geometry"])).bytes)
