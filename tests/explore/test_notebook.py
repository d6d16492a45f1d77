"""The doors of a notebook: maps that know their vectors, a choice that comes back, pictures found by id."""

import base64
import html
import io
import json
import re
import sys

import numpy as np
import polars as pl
import pytest
from photos import colour_of
from PIL import Image

import embedlab as el
from embedlab.data import Embeddings
from embedlab.explore import notebook, widget
from embedlab.explore.large import project_many
from embedlab.explore.opening import maps_of, opened
from embedlab.measures.projection import Projection


@pytest.fixture(scope="module")
def space(birds):
    return el.open(birds)


@pytest.fixture(scope="module")
def view(space):
    return el.show(el.project(space, "pca", rng=0), color="sex")


def tile_colour(bundle, row):
    sheet = Image.open(io.BytesIO(base64.b64decode(bundle["sheets"][bundle["tiles"][row] // bundle["sheet"]["each"]])))
    y, x = divmod(bundle["tiles"][row] % bundle["sheet"]["each"], bundle["sheet"]["across"])
    middle = np.asarray(sheet.convert("RGB"), float)[y * 64 + 20 : y * 64 + 44, x * 64 + 20 : x * 64 + 44]
    return middle.mean(axis=(0, 1))


def test_a_map_knows_its_vectors_and_is_still_a_projection(space):
    one = el.project(space, "pca", rng=3)
    assert isinstance(one, Projection) and one.of is space and one.seed == 3 and "PCA" in str(one)
    assert el.draw(one).data  # figures take it as any other
    assert one.image_id == tuple(space.rows["image_id"])


def test_what_is_taken_from_a_store_still_finds_its_pictures(space):
    some = space.where(sex="male")
    assert some.card["folder"] == space.card["folder"]
    shown = el.gallery(some, cols=3)._repr_html_()
    ids = some.rows["image_id"].to_list()
    pictures = re.findall(r'alt="(img-\d+), [^"]*" title="[^"]*" src="data:image/webp;base64,([^"]+)"', shown)
    assert [name for name, _ in pictures] == ids and f"{len(ids)} images" in shown
    for name, content in pictures:
        middle = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"), float)[20:44, 20:44]
        assert np.abs(middle.mean(axis=(0, 1)) - colour_of(int(name[4:]))).max() < 12


def test_a_gallery_says_what_it_leaves_out_and_trusts_no_name(space):
    hostile = Embeddings(space.x[:3], {"image_id": ["a", "<b>", 'c"'], "species": ["<script>x</script>", None, "S s"]})
    shown = el.gallery(hostile, most=2, pictures={})._repr_html_()
    assert "<script" not in shown and "<b>" not in shown and "&lt;b&gt;" in shown
    assert "the first 2 of 3 images" in shown and "2 have no thumbnail" in shown
    with pytest.raises(ValueError, match=r"el\.open, or give pictures"):
        el.gallery(hostile)
    with pytest.raises(ValueError, match="at least 1"):
        el.gallery(space, cols=0)


def test_a_view_carries_tiles_facts_and_neighbours_of_the_right_images(view, space):
    bundle = view.bundle
    assert sorted(bundle["ids"]) == space.rows["image_id"].to_list() and bundle["colour"] == "sex"
    for row, image in enumerate(bundle["ids"]):
        assert np.abs(tile_colour(bundle, row) - colour_of(int(image[4:]))).max() < 12
    x = space.unit().float64()
    first = int(bundle["ids"][0][4:])
    likeness = x @ x[first]
    likeness[first] = -2
    assert bundle["ids"][bundle["neighbours"]["index"][0][0]] == f"img-{likeness.argmax():03d}"
    json.dumps(bundle, allow_nan=False)


def test_facets_are_panels_of_one_map_in_one_frame(space):
    made = el.project(space, "pca", rng=0)
    whole, split = el.show(made).bundle["maps"], el.show(made, facet="sex").bundle
    assert [m["name"] for m in split["maps"]] == ["female", "male"]
    sex = dict(zip(space.rows["image_id"], space.rows["sex"], strict=True))
    at = dict(zip(whole[0]["row"], zip(whole[0]["x"], whole[0]["y"], strict=True), strict=True))
    for one in split["maps"]:
        assert one["frame"] == [[min(whole[0][v]), max(whole[0][v])] for v in "xy"]
        assert {sex[split["ids"][row]] for row in one["row"]} == {one["name"]}
        assert [at[r] for r in one["row"]] == list(zip(one["x"], one["y"], strict=True))
    assert "4 images stand on no panel: not recorded" in split["notes"]


def test_what_cannot_be_shown_is_refused_with_a_way_out(space):
    made = el.project(space, "pca", rng=0)
    bare = Projection(**{k: v for k, v in vars(made).items() if k != "of"})
    with pytest.raises(TypeError, match=r"el\.project, or say show\(map, space="):
        el.show(bare)
    assert el.show(bare, space=space).bundle["ids"]
    with pytest.raises(KeyError, match="closest: 'sex'"):
        el.show(made, color="sx")
    with pytest.raises(KeyError, match="no column"):
        el.show(made, facet="nowhere")
    with pytest.raises(ValueError, match="panels of one map"):
        el.show([made, el.project(space, "pca", rng=1)], facet="sex")
    with pytest.raises(ValueError, match="no map"):
        el.show([])
    with pytest.raises(ValueError, match="nothing to explore"):
        el.explore([])


def test_what_is_chosen_in_the_cell_comes_back_as_embeddings(space):
    pytest.importorskip("anywidget")
    view = el.show(el.project(space, "pca", rng=0))
    assert view.selection().n == 0
    view.widget.chosen = ["img-007", "img-002"]
    picked = view.selection()
    assert picked.rows["image_id"].to_list() == ["img-002", "img-007"] and picked.card["folder"] == space.card["folder"]
    assert np.array_equal(picked.x, space.x[[2, 7]])
    view.select(space.where(sex="female"))
    assert view.widget.asked == space.where(sex="female").rows["image_id"].to_list()
    with pytest.raises(KeyError, match="not on these maps: stranger"):
        view.select(["stranger"])
    view.widget.chosen = ["stranger"]
    with pytest.raises(ValueError, match="1 of 1 chosen images"):
        view.selection()


def test_a_file_of_a_selection_is_read_too(view, space, tmp_path):
    pl.DataFrame({"image_id": ["img-004", "img-001"], "note": ["a", "b"]}).write_csv(tmp_path / "selection.csv")
    assert view.selection(tmp_path / "selection.csv").rows["image_id"].to_list() == ["img-001", "img-004"]
    # ids that look like numbers stay text
    odd = Embeddings(space.x[:3], {"image_id": ["007", "7", "1e3"]})
    (tmp_path / "odd.csv").write_text("image_id\n007\n1e3\n")
    made = el.show(el.project(odd, "pca", rng=0))
    assert made.selection(tmp_path / "odd.csv").rows["image_id"].to_list() == ["007", "1e3"]


def test_a_cell_holds_a_widget_and_a_still_image(view):
    pytest.importorskip("anywidget")
    cell = view._repr_mimebundle_()
    assert set(cell) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    with Image.open(io.BytesIO(cell["image/png"])) as still:
        shade = np.asarray(still.convert("L"), float)
        assert still.width > 300 and shade.std() > 10  # something is drawn
    assert "12 images" in cell["text/plain"]
    assert "EmbedLab.mount" in view.widget._esm and "export default" in view.widget._esm
    assert view.widget.bundle["ids"] == view.bundle["ids"]


@pytest.fixture
def without_anywidget(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget._kind.cache_clear()
    yield
    widget._kind.cache_clear()


def test_without_anywidget_a_cell_holds_the_page_in_a_frame(space, without_anywidget):
    view = el.show(el.project(space, "pca", rng=0))
    cell = view._repr_mimebundle_()
    assert set(cell) == {"text/plain", "image/png", "text/html"}
    page = html.unescape(re.search(r'srcdoc="([^"]*)"', cell["text/html"])[1])
    assert page.startswith("<!doctype html>") and '{"kind":"cell"}' in page
    with pytest.raises(ImportError, match=r"pip install 'embedlab\[notebook\]'"):
        view.selection()
    with pytest.raises(ImportError, match="takes no choice"):
        view.select(["img-001"])


def test_a_large_page_lies_beside_the_notebook_and_is_written_once(view, tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "INLINE_BYTES", 1000)
    shown = view.frame(tmp_path)
    (file,) = tmp_path.iterdir()
    assert f'src="{file.name}"' in shown and len(shown) < 600
    before = file.stat().st_mtime_ns
    assert view.frame(tmp_path) == shown and file.stat().st_mtime_ns == before
    assert view.save(tmp_path / "new" / "map.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_several_spaces_are_panels_by_name(space, birds):
    view = el.explore([birds, space], method="pca", color="species")
    assert [m["name"] for m in view.bundle["maps"]] == ["toy 1", "toy 2"]
    both, _ = maps_of([space], ["pca", "PCA", "tsne"], 0)
    assert {m.method for m in both.values()} == {"PCA", "t-SNE"}


def test_axes_and_tree_come_when_they_are_given():
    rng = np.random.default_rng(0)
    names = [f"G{i % 4} s{i}" for i in range(12)]
    x = np.repeat(rng.normal(size=(12, 6)), 4, axis=0) + 0.2 * rng.normal(size=(48, 6))
    mass = np.repeat(x[::4, 0], 4)
    space = Embeddings(x, {"image_id": [f"i{k}" for k in range(48)], "species": np.repeat(names, 4).tolist(),
                           "sex": ["male", "female"] * 24})  # fmt: skip
    few = [1.5, 2.25, 3.5] + [None] * 9
    traits = el.Traits({"species": names, "mass": mass[::4].tolist(), "guild": ["a", "b"] * 6, "few": few})
    tree = el.Tree.parse("(" + ",".join(f"({','.join(n.replace(' ', '_') + ':1' for n in names[k::4])}):1"
                                        for k in range(4)) + ");")  # fmt: skip
    made = opened([space], methods=["pca"], traits=traits, tree=tree, contrasts=True)
    assert [a["name"] for a in made.bundle["axes"]] == ["mass", "sex: female to male"]
    assert len(made.bundle["tree"]["tips"]) == 12
    assert any("few: 3 species have a vector" in note for note in made.notes)
    plain = opened([space], methods=["pca"]).bundle
    assert "axes" not in plain and "tree" not in plain and "neighbours" in plain


def test_the_axes_of_very_many_are_those_of_all_where_all_are_looked_at(space):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(300, 6)) * [5, 3, 1, 1, 1, 1] + 2
    many = Embeddings(x, {"image_id": [f"i{k}" for k in range(300)]})
    one, other = project_many(many, rng=0), el.project(many, "pca", rng=0)
    assert np.allclose(one.xy, other.xy, atol=1e-9) and one.explained == pytest.approx(other.explained)
    assert "axes found on 300 vectors" in one.caption
    with pytest.raises(ValueError, match="would take hours"):
        project_many(many, "tsne", rng=0)
