"""Species on a fitted axis: photographs at the right places, numbers that meet no other, the tree in its order."""

import base64
from io import BytesIO

import numpy as np
import pytest
from matplotlib.offsetbox import AnnotationBbox
from PIL import Image

from embedlab import plots
from embedlab.data import Tree
from embedlab.plots import labels, paper, screen
from embedlab.plots import marks as m
from embedlab.plots.trees import branches, ladder
from tests.plots.results_finches import axis, photograph


def thumbs(picture):
    return next(mark for panel in picture.panels for mark in panel.marks if isinstance(mark, m.Thumbs))


def pixels(content, size=8):
    with Image.open(BytesIO(content)) as opened:
        return np.asarray(opened.convert("RGB").resize((size, size)), float)


def test_eight_photographs_stand_in_the_order_of_the_axis_from_end_to_end():
    found = axis()
    shown = thumbs(plots.picture(found))
    assert len(shown.images) == 8 and (np.diff(shown.x) > 0).all()
    of = {content: name for name, content in found.photographs.items()}
    places = [found.position[found.species.index(of[content])] for content in shown.images]
    assert places == sorted(places) and places[0] == found.position.min() and places[-1] == found.position.max()
    assert all(of[c] in said for c, said in zip(shown.images, shown.label, strict=True))


def test_print_and_screen_show_the_same_photographs():
    picture = plots.picture(axis())
    shown = thumbs(picture)
    boxes = paper.figure(picture).findobj(AnnotationBbox)
    assert [b.xy for b in boxes] == list(zip(shown.x, shown.y, strict=True))
    images = screen.as_json(picture)["narrow"]["images"]
    assert [i["x"] for i in images] == pytest.approx(shown.x.tolist())
    for box, image, content in zip(boxes, images, shown.images, strict=True):
        assert np.abs(pixels(content) - _small(box.offsetbox.get_data())).max() < 1
        head, _, packed = image["source"].partition(",")
        assert head == "data:image/png;base64"
        with Image.open(BytesIO(base64.b64decode(packed))) as opened:
            inside = opened.crop((2, 2, opened.width - 2, opened.height - 2))
        assert np.abs(np.asarray(inside.resize((8, 8)), float) - pixels(content)).mean() < 12
    unseen = next(t for t in screen.as_json(picture)["data"] if t.get("marker", {}).get("opacity") == 0)
    assert len(unseen["text"]) == len(shown.images), "each photograph says whose it is"


def _small(values):
    return np.asarray(Image.fromarray(np.asarray(values, np.uint8)).resize((8, 8)), float)


def test_photographs_have_their_size_on_paper():
    shown = thumbs(plots.picture(axis()))
    figure = paper.figure(plots.picture(axis()))
    for box in figure.findobj(AnnotationBbox):
        wide = box.offsetbox.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi * 25.4
        assert wide == pytest.approx(shown.size, rel=0.02)


def test_without_photographs_there_is_no_strip():
    picture = plots.picture(axis(60, False))
    assert not any(isinstance(mark, m.Thumbs) for panel in picture.panels for mark in panel.marks)
    assert picture.panels[0].height < plots.picture(axis()).panels[0].height
    assert not any(isinstance(x, m.Words) for panel in picture.panels for x in panel.marks), "60 names would not fit"


def test_the_figure_shows_the_numbers_of_the_result():
    found = axis()
    panels = plots.picture(found).panels
    for panel, along in ((panels[0], found.across), (panels[2], found.value)):
        dots = [d for d in panel.marks if isinstance(d, m.Dots)]
        drawn = {label.splitlines()[0].split("  ")[1]: (x, y) for d in dots
                 for x, y, label in zip(d.x, d.y, d.label, strict=True)}  # fmt: skip
        assert drawn == {s: (p, a) for s, p, a in zip(found.species, found.position, along, strict=True)}


def test_labels_meet_neither_each_other_nor_marks():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 40))
    words = [str(i) for i in range(40)]
    placed = labels.beside(x, y, words, across=(-3, 3), up=(-3, 3), height=50.0)
    assert 25 <= len(placed) <= 40
    everywhere = labels.beside([0.0] * 40, [0.0] * 40, words, across=(-1, 1), up=(-1, 1), height=50.0)
    offsets = {(w.dx, w.dy, w.anchor) for w in everywhere}
    assert len(offsets) == len(everywhere) < 40, "no two on one place, and those without room are left out"


def test_a_tree_is_drawn_with_its_lengths_and_no_branch_crosses():
    tree = Tree.parse("((a:1,b:1):2,(c:2,(d:1,e:1):1):1);")
    structure = tree.structure(["e", "a", "c", "b", "d"])
    depth, row, order = ladder(structure)
    named = [["e", "a", "c", "b", "d"][i] for i in order]
    assert named == ["a", "b", "c", "d", "e"] and depth.max() == 1
    x, y = branches(structure, depth, row)
    assert np.isnan(x[3::4]).all() and len(x) == 4 * (len(structure.parent) - 1)
    ends = sorted(y[2::4][x[2::4] == 1].tolist())
    assert ends == [-4.0, -3.0, -2.0, -1.0, 0.0]


def test_photographs_differ():
    assert photograph(1) != photograph(2) and photograph(1) == photograph(1)
