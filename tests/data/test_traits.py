import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data import Traits, Tree


def write(folder, text, name="traits.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_kinds_missing_values_and_bookkeeping(tmp_path):
    path = write(
        tmp_path,
        "Species,Family,mass,habitat,migrates,score,code,constant,empty\n"
        "Parus_major,Paridae, 18.5 ,Forest,Yes,1,007,x,\n"
        "Ardea alba,Ardeidae,NA,Wetland,No,2,008,x,NA\n"
        "Pica pica,Corvidae,200,nan,No,3,010,x,null\n",
    )
    traits = Traits.read(path)
    assert traits.kinds == {
        "mass": "numeric",
        "habitat": "binary",
        "migrates": "binary",
        "score": "ordered",
        "code": "categorical",
    }
    assert traits["mass"].values.to_list() == [18.5, None, 200]
    assert traits.species == ["Parus major", "Ardea alba", "Pica pica"]
    assert traits.report.missing == {"mass": 1, "habitat": 1}
    assert {name for name, _ in traits.report.left_out} == {"constant", "empty"}
    assert traits.rows["family"].to_list() == ["Paridae", "Ardeidae", "Corvidae"] and "family" not in traits
    assert "renamed Species to species" in str(traits.report)


def test_match_gives_one_row_per_name_in_order():
    traits = Traits({"species": ["Ardea alba", "Ardea ibis"], "mass": [900.0, 350.0]})
    matched, report = traits.match(["Pica pica", "Bubulcus ibis", "ardea alba"])
    assert matched.rows["species"].to_list() == ["Pica pica", "Bubulcus ibis", "ardea alba"]
    assert matched.rows["mass"].to_list() == [None, 350, 900]
    assert report.missing == ["Pica pica"] and report.synonyms == [("Bubulcus ibis", "Ardea ibis")]
    own, report = traits.match(["Egretta alba"], synonyms={"Egretta alba": "Ardea alba"})
    assert own.rows["mass"].to_list() == [900] and report.by_name == 0
    with pytest.raises(ValueError, match="'Pica pica' are asked for more than once"):
        traits.match(["Pica pica", "Pica pica"])
    with pytest.raises(ValueError, match="1 of the names are missing"):
        traits.match(["Pica pica", None])


def test_two_names_of_one_species_share_its_row_and_it_is_said():
    traits = Traits({"species": ["Ardea ibis"], "mass": [350.0]})
    matched, report = traits.match(["Bubulcus ibis", "Ardea ibis"])
    assert matched.rows["mass"].to_list() == [350, 350] and "share the row of 'Ardea ibis'" in str(report)


def test_an_ambiguous_synonym_is_named_not_taken():
    traits = Traits({"species": ["Aus bus", "Aus cus"], "mass": [1.0, 2.0]})
    both = {"Aus bus": "Aus dus", "Aus cus": "Aus dus"}
    matched, report = traits.match(["Aus dus"], synonyms=both)
    assert matched.rows["mass"].to_list() == [None]
    assert "may be any of ['Aus bus', 'Aus cus']: none was taken" in str(report)


def test_duplicates_merge_only_where_they_do_not_contradict(tmp_path):
    agree = write(tmp_path, "species,a,b\nAus bus,1,\nAus bus,,x\nAus cus,2,y\n")
    traits = Traits.read(agree)
    assert traits.rows.rows() == [("Aus bus", 1, "x"), ("Aus cus", 2, "y")]
    assert traits.report.duplicates == ["Aus bus"] and "1 species stood on several rows" in str(traits.report)
    differ = write(tmp_path, "species,a,b\nAus bus,1,z\nAus bus,3,z\nAus cus,2,y\nAus dus,4,y\n")
    with pytest.raises(ValueError, match=r"contradict each other: 'Aus bus', in 'a'. Give.*duplicates=\"consensus\""):
        Traits.read(differ)
    traits = Traits.read(differ, duplicates="consensus")
    assert traits.rows["b"].to_list() == ["z", "y", "y"] and "1 values in 1 species" in str(traits.report)
    assert traits.rows["a"].to_list() == [None, 2, 4]


def test_refusals_name_the_closest(tmp_path):
    with pytest.raises(ValueError, match=r"has no column \"species\". Closest: 'animal_species'"):
        Traits.read(write(tmp_path, "animal_species,beak\nx,1\n"))
    with pytest.raises(KeyError, match="no column 'Speces'; closest: 'Species'"):
        Traits.read(write(tmp_path, "Species,beak\nx,1\n"), species="Speces")
    traits = Traits({"species": ["a", "b"], "beak_depth": [1.0, 2.0]})
    with pytest.raises(KeyError, match="no trait 'beak'; closest: 'beak_depth'"):
        traits["beak"]
    with pytest.raises(ValueError, match="'a' stand more than once"):
        Traits({"species": ["a", "a"], "x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="'x' are called numeric but hold text"):
        Traits({"species": ["a"], "x": ["big"]}, {"x": "numeric"})
    with pytest.raises(ValueError, match="a trait is one of numeric, binary"):
        Traits({"species": ["a"], "x": ["big"]}, {"x": "size"})


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["Aus bus", "Aus cus", "Dus eus"]), st.sampled_from(["", "1", "2", "x"])),
        min_size=1,
        max_size=12,
    )
)
def test_consensus_keeps_what_all_rows_agree_on_and_nothing_else(rows, tmp_path_factory):
    text = "species,a,b\n" + "".join(f"{name},{value},{i}\n" for i, (name, value) in enumerate(rows))
    traits = Traits.read(write(tmp_path_factory.mktemp("t"), text), duplicates="consensus")
    assert traits.species == list(dict.fromkeys(name for name, _ in rows))
    if "a" in traits:
        for name, got in zip(traits.species, traits.rows["a"].cast(pl.String).to_list(), strict=True):
            known = {value for other, value in rows if other == name and value}
            assert got == (known.pop() if len(known) == 1 else None)


def test_avonet_has_eleven_thousand_birds_of_mixed_kinds(shared):
    traits = Traits.read(shared("data/traits/avonet_species.csv"))
    assert len(traits) == 11_009
    assert {traits.kinds[name] for name in ("Mass", "Wing.Length", "Range.Size")} == {"numeric"}
    assert {traits.kinds[name] for name in ("Habitat", "Trophic.Niche", "Primary.Lifestyle")} == {
        "categorical"
    }
    assert traits.kinds["Migration"] == "ordered"
    for name in (
        "Sequence",
        "Female",
        "Male",
        "Total.individuals",
        "Avibase.ID1",
        "Family1",
        "family",
        "Inference",
    ):
        assert name not in traits
    assert traits.rows["family"].null_count() == 0 and traits["Habitat"].values.null_count() == 98
    assert "recognised as AVONET" in str(traits.report) and "inferred by its authors" in str(traits.report)


def test_leptraits_duplicates_become_one_row_by_consensus(shared):
    traits = Traits.read(shared("data/traits/leptraits_consensus.csv"))
    assert len(traits) == 12_172 and len(traits.report.duplicates) == 270
    assert "a trait is kept where all rows that know it agree, else emptied" in str(traits.report)
    with pytest.raises(ValueError, match="218 species stand on"):
        Traits.read(shared("data/traits/leptraits_consensus.csv"), duplicates="refuse")


def test_finch_measures_have_row_names_for_a_key(shared):
    traits = Traits.read(shared("data/morphometrics/geospiza.csv"))
    assert len(traits) == 13 and "columns without a name" in str(traits.report)


def test_the_example_birds_match_avonet_and_the_tree(shared):
    """The numbers of the data's own page: 114 with AVONET, 110 of them under the same name in the tree."""
    vectors = pl.read_parquet(shared("data/bioclip2_example_1k.parquet"), columns=["class", "species"])
    birds = vectors.filter(pl.col("class") == "Aves")["species"].drop_nulls().unique().sort().to_list()
    traits, report = Traits.read(shared("data/traits/avonet_species.csv")).match(birds)
    assert report.matched == report.by_name == 114
    known = traits.rows.filter(pl.col("Mass").is_not_null())["species"].to_list()
    assert len(known) == 114
    tree = Tree.read(shared("data/trees/tree_bird_McTavish.nwk.gz"))
    plain, report = tree.match(known, synonyms=False)
    assert len(plain) == 110
    misses = {"Charadrius dubius", "Charadrius alexandrinus", "Bubulcus ibis", "Phaeomyias murina"}
    assert set(report.missing) == misses
    tips, report = tree.match(known)
    assert (len(tips), report.by_name, report.missing) == (114, 110, [])
    assert dict(report.synonyms) == {
        "Charadrius dubius": "Thinornis dubius",
        "Charadrius alexandrinus": "Anarhynchus alexandrinus",
        "Bubulcus ibis": "Ardea ibis",
        "Phaeomyias murina": "Nesotriccus murinus",
    }


def test_a_measurement_with_one_odd_cell_is_left_out_with_the_cell(tmp_path):
    rows = [f"Avis {'abcdefghijklmnopqrst'[i]}bcd,{i}.5,{i % 3 + 1}" for i in range(20)]
    for odd in ("inf", "0.5 g"):
        rows[7] = f"Avis hbcd,{odd},2-3"
        traits = Traits.read(write(tmp_path, "species,mass,code\n" + "\n".join(rows) + "\n"))
        assert traits.names == ["code"] and traits.kinds["code"] == "categorical"  # codes of kinds are left alone
        with pytest.raises(KeyError, match=f"19 values are numbers, 1 is none: '{odd}'; mend or empty it"):
            traits["mass"]


def test_the_table_beside_the_vectors_serves_as_traits(tmp_path):
    """A row an image: what names images is no trait, and the rest agrees within a species."""
    text = "image_id,path,species,mass\ni1,a.jpg,Aus bus,1.5\ni2,b.jpg,Aus bus,1.5\ni3,c.jpg,Aus cus,2.5\n"
    traits = Traits.read(write(tmp_path, text))
    assert traits.rows.rows() == [("Aus bus", 1.5), ("Aus cus", 2.5)]
    assert "image_id (of images, not of species)" in str(traits.report)


def test_a_file_in_the_wrong_place_is_told(tmp_path):
    with pytest.raises(TypeError, match=r"traits are made of a table; a file is read by Traits.read\('birds.csv'\)"):
        Traits("birds.csv")
    with pytest.raises(ValueError, match=r"begins with '\(Aus_bus:1': a Newick tree\? Give it as the tree \(--tree\)"):
        Traits.read(write(tmp_path, "(Aus_bus:1,Aus_cus:1);\n"))
