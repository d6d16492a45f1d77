"""Figures as data: both backends show the result's numbers, chance is drawn, files name their origin."""

import json
import re
import sys

import numpy as np
import pytest

from embedlab import plots
from embedlab.plots import chance, images, paper, screen, theme
from embedlab.plots import marks as m
from tests.plots import results

EVERY = results.every()
PROVENANCE = {"card": "0f" * 16, "versions": {"embedlab": "0.1"}, "seed": 7, "command": "embedlab run x"}


@pytest.fixture(params=list(EVERY))
def result(request):
    return EVERY[request.param]


def marks_of(picture):
    return {f"{i}-{k}": mark for i, panel in enumerate(picture.panels) for k, mark in enumerate(panel.marks)}


def close(drawn, wanted):
    """The page keeps six digits (half a unit of the sixth, 5e-6 at worst): finer than a pixel by far."""
    drawn = np.array([np.nan if v is None else v for v in drawn], float)
    np.testing.assert_allclose(drawn, np.asarray(wanted, float), rtol=5e-6, atol=1e-12)


def test_both_backends_show_the_same_numbers(result):
    picture = plots.picture(result)
    marks = marks_of(picture)
    traces = {t["meta"]: t for t in screen.as_json(picture, legend=True)["data"] if "meta" in t}
    artists = {}
    for artist in paper.figure(picture).findobj():
        if artist.get_gid():
            artists.setdefault(artist.get_gid(), artist)
    for key, mark in marks.items():
        if isinstance(mark, m.Dots | m.Path):
            close(traces[key]["x"], mark.x)
            close(traces[key]["y"], mark.y)
            close(artists[key].get_xdata(), mark.x)
            close(artists[key].get_ydata(), mark.y)
        if isinstance(mark, m.Dots) and mark.low is not None:
            axis = 0 if mark.along == "x" else 1
            segments = artists[f"{key}-whiskers"].get_segments()
            low = [s[0][axis] for s in segments]
            error = traces[key][f"error_{mark.along}"]
            centre = np.asarray(mark.x if mark.along == "x" else mark.y, float)
            close(low, mark.low)
            np.testing.assert_allclose(centre - np.array(error["arrayminus"], float), low, rtol=1e-4, atol=1e-6)


def test_the_numbers_are_those_of_the_result():
    r = EVERY["separation"]
    each = next(x for x in plots.picture(r).panels[1].marks if isinstance(x, m.Dots))
    np.testing.assert_array_equal(np.sort(each.x), np.sort(r.ratio))
    assert [text.split("\n")[0] for text in each.label] == [r.species[i] for i in np.argsort(r.ratio, kind="stable")]
    r = EVERY["scaling"]
    dots = next(x for x in plots.picture(r).panels[0].marks if isinstance(x, m.Dots))
    np.testing.assert_array_equal(np.sort(dots.y), np.sort(r.values))
    r = EVERY["neighbours"]
    dots = next(x for x in plots.picture(r).panels[0].marks if isinstance(x, m.Dots) and x.low is not None)
    np.testing.assert_array_equal(dots.x, r.agreement)


def test_chance_is_always_drawn_dotted(result):
    dotted = [
        mark
        for mark in marks_of(plots.picture(result)).values()
        if isinstance(mark, m.Rule | m.Path) and mark.dash == "dot"
    ]
    assert dotted, "no dotted line: the figure shows no chance"
    layout = screen.as_json(plots.picture(result))
    lines = [s for s in layout["wide"]["shapes"] if s["type"] == "line"]
    traces = [t for t in layout["data"] if t.get("line", {}).get("dash") == "dot"]
    assert lines or traces


def test_a_figure_says_n_title_and_caption(result):
    picture = plots.picture(result)
    assert re.search(r"n\s=\s[\d,]+", picture.foot)
    assert picture.title and picture.caption and picture.alt


def test_drawing_leaves_matplotlib_as_it_was():
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure = plots.print_figure(EVERY["geometry"])
    figure.canvas.draw()
    assert dict(matplotlib.rcParams) == before
    assert figure.get_figwidth() * 25.4 == pytest.approx(89)


@pytest.mark.parametrize("preset", ["nature-2col", "neurips", "poster"])
def test_every_preset_has_its_width(preset):
    figure = plots.print_figure(EVERY["orthogonality"], preset)
    assert figure.get_figwidth() * 25.4 == pytest.approx(theme.PRESETS[preset][0])
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_species_are_italic():
    figure = plots.print_figure(EVERY["separation"])
    names = [t for t in figure.subfigs[1].axes[1].get_yticklabels() if t.get_text()]
    assert names and all(t.get_fontstyle() == "italic" for t in names)
    ticks = screen.as_json(plots.picture(EVERY["separation"]))["wide"]["yaxis2"]["ticktext"]
    assert all(t.startswith("<i>") for t in ticks)


def test_draw_gives_a_valid_plotly_figure_without_webgl(result):
    figure = plots.draw(result)
    assert {t.type for t in figure.data} <= {"scatter", "bar", "heatmap"}
    assert figure.layout.title.text
    json.loads(figure.to_json())


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folders = [tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")]
    return [plots.save(EVERY["orthogonality"], f, "fig", PROVENANCE) for f in folders]


def test_a_path_alone_is_folder_and_name(tmp_path):
    wanted = {tmp_path / f"fig.{kind}" for kind in ("svg", "pdf", "png", "html", "csv")}
    for path in (tmp_path / "fig", str(tmp_path / "fig.pdf")):
        assert set(plots.save(EVERY["geometry"], path)) == wanted == set(tmp_path.iterdir())


def test_save_writes_five_files_and_the_same_bytes_twice(saved):
    first, second = saved
    assert [p.suffix for p in first] == [".svg", ".pdf", ".png", ".html", ".csv"]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes(), f"{a.suffix} differs between two runs"
    assert not [p for p in first[0].parent.iterdir() if p.name.startswith(".")], "nothing is left aside"


def test_every_file_says_where_it_came_from(saved):
    from PIL import Image

    svg, pdf, png, html, csv = saved[0]
    said = PROVENANCE["card"]
    assert said in re.search(r"<metadata>.*?</metadata>", svg.read_text(), re.S).group()
    assert said.encode() in pdf.read_bytes()
    with Image.open(png) as image:
        assert json.loads(image.text["Description"]) == PROVENANCE
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert said in html.read_text()
    assert len(csv.read_text().splitlines()) == 1 + EVERY["orthogonality"].table().height


def test_pdf_text_stays_text(saved):
    raw = saved[0][1].read_bytes()
    assert b"/FontFile2" in raw and b"/Type3" not in raw  # TrueType embedded, fonttype 42


def test_svg_text_stays_text(saved):
    assert "<text" in saved[0][0].read_text()


def test_hostile_names_stay_words():
    r = results.separation(np.random.default_rng(1), 6)
    names = (
        "<a href='https://x.example'>A</a>",
        "$\\frac{1}{0}$",
        "</script><b>",
        "a & b",
        "$5 and $6",
        "ü…",
    )
    object.__setattr__(r, "species", names)
    picture = plots.picture(r)
    ticks = [t for t in screen.as_json(picture)["wide"]["yaxis2"]["ticktext"]]
    assert not any("<a" in t or "<b>" in t for t in ticks)
    figure = paper.figure(picture)
    figure.canvas.draw()
    from embedlab.plots import page

    whole = page.figure_page(picture, {"who": "<script>alert(1)</script>"}, table=r.table(), sentence="<img src=x>")
    own = whole.replace(page.plotly_js(), "")
    assert "<img src=x>" not in own and "<script>alert" not in own and "</script><b>" not in own
    assert "https://x.example'>A" not in own


def test_missing_is_grey_counted_and_drawn_first():
    r = EVERY["projection"]
    labels = [None if i % 3 == 0 else ("a", "b")[i % 2] for i in range(len(r.image_id))]
    dots = [x for x in plots.picture(r, labels=labels, column="sex").panels[0].marks if isinstance(x, m.Dots)]
    assert dots[0].colour == theme.MISSING and dots[0].key == f"not recorded ({labels.count(None)})"
    assert {d.key.split(" (")[0] for d in dots[1:]} == {"a", "b"}
    assert sum(len(d.x) for d in dots) == len(r.image_id), "points went missing"


def test_more_levels_than_colours_are_said_not_repeated():
    r = EVERY["projection"]
    labels = [f"species {i % 30}" for i in range(len(r.image_id))]
    dots = [x for x in plots.picture(r, labels=labels, column="species").panels[0].marks if isinstance(x, m.Dots)]
    assert "21 rarer" in dots[0].key
    looks = [(d.colour, d.shape) for d in dots]
    assert len(set(looks)) == len(looks)


def test_a_space_without_evidence_of_chance_is_still_drawn():
    r = results.separation(np.random.default_rng(2), 5)
    e = results.evidence(np.random.default_rng(2), cannot_tell="too few", interval=(np.nan, np.nan), null=np.zeros(0))
    object.__setattr__(r, "evidence", e)
    picture = plots.picture(r)
    assert "cannot decide" in picture.foot
    paper.figure(picture).canvas.draw()
    assert "nan" not in picture.title + picture.foot


def test_refusals():
    with pytest.raises(TypeError, match="Separation"):
        plots.draw(object())
    with pytest.raises(ValueError, match="nature-1col"):
        plots.print_figure(EVERY["geometry"], "nature")
    with pytest.raises(ValueError, match="file name"):
        plots.save(EVERY["geometry"], ".", "../x")


def test_palettes_are_those_of_the_house():
    assert theme.colours(7) == theme.OKABE_ITO and len(set(theme.colours(9))) == 9
    looks = list(zip(theme.colours(12), theme.shapes(12), strict=True))
    assert len(set(looks)) == 12
    assert images.images(plots.picture(EVERY["geometry"]), {}, kinds=("png",))["png"][:4] == b"\x89PNG"


def test_no_species_is_dropped_in_silence():
    r = results.orthogonality(np.random.default_rng(4))
    inside = np.array(r.inside)
    inside[:3] = [7.0, -4.0, np.nan]
    object.__setattr__(r, "inside", inside)
    picture = plots.picture(r)
    dots = [x for x in picture.panels[0].marks if isinstance(x, m.Dots)]
    assert sum(len(d.x) for d in dots) == len(inside) - 1
    far = [d for d in dots if d.key == "lies beyond"]
    assert {d.shape for d in far} == {"triangle-left", "triangle-right"}
    assert any("\u2212600\u00a0% outside" in text for d in far for text in d.label)
    assert "1 species without a measurable difference" in picture.foot


def test_draws_of_chance_beyond_the_frame_are_counted():
    rng = np.random.default_rng(4)
    null = np.concatenate([rng.normal(0, 1, 997), [-400.0, 300.0, 500.0]])
    low, high, out = chance.core(null)
    assert -5 < low < -2 < 2 < high < 5 and out == 10 and chance.core(null[:997])[2] == 0
    panel = chance.chance_panel(results.evidence(rng, 1.0, 0.5, null=null), "slope")
    assert "10 of 1000 draws lie beyond" in panel.x.label and panel.x.range[1] < 10


def test_numbers_take_the_places_that_their_interval_allows():
    e = results.evidence(np.random.default_rng(4), 0.00070, interval=(-0.02859, 0.03109))
    assert chance.told(e) == "0.001"
    assert "(−0.029 to 0.031)" in chance.foot(e)


def test_a_result_is_drawn_on_a_figure_of_the_caller():
    from matplotlib.figure import Figure

    own = Figure(figsize=(5, 4))
    assert plots.draw_on(own, EVERY["geometry"]) is own
    assert own.get_size_inches().tolist() == [5, 4] and sum(len(sub.axes) for sub in own.subfigs) == 5


def test_user_text_that_looks_like_the_template_stays_text():
    from embedlab.plots import page

    whole = page.shell("@@BODY@@", "<p>@@CODE@@ @@DATA@@</p>", blocks="@@NAV@@", scripts=())
    assert "<title>@@BODY@@</title>" in whole and "<p>@@CODE@@ @@DATA@@</p>" in whole
    assert whole.count("<body>") == 1 and whole.count("@@NAV@@") == 1


@pytest.mark.parametrize("span", [0.04, 0.1, 0.14, 0.15, 0.17, 0.3, 0.9])
def test_ticks_of_shares_stand_where_they_say(span):
    panel = m.Panel(marks=(m.Rule(at=0.0),), x=m.Axis(label="share", percent=True, range=(-0.01, span)), height=30)
    picture = m.Picture(title="t", panels=(panel,), foot="n = 1", caption="c", alt="a")
    figure = paper.figure(picture)
    figure.canvas.draw()
    axis = figure.axes[0].xaxis
    told = [t.get_text().replace("−", "-").rstrip("%").strip() for t in axis.get_ticklabels()]
    np.testing.assert_allclose([float(t) / 100 for t in told], axis.get_ticklocs(), atol=1e-9)
