import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.names import binomial, clean_name, closest, parse_name, resolve, synonym_table


@pytest.mark.parametrize(
    ("text", "kind", "species", "subspecies"),
    [
        ("Parus major", "species", "Parus major", None),
        ("Parus_major_newtoni", "subspecies", "Parus major", "newtoni"),
        ("Parus major newtoni Prazák, 1894", "subspecies", "Parus major", "newtoni"),
        ("Rosa canina var. dumalis", "subspecies", "Rosa canina", "dumalis"),
        ("Parus major (Linnaeus, 1758)", "species", "Parus major", None),
        ("Parus sp.", "sp.", None, None),
        ("Parus cf. major", "sp.", None, None),
        ("Anas × rubripes", "hybrid", "Anas × rubripes", None),
        ("Mentha x piperita", "hybrid", "Mentha × piperita", None),
        ("Parus", "genus", "Parus", None),
        ("BLUE MORPHO", "label", "BLUE MORPHO", None),
        ("great tit", "label", "great tit", None),
        ("Polygonia c-album", "species", "Polygonia c-album", None),
    ],
)
def test_names_are_taken_apart(text, kind, species, subspecies):
    name = parse_name(text)
    assert (name.kind, name.species, name.subspecies) == (kind, species, subspecies)


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once_and_any_text_has_a_kind(text):
    assert clean_name(clean_name(text)) == clean_name(text)
    assert parse_name(text).kind in ("species", "subspecies", "hybrid", "sp.", "genus", "label")
    assert binomial(text) is None or len(binomial(text).split()) == 2


@given(st.lists(st.sampled_from(["Aus bus", "Aus cus", "Ardea ibis"]), max_size=6), st.booleans())
def test_what_is_known_by_name_is_never_replaced(names, synonyms):
    found = resolve(names, ["Aus bus", "Aus cus", "Ardea ibis", "Bubulcus ibis"], synonyms=synonyms)
    assert found.used == names and not found.synonyms


def test_synonyms_work_both_ways_and_can_be_turned_off():
    for a, b in synonym_table():
        assert resolve([a], [b]).used == [b] and resolve([b], [a]).used == [a]
        assert resolve([a], [b], synonyms=False).used == [None]


def test_the_table_has_clean_binomials_each_once():
    pairs = synonym_table()
    assert len({name for name, _ in pairs}) == len(pairs) >= 4
    assert all(binomial(a) == a and binomial(b) == b for a, b in pairs)


def test_letter_case_is_forgiven_only_where_it_leaves_no_choice():
    assert resolve(["parus MAJOR"], ["Parus major"]).used == ["Parus major"]
    two = resolve(["PARUS MAJOR"], ["Parus major", "parus major"])
    assert two.used == [None] and "none was taken" in two.notes[0]


def test_closest_ignores_case():
    assert closest("SPECIES", ["order", "species"]) == ["species"]
