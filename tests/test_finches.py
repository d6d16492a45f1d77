"""The question of the finches, from a store with photographs to figures; and what it refuses."""

import json

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.io.photographs import photographs
from embedlab.io.store import StoreWriter, open_store
from embedlab.lab import Lab
from embedlab.study import load_analysis, run_analysis

FAST = {"permutations": "99"}


@pytest.fixture(scope="module")
def genus(tmp_path_factory):
    """A store of one genus of 14 finches and one of 3, whose `beak_depth` is planted and whose tiles tell the row."""
    folder = tmp_path_factory.mktemp("finches")
    rng = np.random.default_rng(24)
    tree = random_tree(rng, 17)
    depth = brownian_traits(rng, tree)[:, 0]
    emb = traits_in_space(rng, tree, depth, share=0.4, per_species=6)
    of = ["Alpha" if tree.names.index(s) < 14 else "Beta" for s in emb.column("species")]
    rows = emb.rows.with_columns(pl.Series("genus", of), pl.Series("order", ["Aves"] * emb.n))
    facts = {"model": "planted", "seed": "finches"}
    tiles = np.repeat(np.arange(emb.n, dtype=np.uint8) * 2, 64 * 64 * 3).reshape(-1, 64, 64, 3)
    with StoreWriter(folder / "store", facts=facts, card={}, plan=rows, dim=emb.d, dtype="float32") as writer:
        for part in writer.pending:
            start, stop = writer.span(part)
            writer.write_part(part, emb.x[start:stop], np.ones(stop - start, bool), thumbs=tiles[start:stop])
        writer.finish()
    noise = rng.normal(size=17)
    pl.DataFrame(
        {"species": tree.names, "body_size": noise, "beak_length": rng.permutation(depth), "beak_depth": depth}
    ).write_csv(folder / "traits.csv")
    (folder / "tree.nwk").write_text(tree.newick())
    return folder


def run(genus, out=None, **settings):
    return run_analysis("finches", stores=[genus / "store"], traits=genus / "traits.csv", tree=genus / "tree.nwk",
                        settings={**FAST, **settings}, out=out)  # fmt: skip


def test_the_planted_beak_is_found_in_its_genus_and_drawn_with_photographs(genus, tmp_path):
    found = run(genus, out=tmp_path / "out")
    assert [c.id for c in found.claims] == ["axis-beak-depth", "axis-beak-length"]
    depth, length = (found.evidence[f"axis-{k}"] for k in ("beak-depth", "beak-length"))
    assert depth.n == 14 and depth.p_more <= 0.05 and depth.estimate > 0.8 and length.p_more > 0.05
    assert any("asked of the genus Alpha: 14 species, 84 of 102 images" in note for note in found.notes)
    assert any(note.startswith("beak_depth beyond body_size: r = ") for note in found.notes)
    shown = found.results["beak-depth"]
    assert set(shown.photographs) == set(shown.species)
    named = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"beak-depth.svg", "beak-depth.html", "beak-length.pdf", "outcome.json"} <= named
    assert "data:image/png;base64" in (tmp_path / "out" / "beak-depth.html").read_text()
    said = json.loads((tmp_path / "out" / "outcome.json").read_text())
    assert [c["n"] for c in said["claims"]] == [14, 14]


def test_a_photograph_is_that_of_its_image(genus):
    from io import BytesIO

    from PIL import Image

    store = open_store(genus / "store")
    ids = store.column("image_id").to_list()
    got = photographs(store, [ids[7], ids[90], "no such image"])
    assert list(got) == [ids[7], ids[90]]
    for name, row in ((ids[7], 7), (ids[90], 90)):
        with Image.open(BytesIO(got[name])) as opened:
            assert abs(int(np.asarray(opened.convert("RGB")).mean()) - 2 * row) <= 2
    assert photographs(store.take([0, 1]), ids) == {}, "a selection does not know its rows in the store"
    assert photographs(Embeddings(np.eye(2), {"image_id": ["a", "b"]}), ["a"]) == {}


def test_a_clade_and_covariates_can_be_named(genus):
    found = run(genus, clade="Aves", traits="beak_depth", covariates="body_size")
    assert found.evidence["axis-beak-depth"].n == 17
    assert found.results["beak-depth"].covariates == ("body_size",)
    assert found.claims[0].says == (
        "Among Aves, species that were left out stand on the direction of beak_depth where their trait says."
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"clade": "Gamma"}, "clade='Gamma': no genus, order of the store is called that"),
        ({"clade": "Beta"}, "3 species have a vector, a value and a tip in the tree; at least 8"),
        ({"hold_out": "family"}, "hold_out='family': the rows do not tell it of every species"),
    ],
)
def test_refusals_name_the_culprit(genus, settings, said):
    with pytest.raises(ValueError, match=said):
        run(genus, **settings)


def test_tables_without_beaks_and_small_genera_are_not_asked(genus):
    module = load_analysis("finches")
    store = open_store(genus / "store")

    class Table:
        names = ("Mass", "Wing.Length")

    with pytest.raises(ValueError, match="no trait of the table speaks of a beak or bill"):
        module.asked(Lab(name="finches", stores=[store], traits=Table()))
    few = store.where(genus="Beta")
    with pytest.raises(ValueError, match="the largest genus, Beta, has 3 species in the store; at least 8"):
        module.clade(Lab(name="finches", stores=[few]))
    with pytest.raises(ValueError, match="needs traits: pass --traits"):
        module.asked(Lab(name="finches", stores=[store]))
