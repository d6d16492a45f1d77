"""Palettes that colour-blind readers can tell apart, computed; and the measured table that they come from."""

import numpy as np
import pytest

from embedlab.plots import colour_vision as cv
from embedlab.plots import theme

# Smallest difference under normal vision, deuteranopia, protanopia and tritanopia, as another program (colorspacious)
# measured them for the choice of palettes.
MEASURED = {
    "Okabe-Ito": (theme.OKABE_ITO, (20.8, 14.8, 14.0, 11.0)),
    "Petroff 10": ((*theme.PETROFF, "#92dadd"), (18.7, 14.9, 14.5, 15.3)),
    "Tol muted": (
        "#332288 #88CCEE #44AA99 #117733 #999933 #DDCC77 #CC6677 #882255 #AA4499".split(),
        (17.3, 12.3, 15.0, 11.8),
    ),
    "tab10": (
        "#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf".split(),
        (20.2, 4.3, 1.6, 9.4),
    ),
    "Plotly's own": (
        "#636EFA #EF553B #00CC96 #AB63FA #FFA15A #19D3F3 #FF6692 #B6E880 #FF97FF #FECB52".split(),
        (15.4, 2.9, 0.7, 7.4),
    ),
    "CARTO Bold, first 6": ("#7F3C8D #11A579 #3969AC #F2B701 #E73F74 #80BA5A".split(), (18.9, 3.7, 9.7, 13.3)),
    "Spectral 9": (
        "#d53e4f #f46d43 #fdae61 #fee08b #ffffbf #e6f598 #abdda4 #66c2a5 #3288bd".split(),
        (7.9, 2.6, 4.4, 4.2),
    ),
}
DARK_PAPER = theme.DARK[theme.PAPER]


def in_the_dark(colours):
    return [theme.DARK.get(c, c) for c in colours]


@pytest.mark.parametrize("name", MEASURED)
def test_the_differences_are_those_that_another_program_measured(name):
    colours, measured = MEASURED[name]
    ours = [cv.nearest(list(colours), vision)[0] for vision in cv.VISIONS]
    np.testing.assert_allclose(ours, measured, atol=0.051)  # the table has one place


@pytest.mark.parametrize("vision", cv.VISIONS)
@pytest.mark.parametrize("k", range(2, 10))
def test_every_default_palette_can_be_told_apart_at_its_size_beside_the_grey_of_missing(k, vision):
    for colours in (theme.colours(k), in_the_dark(theme.colours(k))):
        grey = theme.MISSING if colours == theme.colours(k) else theme.DARK[theme.MISSING]
        least, pair = cv.nearest([*colours, grey], vision)
        assert least >= cv.ENOUGH, f"{pair} are {least:.1f} apart under {vision}"


@pytest.mark.parametrize("vision", cv.VISIONS)
def test_lines_bands_and_bars_can_be_told_apart(vision):
    for told in (theme.LINES, (theme.CHANCE_FILL, theme.WARM, theme.NULL_BAR, theme.COUNTS[2])):
        for colours in (told, in_the_dark(told)):
            least, pair = cv.nearest(list(colours), vision)
            assert least >= cv.ENOUGH, f"{pair} are {least:.1f} apart under {vision}"


@pytest.mark.parametrize("vision", cv.VISIONS)
def test_counts_go_from_light_to_dark_in_even_steps_for_everyone(vision):
    for colours in (theme.COUNTS, in_the_dark(theme.COUNTS)):
        light = np.array([cv.cam02_ucs(cv.linear(c) @ cv.SEEN[vision].T)[0] for c in colours])
        steps = np.diff(light) * np.sign(light[-1] - light[0])
        assert (steps > 5).all(), f"{steps.round(1)}"


def test_words_lines_and_marks_stand_out_on_light_and_dark_paper():
    for name in ("INK", "SOFT", "CHANCE"):
        colour = getattr(theme, name)
        assert cv.contrast(colour) >= 4.5 and cv.contrast(theme.DARK[colour], DARK_PAPER) >= 4.5, name
    for colour in (*theme.LINES, theme.FRAME):
        assert cv.contrast(colour) >= 3 and cv.contrast(theme.DARK.get(colour, colour), DARK_PAPER) >= 3, colour
    for colour in (*theme.OKABE_ITO, *theme.PETROFF):
        assert max(cv.contrast(colour), cv.contrast(theme.edge(colour))) >= 3, f"{colour} has no edge"
        assert cv.contrast(theme.DARK.get(colour, colour), DARK_PAPER) >= 3, f"{colour} drowns in the dark"


def test_pale_agrees_with_the_contrast():
    for colour in (*theme.OKABE_ITO, *theme.PETROFF):
        assert theme.pale(colour) == (cv.contrast(colour) < 3)


def test_lightness_is_that_of_the_standard():
    """White is 100, black 0, and greys have no hue (Luo et al. 2006)."""
    greys = cv.cam02_ucs(np.array([cv.linear(f"#{v:02x}{v:02x}{v:02x}") for v in (0, 64, 128, 255)]))
    assert greys[0, 0] == pytest.approx(0, abs=1e-9) and greys[-1, 0] == pytest.approx(100, abs=0.02)
    assert (np.diff(greys[:, 0]) > 0).all()
    assert np.abs(greys[:, 1:]).max() < 2  # sRGB's white is not exactly the adapted one


def test_refusals():
    with pytest.raises(ValueError, match="#rrggbb"):
        cv.linear("red")
    with pytest.raises(ValueError, match="deuteranopia"):
        cv.distances(["#000000", "#ffffff"], "colour-blind")
    assert cv.nearest(["#000000"]) == (float("inf"), ("", ""))
