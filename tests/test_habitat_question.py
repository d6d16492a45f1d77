"""The analysis of habitats from stores on disk: planted, empty, without a tree, and under another name."""

import polars as pl
import pytest

from embedlab.study import run_analysis, write_outcome
from tests.plots.results_habitat import world
from tests.stores import write_store


def asked(folder, share, *, tree=True, species=40, **settings):
    emb, trait, phylogeny = world(share, species)
    store = folder / f"store{share}"
    if not store.exists():
        write_store(store, emb.x, emb.rows)
    pl.DataFrame({"species": trait.species, "habitat": trait.values}).write_csv(folder / "traits.csv")
    (folder / "tree.nwk").write_text(phylogeny.newick())
    return run_analysis(
        "habitat", stores=[store], traits=folder / "traits.csv", tree=folder / "tree.nwk" if tree else None, seed=3,
        settings={"permutations": 99, **settings},
    )  # fmt: skip


def test_a_planted_habitat_is_supported_and_drawn(tmp_path):
    found = asked(tmp_path, 0.3, species=80)
    assert [v.word for v in found.verdicts] == ["supported", "supported"]
    assert len(write_outcome(found, tmp_path / "out")) == 6


def test_without_a_habitat_nothing_is_supported(tmp_path):
    words = [v.word for v in asked(tmp_path, 0.0).verdicts]
    assert "supported" not in words and "contradicted" not in words


def test_ranks_cannot_tell_and_other_names_are_offered(tmp_path):
    found = asked(tmp_path, 0.3, tree=False)
    assert found.verdicts[0].word == "cannot tell" and "stand in for a tree" in found.verdicts[0].reason
    with pytest.raises(ValueError, match="no trait and no column 'habitats'; closest is 'habitat'"):
        asked(tmp_path, 0.3, trait="habitats")
