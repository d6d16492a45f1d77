"""On a phone nothing runs into its neighbour; pictured species are named; what is not known takes no room."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from embedlab import plots
from embedlab.plots import marks as m
from embedlab.plots import screen
from embedlab.plots.letters import em
from embedlab.plots.screen_layout import _halves
from tests.plots import results
from tests.plots.results_finches import axis

EVERY = results.every()


def table(spaces):
    edges = np.arange(spaces + 1) - 0.5
    cells = m.Cells(x_edges=edges, y_edges=edges, count=np.ones((spaces, spaces)), span=(0.0, 1.0))
    words = [m.Words(x=float(j), y=0.0, text="0.88", anchor="center") for j in range(spaces)]
    ends = (-0.5, spaces - 0.5)
    panel = m.Panel(marks=(cells, *words), x=m.Axis(range=ends, shown=False), y=m.Axis(range=ends, shown=False))
    return m.Picture(title="A table", panels=(panel,))


@pytest.mark.parametrize("spaces, wide, narrow", [(3, 3, 3), (8, 8, 8), (14, 14, 0), (40, 0, 0)])
def test_numbers_in_cells_stand_where_there_is_room_for_all(spaces, wide, narrow):
    made = screen.as_json(table(spaces))
    assert [len(made[which]["annotations"]) for which in ("wide", "narrow")] == [wide, narrow]


@pytest.mark.parametrize("name", EVERY)
def test_no_row_of_a_phone_has_a_name_of_three_lines(name):
    layout = screen.as_json(plots.picture(EVERY[name]))["narrow"]
    ticks = [t for key, one in layout.items() if key.startswith("yaxis") for t in one.get("ticktext", ())]
    assert all(t.count("<br>") <= 1 for t in ticks), ticks


def test_halves_of_a_name():
    assert _halves("species: Procrustes correlation") == ["species: Procrustes", "correlation"]
    assert _halves("forest") == ["forest"] and _halves("") == [""]
    assert _halves("grassland (n\u00a0=\u00a020)") == ["grassland", "(n\u00a0=\u00a020)"]


def test_of_many_species_those_pictured_bear_their_number_and_their_name_in_the_tree():
    result = axis(40)
    map_, tree, *_ = plots.picture(result).panels
    numbers = [w.text for w in map_.marks if isinstance(w, m.Words)]
    named = [w for w in tree.marks if isinstance(w, m.Words)]
    assert len(numbers) == len(named) == 8 and {w.text.split()[0] for w in named} == set(numbers)
    rows = sorted(w.y for w in named)
    apart = tree.height / 40  # mm from row to row
    assert min(b - a for a, b in pairwise(rows)) * apart > 2.4, "names lie on each other"
    assert rows[0] > tree.y.range[0] and rows[-1] < tree.y.range[1]
    bare = plots.picture(axis(40, photographs=False)).panels[1]
    assert not any(isinstance(w, m.Words) for w in bare.marks)


def test_a_gap_that_is_not_known_takes_no_room():
    name = next(k for k in EVERY if type(EVERY[k]).__name__ == "BeyondControls")
    result = EVERY[name]
    gaps = {
        k: replace(g, evidence=replace(g.evidence, cannot_tell="too few images")) for k, g in result.gaps.items()
    }
    known, none = plots.picture(result), plots.picture(replace(result, gaps=gaps))
    assert len(known.panels) == 2 and len(none.panels) == 1 and none.title.endswith("no control can be compared")
    assert all("not known" in t for _, t in none.panels[0].y.ticks[1:])


def test_words_of_a_scene_stand_below_what_is_drawn_there():
    name = next(k for k in EVERY if type(EVERY[k]).__name__ == "ContrastScene")
    for panel in (p for p in plots.picture(EVERY[name]).panels if p.scene):
        words = next(w for w in panel.marks if isinstance(w, m.Words) and w.text == "species span")
        half = 0.5 * em(words.text) * 6 * 0.3528 * (panel.x.range[1] - panel.x.range[0]) / 46
        near = [y for k in panel.marks if isinstance(k, m.Path | m.Dots)
                for x, y in zip(k.x, k.y, strict=True) if abs(x - words.x) < half]  # fmt: skip
        assert words.y <= min(near) + 1e-9
