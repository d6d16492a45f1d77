import polars as pl
import pytest

from embedlab.data import RANKS, JoinReport, Taxonomy
from embedlab.data.report import few


def test_rows_that_disagree_leave_a_rank_empty_and_say_so():
    rows = pl.DataFrame(
        {
            "species": ["Parus major", "Parus major", "Ficus alba", None],
            "family": ["Paridae", "Corvidae", "Moraceae", "Paridae"],
            "kingdom": ["Animalia", None, "Plantae", None],
        }
    )
    taxonomy = Taxonomy.from_rows(rows)
    assert taxonomy.rows.select("species", "family", "genus", "kingdom").rows() == [
        ("Parus major", None, "Parus", "Animalia"),
        ("Ficus alba", "Moraceae", "Ficus", "Plantae"),
    ]
    assert "'Parus major' have more than one family: it is left empty" in str(taxonomy.report)
    assert "1 rows (no species)" in str(taxonomy.report)
    assert taxonomy.rows.columns == list(RANKS)


def test_a_genus_name_shared_by_two_kingdoms_makes_no_kin():
    rows = {
        "species": ["Ficus variegata", "Ficus alba"],
        "genus": ["Ficus", "Ficus"],
        "kingdom": ["Animalia", "Plantae"],
    }
    assert Taxonomy(rows).first_shared_rank()[0, 1] == 7


def test_nothing_known_in_common_is_told_apart_from_nothing_shared():
    rows = {"species": ["Aus bus", "Cus dus", "Eus fus"], "family": ["Aidae", None, "Eidae"]}
    ranks = Taxonomy(rows).first_shared_rank(["Eus fus", "Aus bus", "Cus dus"])
    assert ranks.tolist() == [[0, 7, 7], [7, 0, 7], [7, 7, 0]]
    with pytest.raises(KeyError, match="no species 'Aus buss'; closest: 'Aus bus'"):
        Taxonomy(rows).first_shared_rank(["Aus buss"])


def test_a_species_twice_is_refused():
    with pytest.raises(ValueError, match="'Aus bus' stand more than once"):
        Taxonomy({"species": ["Aus bus", "Aus bus"]})
    with pytest.raises(ValueError, match="no column 'species'; closest: 'specie'"):
        Taxonomy.from_rows(pl.DataFrame({"specie": ["x"]}))


def test_reports_show_five_and_count_the_rest():
    assert few("abcdefg") == "'a', 'b', 'c', 'd', 'e' and 2 more"
    report = JoinReport(what="traits", asked=9, matched=2, missing=list("abcdefg"))
    assert str(report) == f"traits: 2 of 9 matched; not found: {few('abcdefg')}"
