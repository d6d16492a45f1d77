"""Captions in syllables: cut by rule, in BioCLIP's template, with an end; and what is unknown is said."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.extract.syllables import syllables_of
from embedlab.extract.words import Vocabulary

CAPTIONS = ["Aves Corvidae Corvus corax", "Pisces Esocidae Esox lucius with common name Pike"]


@pytest.fixture
def known():
    return Vocabulary.of(CAPTIONS, cut="syllables")


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Drosophila", "dro so phi la_"),
        ("Plectrophenax", "plec tro phe nax_"),
        ("Schistocerca", "schi sto cer ca_"),
        ("Phasianidae", "pha sia ni dae_"),
        ("Renfid's", "ren fid_ s_"),
        ("Hen-hawk", "hen_ hawk_"),
        ("bcd", "bcd_"),
        ("", ""),
    ],
)
def test_names_fall_into_syllables(word, parts):
    assert syllables_of(word, bare=True) == parts.split()


@given(st.text(max_size=40))
def test_any_text_is_cut_and_nothing_is_lost(text):
    whole = "".join(letter for letter in text.casefold() if letter.isalnum())
    assert "".join(syllables_of(text, bare=True)).replace("_", "") == whole


def test_what_a_family_shares_with_its_genus_are_syllables():
    a, b = (syllables_of(name, bare=True) for name in ("Cidaglocidae", "Cidagloca"))
    assert a[:3] == b[:3] == ["ci", "da", "glo"]


def test_a_name_and_its_template_are_one_caption(known):
    bare, told = known.numbers(["Corvus corax"]), known.numbers(["a photo of Corvus corax."])
    np.testing.assert_array_equal(bare, told)
    np.testing.assert_array_equal(bare, known.numbers(["A PHOTO OF corvus CORAX"]))


def test_rows_end_in_the_highest_number_and_then_padding(known):
    table = known.numbers(CAPTIONS)
    assert table.dtype == np.int64 and (table.max(1) == len(known) + 1).all()
    end = table.argmax(1)
    for row, at in zip(table, end, strict=True):
        assert (row[:at] > 0).all() and (row[:at] <= len(known)).all() and (row[at + 1 :] == 0).all()
    assert known.numbers([]).shape == (0, 1)


def test_an_unseen_name_is_read_in_known_syllables(known):
    assert known.unknown(["Coraxidae lucicor"]) == ["cor_", "ra", "xi"]  # co, dae_, lu and ci were seen
    assert known.unknown(["Corvus"]) == []
    # `cor_` never ended a word: its `cor` is read, and so nothing is lost but the mark
    ours = [known.words[i - 1] for i in known.numbers(["lucor"])[0][:-1]]
    assert ours == ["a_", "pho", "to_", "of_", "lu", "cor"]


def test_nothing_but_the_template_is_no_name(known):
    for silent in ("zzz", "a photo of zzz.", "", "!"):
        with pytest.raises(ValueError, match="hold no word that this model was trained on"):
            known.numbers(["Corvus", silent])


def test_a_caption_longer_than_the_context_keeps_its_end_token(known, caplog):
    short = Vocabulary(known.words, "syllables", context=9)
    with caplog.at_level(logging.WARNING):
        table = short.numbers(CAPTIONS)
    assert "2 captions are longer than 9 tokens" in caplog.text
    assert table.shape == (2, 9) and (table[:, -1] == len(short) + 1).all()
    np.testing.assert_array_equal(table[:, :-1], known.numbers(CAPTIONS)[:, :8])
    caplog.clear()
    exact = len(known.numbers(CAPTIONS[:1])[0])
    Vocabulary(known.words, "syllables", context=exact).numbers(CAPTIONS[:1])
    assert not caplog.text


def test_an_unknown_cut_is_refused():
    with pytest.raises(ValueError, match="not into 'letters'"):
        Vocabulary.of(CAPTIONS, cut="letters")


def test_bioclips_five_captions_of_a_simulated_species():
    from embedlab.world import World

    world = World(3, 12)
    forms = ("scientific", "common", "taxonomic", "scientific and common", "taxonomic and common")
    said = [world.caption(5, form) for form in forms]
    sci, com, taxon, sci_com, taxon_com = said
    assert len(set(said)) == 5 and len(taxon.split()) == 7 and taxon.endswith(sci)
    assert sci_com == f"{sci} with common name {com}" and taxon_com == f"{taxon} with common name {com}"
    with pytest.raises(KeyError, match="scientific and common"):
        world.caption(5, "sci_com")
