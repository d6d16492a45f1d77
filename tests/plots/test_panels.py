"""Every panel of every figure says its n, shows chance or says it, and names what its axes count."""

import re

import pytest

from embedlab import plots
from embedlab.plots import marks as m
from embedlab.plots import paper, screen, theme
from embedlab.plots.heading import heading
from embedlab.plots.letters import em
from tests.plots import results

EVERY = results.every()
GREYS = {theme.CHANCE, theme.CHANCE_FILL, theme.NULL_BAR}


def panels(name):
    """The panels of a picture that hold anything."""
    return [p for p in plots.picture(EVERY[name]).panels if p.marks]


def words(panel):
    """All that stands around a panel."""
    return " ".join((panel.title, panel.note, panel.x.label, panel.y.label, *(t for _, t in panel.y.ticks or ())))


@pytest.mark.parametrize("name", EVERY)
def test_every_panel_states_its_n(name):
    for panel in panels(name):
        assert re.search(r"n\s=\s[\d,]+", f"{panel.note} {panel.x.label}"), f"{panel.title!r} does not say how many"


@pytest.mark.parametrize("name", EVERY)
def test_every_panel_shows_chance_or_says_it(name):
    map_above = False
    for panel in panels(name):
        drawn = any(
            isinstance(k, m.Rule | m.Path | m.Span | m.Bars | m.Band) and (
                getattr(k, "dash", "") == "dot" or k.colour in GREYS)
            for k in panel.marks
        )  # fmt: skip
        cloud = any(isinstance(k, m.Dots) and k.under for k in panel.marks)  # the same with labels shuffled
        said = re.search(r"chance|a coin|p\s[=<]\s", words(panel))
        # of a map of images chance is known of what it keeps, and drawn in the panel below it
        map_above = name.startswith("projection") and panel.equal
        assert drawn or cloud or said or map_above, f"{name}: {panel.title!r} shows no chance and says none"


@pytest.mark.parametrize("name", EVERY)
def test_every_axis_with_numbers_says_what_they_count(name):
    for panel in panels(name):
        for axis in (panel.x, panel.y):
            if axis.shown and not axis.label:
                named = axis.ticks is not None and not any(re.fullmatch(r"[−\d.,]+[kMG]?", t) for _, t in axis.ticks)
                only = axis.ticks is not None and all(re.fullmatch(r"\d+", t) for _, t in axis.ticks)  # of a list
                assert named or (only and name in ("agreements", "habitat")), f"{name}: {panel.title!r}, {axis}"


@pytest.mark.parametrize("name", EVERY)
def test_what_is_not_known_is_said_in_words(name):
    picture = plots.picture(EVERY[name])
    hover = " ".join(t for p in picture.panels for k in p.marks for t in getattr(k, "label", ()))
    around = (picture.title, picture.foot, picture.caption, *map(words, picture.panels), hover)
    said = " ".join((*around, str(EVERY[name])))
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", said), re.findall(r".{40}\b(?:nan|inf|None)\b.{20}", said)


@pytest.mark.parametrize("name", EVERY)
def test_both_backends_write_what_stands_over_a_panel(name):
    picture = plots.picture(EVERY[name])
    flat = [p for p in picture.panels if p.note]
    for layout in ("wide", "narrow"):
        texts = [a["text"].replace("<br>", " ") for a in screen.as_json(picture, legend=True)[layout]["annotations"]]
        assert all(theme.plain(p.note) in texts for p in flat)
    found = [t.get_text().replace("\n", " ") for t in _texts(paper.figure(picture))]
    assert all(p.note in found for p in flat)


def _texts(figure):
    from matplotlib.text import Text

    return figure.findobj(Text)


def test_a_note_stands_beside_a_title_only_where_both_fit():
    for room in range(8, 40):
        head = heading("Each species by itself", "n = 24 species", room, bold=1.1, small=0.9)
        one_line = em(head.title[-1], bold=True) * 1.1 + em(head.note[0]) * 0.9
        assert not head.beside or one_line <= room
        assert " ".join(head.title) == "Each species by itself" and " ".join(head.note) == "n = 24 species"
    assert heading("Each", "n = 1", 90, bold=1, small=1).beside
    assert not heading("Each", "n = 1", 90, bold=1, small=1, apart=True).beside
    assert heading("", "n = 1", 90, bold=1, small=1).below == ("n = 1",)
    assert heading("", "", 9, bold=1, small=1).note == ()


def test_a_map_says_by_what_it_is_coloured_and_misleads_nobody_about_a_tint():
    """The title once spoke of a tint on every map: a panel had taken the name of the argument."""
    shown = EVERY["projection"]
    labels = ["a" if i % 2 else "b" for i in range(len(shown.xy))]
    assert ", coloured by life stage: " in plots.picture(shown, labels=labels, column="life_stage").title
    assert "coloured" not in plots.picture(shown).title and "pale" not in plots.picture(shown).title
    tinted = plots.picture(shown, kept=[0.3] * len(shown.xy))
    assert ", pale where it misleads: " in tinted.title and "pale where it misleads" in tinted.alt
