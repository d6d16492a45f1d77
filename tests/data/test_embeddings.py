import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data import Embeddings, Traits

ROWS = pl.DataFrame(
    {
        "image_id": ["i1", "i2", "i3", "i4", "i5"],
        "species": ["Parus major", "Parus major", "Ardea alba", None, "Ardea alba"],
        "sex": ["male", "female", None, "male", "male"],
    }
)
X = np.array([[3, 4], [1, 0], [0, 2], [5, 12], [0, 4]], dtype=np.float32)
BIRDS = Embeddings(X, ROWS, {"norm": "raw", "model": "toy"})


def test_it_says_what_it_holds():
    assert repr(BIRDS) == "toy · 5 × 2 · raw · 2 species · sex known for 80 %"
    assert (BIRDS.n, BIRDS.d, len(BIRDS)) == (5, 2, 5)


def test_vectors_cannot_be_written_and_the_card_is_a_copy():
    with pytest.raises(ValueError, match="read-only"):
        BIRDS.x[0, 0] = 9
    card = {"norm": "raw"}
    held = Embeddings(X, ROWS, card)
    card["norm"] = "unit"
    assert held.card["norm"] == "raw"
    assert X.flags.writeable  # the caller's own array is left as it was


def test_taking_and_choosing_keep_rows_beside_their_vectors():
    some = BIRDS.take([4, 0, 0][:2])
    assert some.rows["image_id"].to_list() == ["i5", "i1"] and some.x.tolist() == [[0, 4], [3, 4]]
    assert BIRDS.take([-1]).rows["image_id"].to_list() == ["i5"]
    assert BIRDS.where(sex="male", species="Ardea alba").rows["image_id"].to_list() == ["i5"]
    assert BIRDS.where(sex=["female", None]).rows["image_id"].to_list() == ["i2", "i3"]
    assert BIRDS.known("sex", "species").rows["image_id"].to_list() == ["i1", "i2", "i5"]
    assert some.card == BIRDS.card


def test_missing_is_no_group():
    codes, levels = BIRDS.codes("species")
    assert codes.tolist() == [1, 1, 0, -1, 0] and levels == ["Ardea alba", "Parus major"]
    groups = BIRDS.per_species()
    assert groups.names == levels and groups.counts.tolist() == [2, 2]
    assert groups.means.tolist() == [[0, 3], [2, 2]]
    # (0,2),(0,4): squared distances 1 + 1 over n - 1 = 2;  (3,4),(1,0): 5 + 5
    assert groups.within.tolist() == [2, 10]
    alone = BIRDS.take([0, 2, 3]).per_species()
    assert np.isnan(alone.within).all()


def test_unit_is_a_new_object_that_says_so():
    unit = BIRDS.unit()
    np.testing.assert_allclose(np.linalg.norm(unit.float64(), axis=1), 1, rtol=1e-7)  # float32 storage
    assert unit.card["norm"] == "unit" and BIRDS.card["norm"] == "raw"
    with pytest.raises(ValueError, match=r"length zero.*'i2'"):
        Embeddings(np.array([[1.0, 0], [0, 0]]), ROWS[:2]).unit()


def test_it_can_travel_to_another_process_and_live_on_disk(tmp_path):
    again = pickle.loads(pickle.dumps(BIRDS))
    assert again.rows.equals(BIRDS.rows) and np.array_equal(again.x, BIRDS.x)
    np.save(tmp_path / "x.npy", X.astype(np.float16))
    mapped = Embeddings(np.load(tmp_path / "x.npy", mmap_mode="r"), ROWS)
    assert isinstance(mapped.x, np.memmap) and mapped.x.dtype == np.float16
    assert mapped.take([3]).float64().tolist() == [[5, 12]]
    assert mapped.unit().x.dtype == np.float32


@pytest.mark.parametrize(
    ("x", "rows", "words"),
    [
        (np.ones((2, 5), dtype=np.float32), ROWS, "2 vectors but 5 rows .*transposed"),
        (X[:4], ROWS, "4 vectors but 5 rows"),
        (X, ROWS.rename({"image_id": "imageid"}), "no column 'image_id'; closest: 'imageid'"),
        (X, ROWS.select("species"), "no column 'image_id'; there is 'species', or give any text that names"),
        (X, ROWS.with_columns(image_id=pl.Series(["a", "a", "b", "c", "d"])), "'a' stand more than once"),
        (X, ROWS.with_columns(image_id=pl.Series(["a", None, "b", "c", "d"])), "missing in rows 1"),
        (np.where(X == 12, np.nan, X), ROWS, "not finite: 'i4'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(x, rows, words):
    with pytest.raises(ValueError, match=words):
        Embeddings(x, rows)


def test_refusals_of_columns_and_positions_help():
    with pytest.raises(KeyError, match="closest: 'species'"):
        BIRDS.column("Specis")
    with pytest.raises(ValueError, match="position 7 lies outside 5 rows"):
        BIRDS.take([1, 7])
    with pytest.raises(TypeError, match="holds text"):
        BIRDS.where(sex=1)
    with pytest.raises(TypeError, match="whole numbers or a mask"):
        BIRDS.take([0.5])


def test_a_value_that_stands_nowhere_is_refused_with_the_nearest():
    """An empty selection would be told as "needs at least 5 species", far from the slip."""
    seen = "column 'species' holds no 'Parus maior', among 2 distinct values; closest: 'Parus major'. Spell it so"
    with pytest.raises(ValueError, match=seen):
        BIRDS.where(species="Parus maior")
    with pytest.raises(ValueError, match="holds no 'Parus maior'"):
        BIRDS.where(sex="male", species=["Ardea alba", "Parus maior", None])  # half a selection would be as silent
    with pytest.raises(ValueError, match="holds no 'x'.*it holds 'female', 'male'. Spell it so, or leave it out"):
        BIRDS.where(sex="x")
    of_years = Embeddings(X, ROWS.with_columns(year=pl.Series([2020, 2020, 2021, None, 2022])))
    with pytest.raises(ValueError, match="'year' holds no 1999, among 3 distinct values; it holds 2020, 2021, 2022"):
        of_years.where(year=[2020, 1999])
    with pytest.raises(TypeError, match="'year' is of type Int64, unlike '2020': give that type"):
        of_years.where(year="2020")
    nobody = Embeddings(X, ROWS.with_columns(sex=pl.Series([None] * 5, dtype=pl.String)))
    with pytest.raises(ValueError, match="among 0 distinct values; it holds nothing"):
        nobody.where(sex="male")


def test_values_that_are_all_there_may_still_meet_in_no_row():
    assert BIRDS.where(sex="female", species="Ardea alba").n == 0
    assert BIRDS.where(image_id=None).n == BIRDS.where(species=[]).n == 0
    measured = Embeddings(X, ROWS.with_columns(mass=pl.Series([np.nan, 0.1, 2, 2, 2])))
    assert measured.where(mass=[0.1, 0.1]).n == measured.where(mass=float("nan")).n == 1
    assert BIRDS.where(species=ROWS["species"].unique()).n == BIRDS.n


def test_among_very_many_values_the_nearest_are_looked_for_under_the_same_letters(monkeypatch):
    monkeypatch.setattr("embedlab.data.selection.MOST_COMPARED", 1)
    with pytest.raises(ValueError, match="closest: 'Parus major'"):
        BIRDS.where(species="parus maior")


def test_join_puts_facts_beside_rows_and_reports():
    table = pl.DataFrame(
        {"species": ["Ardea alba", "Pica pica", "Parus_major"], "mass": [900.0, 200.0, 18.0]}
    )
    joined, report = BIRDS.join(table)
    assert joined.rows["mass"].to_list() == [18, 18, 900, None, 900]
    assert (report.asked, report.matched, report.missing) == (2, 2, [])
    assert "1 rows have no species" in str(report)
    joined, report = BIRDS.join(table[:1])
    assert report.missing == ["Parus major"] and joined.rows["mass"].null_count() == 3
    joined, _ = BIRDS.join(Traits(table))
    assert joined.has("mass")
    ranked = Embeddings(X, ROWS.with_columns(family=pl.lit("Paridae")))
    joined, report = ranked.join(Traits(table.with_columns(family=pl.lit("Ardeidae"))))
    assert set(joined.rows["family"].to_list()) == {"Paridae"}
    assert "'family' is in both: differs in 4 rows, ours kept" in str(report)
    by_id, _ = BIRDS.join(pl.DataFrame({"image_id": ["i3"], "sharp": [True]}), on="image_id")
    assert by_id.rows["sharp"].to_list() == [None, None, True, None, None]
    nothing, report = BIRDS.join(table[:0])
    assert nothing.n == 5 and report.matched == 0


def test_join_refuses_what_would_multiply_or_contradict():
    twice = pl.DataFrame({"species": ["Parus major", "Parus major"], "mass": [18.0, 19.0]})
    with pytest.raises(ValueError, match="'Parus major' stand more than once in the table"):
        BIRDS.join(twice)
    with pytest.raises(ValueError, match="'sex' is in both and differs at 'i1'"):
        BIRDS.join(pl.DataFrame({"species": ["Parus major"], "sex": ["female"]}))
    with pytest.raises(KeyError, match="no column 'species'"):
        BIRDS.join(pl.DataFrame({"name": ["x"]}))
    with pytest.raises(TypeError, match="cannot join a dict"):
        BIRDS.join({"species": ["x"]})


NAMES = st.sampled_from(["Aus bus", "Aus cus", "Dus eus", "Fus gus", None])


@given(own=st.lists(NAMES, min_size=1, max_size=20), keys=st.lists(NAMES, unique=True, max_size=5))
def test_a_join_never_multiplies_loses_or_reorders_rows(own, keys):
    ids = [f"i{i}" for i in range(len(own))]
    rows = pl.DataFrame(
        {"image_id": ids, "species": own}, schema={"image_id": pl.String, "species": pl.String}
    )
    e = Embeddings(np.arange(len(own), dtype=float)[:, None], rows)
    table = pl.DataFrame(
        {"species": keys, "value": range(len(keys))}, schema={"species": pl.String, "value": pl.Int64}
    )
    joined, report = e.join(table)
    assert joined.rows["image_id"].to_list() == ids and np.array_equal(joined.x, e.x)
    expected = [keys.index(name) if name is not None and name in keys else None for name in own]
    assert joined.rows["value"].to_list() == expected
    assert report.matched + len(report.missing) == report.asked == len({n for n in own if n is not None})
