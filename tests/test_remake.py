"""`make figures`: every analysis asked of the demo's stores, a folder each, and one page over all of them."""

import hashlib
import json
import re

import numpy as np
import polars as pl
import pytest

from embedlab.data.synthetic import random_tree
from embedlab.remake import by_scale, class_of, remake
from tests.stores import write_store
from tests.test_study import birds

ASKED = ("agreement", "separation", "objectives")
FAST = {name: {"permutations": "49"} for name in ASKED}


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A folder of figures with a demo of three tiny stores, and what could not be asked of them."""
    folder = tmp_path_factory.mktemp("figures")
    tree = random_tree(np.random.default_rng(0), 8)
    for i, name in enumerate(("64x8-seed0", "128x16-seed0", "pixel-pca")):
        x, rows, size = birds(np.random.default_rng(1), tree, apart=0.4 * (i + 1))
        training = {"training": {"images": 500 * 4**i, "seed": 0}} if name[0].isdigit() else {}
        write_store(folder / "demo" / "stores" / name, x, rows, **training)
    (folder / "demo" / "world").mkdir()
    pl.DataFrame({"species": tree.names, "size": size}).write_csv(folder / "demo" / "world" / "traits.csv")
    (folder / "demo" / "world" / "tree.nwk").write_text(tree.newick())
    return folder, remake(folder, only=ASKED, **FAST)


def test_what_can_be_asked_is_drawn_and_what_cannot_is_named_with_its_reason(figures):
    folder, unasked = figures
    assert set(unasked) == {"objectives"} and unasked["objectives"]
    drawn = {p.parent.name for p in folder.glob("*/outcome.json")}
    assert drawn == {"agreement", "separation"}
    for name in drawn:
        for svg in (folder / name).glob("*.svg"):
            kinds = {p.suffix for p in (folder / name).glob(f"{svg.stem}.*")}
            assert kinds == {".svg", ".pdf", ".png", ".html", ".csv"}


def test_every_file_carries_the_digest_of_the_cards_it_came_from(figures):
    folder, _ = figures
    files = [p for name in ("agreement", "separation") for p in (folder / name).iterdir()]
    assert len(files) >= 12
    for path in files:
        facts = json.loads((path.parent / "outcome.json").read_text())
        digest = hashlib.sha256(json.dumps(facts["stores"], sort_keys=True).encode()).hexdigest()[:16]
        keys = [s["key"] for s in facts["stores"]]
        said = path.read_bytes()
        assert digest.encode() in said or all(k.encode() in said for k in keys), f"{path.name} does not say whence"


def test_the_page_links_every_picture_and_the_command_asks_it_again(figures):
    folder, _ = figures
    page = (folder / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page)) - {"data:,", "#main"}
    assert {p for p in links if not (folder / p).is_file()} == set()
    assert {p.relative_to(folder).as_posix() for p in folder.glob("*/*.svg")} <= links
    command = json.loads((folder / "agreement" / "outcome.json").read_text())["command"]
    assert command.startswith("embedlab run agreement --store ") and "128x16" in command and "pixel" not in command


def test_stores_stand_in_the_order_of_their_scale(figures, tmp_path):
    folder, _ = figures
    assert [p.name for p in by_scale(folder / "demo" / "stores")] == ["64x8-seed0", "128x16-seed0", "pixel-pca"]
    with pytest.raises(ValueError, match="make demo"):
        remake(tmp_path)


def test_beaks_are_asked_of_the_class_that_is_drawn_with_beaks(tmp_path):
    pl.DataFrame({"species": ["A a", "B b", "C c"], "body_plan": ["bird", "bird", "fish"]}).write_csv(
        tmp_path / "traits.csv"
    )
    assert class_of(tmp_path, "bird") == "", "no photographs, no class"
    rows = pl.DataFrame({"species": ["A a", "C c", "A a", "B b"], "class": ["Aves", "Pisces", "Aves", "Aves"]})
    rows.write_csv(tmp_path / "manifest.csv")
    assert (class_of(tmp_path, "bird"), class_of(tmp_path, "moth")) == ("Aves", "")
