"""Published-size check on 1,030 real BioCLIP 2 vectors: numbers measured elsewhere come out of public measures.

± 1 in the last printed digit, as they were printed.
"""

import numpy as np
import pytest
from scipy.stats import spearmanr

from embedlab.data import RANKS, Taxonomy
from embedlab.io.imports import import_file
from embedlab.io.store import open_store
from embedlab.measures.geometry import geometry
from embedlab.measures.neighbours import neighbour_agreement

_opened = {}


@pytest.fixture
def bioclip(shared, tmp_path_factory):
    path = shared("data/bioclip2_example_1k.parquet")
    if path not in _opened:
        out = tmp_path_factory.mktemp("bioclip") / "store"
        facts = import_file(path, out)
        assert (facts["rows"], facts["dim"], facts["normalised"]) == (1030, 768, False)
        _opened[path] = open_store(out)
    return _opened[path]


def printed(value, text):
    """`value` is within one unit of the last digit of `text`."""
    digits = len(text.split(".")[1]) if "." in text else 0
    return abs(value - float(text)) <= 1.0000001 * 10**-digits


def test_lengths_and_shape(bioclip):
    found = geometry(bioclip)
    wanted = {
        "norm_min": "36.2", "norm_low": "41.6", "norm_median": "47.4", "norm_high": "61.4", "norm_max": "69.9",
        "mean_cosine": ".5924", "sd_cosine": ".0836", "mean_norm": ".7699", "effective_rank": "159.2",
        "participation_ratio": "70.1", "top2": ".110",
    }  # fmt: skip
    off = {name: getattr(found, name) for name, text in wanted.items() if not printed(getattr(found, name), text)}
    assert not off


def test_who_is_there(bioclip):
    assert bioclip.column("image_id").n_unique() == 1030
    assert len(np.unique(bioclip.float64(), axis=0)) == 1030
    source = bioclip.column("source")
    assert source.null_count() == 121
    assert source.drop_nulls().str.to_lowercase().value_counts().rows() == [("gbif", 909)]
    assert bioclip.known(*RANKS).n == 829


def test_nearest_neighbours_rank_by_rank(bioclip):
    found = neighbour_agreement(bioclip, RANKS, other=None, permutations=1, rng=0)
    wanted = {
        "kingdom": (".892", ".447"), "phylum": (".851", ".324"), "class": (".744", ".211"),
        "order": (".459", ".032"), "family": (".306", ".010"),
    }  # fmt: skip
    for rank, (agreement, chance) in wanted.items():
        i = found.ranks.index(rank)
        assert printed(found.agreement[i], agreement) and printed(found.chance[i], chance), rank
    for column, (agreement, chance) in {"img_type": (".866", ".572"), "basis_of_record": (".881", ".588")}.items():
        alone = neighbour_agreement(bioclip, (column,), other=None, permutations=1, rng=0)
        assert printed(alone.agreement[0], agreement) and printed(alone.chance[0], chance), column


def test_nearest_neighbours_where_the_name_occurs_twice(bioclip):
    found = neighbour_agreement(bioclip, ("family", "genus", "species"), other=None, permutations=1, rng=0)
    assert found.possible.tolist() == [691, 264, 115]
    for value, text in zip(found.where_possible, (".398", ".538", ".809"), strict=True):
        assert printed(value, text)


def test_the_further_apart_in_rank_the_further_in_the_space(bioclip):
    """By order and sign only: the published digits come from one random draw of 60,000 pairs."""
    emb = bioclip.known("species")
    x = emb.unit().float64()
    distance = 1 - x @ x.T
    taxonomy = Taxonomy.from_rows(emb.rows)
    of = np.array([taxonomy.names.index(name) for name in emb.column("species")])
    apart = taxonomy.first_shared_rank()[np.ix_(of, of)]
    upper = np.triu_indices(emb.n, 1)
    apart, distance = apart[upper], distance[upper]
    known = apart >= 0
    means = [distance[apart == rank].mean() for rank in range(8)]
    assert (np.diff(means) > 0).all()
    assert spearmanr(apart[known], distance[known])[0] > 0


def test_crowding_of_real_vectors_is_their_mean(bioclip):
    """What a common direction brings leaves with the mean; few dimensions and hubs are there whatever the view."""
    found = geometry(bioclip, rng=0)
    by = {name: dict(zip(found.views, values, strict=True)) for name, values in found.across.items()}
    assert printed(by["mean cosine"]["unit"], ".592")
    assert abs(by["mean cosine"]["centred unit"]) < 0.002
    dimension = by["dimension"]
    # a Gaussian cloud of this spectrum has 57
    assert all(14 < dimension[view] < 20 < found.chance["dimension"][i] for i, view in enumerate(found.views))
    assert all(by["hubness"][view] > 0.5 for view in ("raw", "unit", "centred unit"))
