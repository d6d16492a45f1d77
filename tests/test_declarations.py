"""What was declared is confirmed or not, to the last part; all else is stamped, and nobody is forbidden to explore."""

import json

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim
from embedlab.declarations import Specification, declare, read, standing
from embedlab.study import declare_analysis, report_stores, run_analysis
from tests.stores import write_store

FAST = {"permutations": "49"}


def spec(**changes):
    claim = Claim(id="a", says="It is so.", source="-", at_least=0.1)
    return Specification(**{"analysis": "x", "code": "c0de", "version": "1", "claim": claim, **changes})


def test_every_part_of_a_specification_stands_in_its_hash():
    other = Claim(id="a", says="It is so.", source="-", at_least=0.2)
    by_null = Claim(id="a", says="It is so.", source="-", at_least=0.1, null="shuffled")
    changes = ({"analysis": "y"}, {"code": "d0de"}, {"version": "2"}, {"claim": other}, {"claim": by_null},
               {"settings": {"axes": 5}}, {"seed": 1}, {"x": "images"})  # fmt: skip
    hashes = {spec(**change).hash for change in changes}
    assert len(hashes) == len(changes) and spec().hash not in hashes and spec().hash == spec().hash


def test_a_declaration_grows_and_is_never_changed(tmp_path):
    path = tmp_path / "declared.json"
    first = declare([spec()], path)["declared"]
    assert declare([spec()], path)["declared"] == first  # once more: the same, with the first date
    assert len(declare([spec(analysis="y")], path)["declared"]) == 2
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"was declared on .*; this differs in seed, settings.axes. A declaration"):
        declare([spec(seed=3, settings={"axes": 8})], path)
    assert path.read_bytes() == before


def test_a_declaration_that_was_tampered_with_is_refused(tmp_path):
    path = tmp_path / "declared.json"
    declare([spec()], path)
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(ValueError, match="does not match its hash .*: it was changed"):
        read(path)
    with pytest.raises(FileNotFoundError, match="there is no declaration .*none.json: write the claims down first"):
        read(tmp_path / "none.json")
    for text in ("[]", "{}", "no json", '{"declared": [{"hash": 1}]}'):
        path.write_text(text)
        with pytest.raises(ValueError, match="is no declaration: make one with"):
            read(path)


def test_what_stands_where(tmp_path):
    held = declare([spec()], tmp_path / "d.json")
    assert not standing(spec(), held, shipped=False).exploratory
    assert standing(spec(), held, shipped=False).words.endswith(", and run as declared")
    changed = standing(spec(seed=4), held, shipped=True)
    assert changed.exploratory and changed.words.endswith("and differs in seed")
    assert standing(spec(analysis="z"), held, shipped=True).words == "not in the declaration"
    assert standing(spec(), None, shipped=False).exploratory
    assert not standing(spec(), None, shipped=True).exploratory
    set_by_hand = standing(spec(settings={"axes": 8}), None, shipped=True)
    assert set_by_hand.exploratory and "--set axes differs" in set_by_hand.words
    assert not standing(spec(settings={"axes": 8}), None, shipped=True, fixed_by="the demo").exploratory


@pytest.fixture
def store(tmp_path, rng):
    x = rng.normal(size=(96, 8)).astype(np.float32)
    rows = {"image_id": [str(i) for i in range(96)], "species": [f"Ara s{i // 16}" for i in range(96)],
            "sex": [("female", "male")[i % 2] for i in range(96)]}  # fmt: skip
    return write_store(tmp_path / "s", x, pl.DataFrame(rows))


def stamps(outcome):
    return [(c["exploratory"], c["declared"].split(" on ")[0]) for c in outcome["claims"]]


def test_declared_first_and_run_later(tmp_path, store):
    path = tmp_path / "declared.json"
    held = declare_analysis("separation", path, stores=[store], settings=FAST, seed=5)
    assert [e["specification"]["claim"]["id"] for e in held["declared"]] == ["sexes-stand-apart"]
    found = run_analysis("separation", stores=[store], settings=FAST, seed=5, declaration=path).to_dict()
    assert stamps(found) == [(False, "declared")]
    assert found["claims"][0]["hash"] == held["declared"][0]["hash"]
    assert json.dumps(found["claims"][0]["specification"])
    other = run_analysis("separation", stores=[store], settings=FAST, seed=6, declaration=path).to_dict()
    assert other["claims"][0]["exploratory"] and "differs in seed" in other["claims"][0]["declared"]


def test_undeclared_settings_explore_and_the_page_says_so(tmp_path, store):
    as_shipped = report_stores([store], tmp_path / "a.html")["outcome"]
    assert not any(c["exploratory"] for o in as_shipped for c in o["claims"])
    assert 'data-el="exploratory"' not in (tmp_path / "a.html").read_text()
    changed = report_stores([store], tmp_path / "b.html", settings={"separation": FAST})["outcome"]
    said = {o["analysis"]: [c["exploratory"] for c in o["claims"]] for o in changed}
    assert said["separation"] == [True] and not any(said["orthogonality"])
    assert (tmp_path / "b.html").read_text().count('data-el="exploratory"') == 1
