"""The analysis of stages from stores on disk: what moves outside is found, what stays is not, one space is refused."""

import numpy as np
import polars as pl
import pytest

from embedlab.data.synthetic import dimorphic_birds
from embedlab.study import run_analysis, write_outcome
from tests.stores import write_store

FAST = {"permutations": 49}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Stores of the same birds in which the sexes leave the span, and others in which they stay."""
    folder, stores = tmp_path_factory.mktemp("stages"), {}
    for name, ends in {"moves": (0.2, 0.6, 0.95), "stays": (0.5, 0.5, 0.5)}.items():
        for i, outside in enumerate(ends):
            emb = dimorphic_birds(np.random.default_rng(4), species=12, per_cell=8, d=32, outside=outside, noise=0.4)
            x = emb.x + 0.05 * np.random.default_rng(i).normal(size=emb.x.shape).astype(np.float32)
            rows = emb.rows.select(pl.all())
            training = {"images_seen": 10 ** (3 + i), "seed": 0}
            stores.setdefault(name, []).append(write_store(folder / f"{name}{i}", x, rows, training=training))
    return stores


def asked(stores, **settings):
    return run_analysis("stages", stores=stores, x="images_seen", settings={**FAST, "axes": 11, **settings})


def test_what_leaves_the_span_is_found_and_what_stays_is_not(series, tmp_path):
    moves, stays = asked(series["moves"]), asked(series["stays"])
    (moved,), (stayed,) = moves.verdicts, stays.verdicts
    assert moved.claim.id == "sex-moves-outside" and moved.word == "supported"
    assert moved.numbers["estimate"] == pytest.approx(0.75, abs=0.15)
    assert stayed.word in ("not supported", "too small to matter") and abs(stayed.numbers["estimate"]) < 0.1
    assert set(moves.results) == {"sex_places", "sex_scene"}
    names = [p.name for p in moves.results["sex_places"].spaces]
    assert names == ["1,000 images seen", "10,000 images seen", "100,000 images seen"]
    assert {p.suffix for p in write_outcome(moves, tmp_path)} == {".svg", ".pdf", ".png", ".html", ".csv", ".json"}


def test_one_store_of_a_place_is_shown_and_said(series):
    found = asked([*series["moves"], series["stays"][0]])
    assert any("one store is shown of each images_seen" in note for note in found.notes)
    assert len(found.results["sex_places"].spaces) == 3


def test_one_space_moves_nowhere(series):
    with pytest.raises(ValueError, match="needs two stores or more.*el.contrast_places"):
        asked(series["moves"][:1])
