"""Names become captions as BioCLIP read them; rows without a name and repeated ones are listed."""

import polars as pl
import pytest

from embedlab.extract.texts import captions_of, read_captions


def test_a_taxonomic_table_gives_taxonomic_captions():
    table = pl.DataFrame(
        {
            "Kingdom": ["Animalia", "Animalia", None],
            "class": ["Aves", None, " "],
            "genus": ["Turdus", "Parus", None],
            "species": ["Turdus merula", "major", None],
            "common_name": ["Blackbird", None, None],
            "mass_g": [100.0, 18.0, None],
        }
    )
    made = captions_of(table, "birds.csv")
    assert made.rows["image_id"].to_list() == ["Turdus merula", "Parus major"]
    assert made.rows["caption"].to_list() == [
        "a photo of Animalia Aves Turdus merula with common name Blackbird.",
        "a photo of Animalia Parus major.",
    ]
    assert made.rows["mass_g"].to_list() == [100.0, 18.0]
    assert made.bad == [("birds.csv row 3", "missing", "no name in this row")]
    assert made.card["kind"] == "taxon_com" and made.card["template"] == "a photo of {}."
    assert made.card["ranks"] == ["kingdom", "class", "genus", "species"]


def test_plain_names_are_said_as_they_stand(tmp_path):
    (tmp_path / "names.csv").write_text("label\nMONARCH\nPEACOCK\nMONARCH\n")
    made = read_captions(tmp_path / "names.csv")
    assert made.rows["caption"].to_list() == ["a photo of MONARCH.", "a photo of PEACOCK."]
    assert made.duplicates == [("names.csv row 3: MONARCH", "MONARCH", "")]
    assert made.card["kind"] == "name" and made.card["ranks"] == []
    (tmp_path / "names.txt").write_text("male bird\nfemale bird\n")
    assert read_captions(tmp_path / "names.txt").rows["image_id"].to_list() == ["male bird", "female bird"]


def test_a_species_column_alone_is_a_name():
    made = captions_of(pl.DataFrame({"species": ["Parus major"], "genus_size": [4]}), "x")
    assert made.rows["caption"].to_list() == ["a photo of Parus major."] and made.card["kind"] == "name"


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match=r"no column of names. Columns: a, b. Call one of them 'name'"):
        captions_of(pl.DataFrame({"a": [1], "b": [2]}), "x.csv")
    with pytest.raises(ValueError, match="holds no name in 1 rows"):
        captions_of(pl.DataFrame({"name": [None]}, schema={"name": pl.String}), "x.csv")
    with pytest.raises(FileNotFoundError, match="no such table of names"):
        read_captions(tmp_path / "none.csv")
