import polars as pl
import pytest

from embedlab.data import Manifest
from embedlab.data.columns import canonical_columns, canonical_rows


def write(folder, text, name="manifest.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_darwin_core_names_become_ours_and_it_is_said(tmp_path):
    path = write(
        tmp_path,
        "gbifID\tidentifier\tfile\tsex\tlifeStage\tscientificName\tvernacularName\tclass\tlocality\n"
        '007\thttp://x/1\ta b.jpg\tMALE\tAdult\tParus major Linnaeus, 1758\tgreat tit\tAves\ta 3" twig\n'
        "008\thttp://x/2\tsub/b.jpg\tF\tImm.\tCorvus corone cornix\t\tAves\tNA\n"
        "009\thttp://x/3\tc.jpg\tunknown\tadult\tLarus sp.\tgull\tAves\t\n",
        "occurrence.txt",
    )
    m = Manifest.read(path)
    rows = m.rows
    assert rows["image_id"].to_list() == ["007", "008", "009"]  # ids stay text, with their zeros
    assert rows["path"].to_list() == [str(tmp_path / p) for p in ("a b.jpg", "sub/b.jpg", "c.jpg")]
    assert rows["species"].to_list() == ["Parus major", "Corvus corone", None]
    assert rows["subspecies"].to_list() == [None, "cornix", None]
    assert rows["name_flag"].to_list() == [None, "subspecies", "sp."]
    assert rows["genus"].to_list() == ["Parus", "Corvus", "Larus"]
    assert rows["sex"].to_list() == ["male", "female", None]
    assert rows["sex_as_given"].to_list() == ["MALE", "F", "unknown"]
    assert rows["life_stage"].to_list() == ["adult", "imm.", "adult"]
    assert rows["site"].to_list() == ['a 3" twig', None, None]
    assert {"common_name", "url", "class"} <= set(rows.columns)
    said = str(m.report)
    assert "lifeStage to life_stage" in said and "sex: read 'MALE' to 'male', 'F' to 'female'" in said
    assert m.report.flags == {"subspecies": 1, "sp.": 1} and m.report.missing["site"] == 2


def test_the_emb_explorer_schema_and_its_aliases():
    columns = ["uuid", "emb", "source_dataset", "class", "species", "common", "source_url", "basis_of_record"]
    assert canonical_columns(columns) == {
        "uuid": "image_id",
        "common": "common_name",
        "source_dataset": "source",
        "source_url": "url",
    }
    assert canonical_columns(["cls", "class"]) == {"class": "label", "cls": "class"}
    assert canonical_columns(["image_id", "uuid", "species"]) == {}


def test_an_epithet_is_completed_from_the_genus_and_labels_stay():
    rows, report = canonical_rows(
        pl.DataFrame(
            {
                "genus": ["Parus", "Parus", "Anas", None],
                "species": ["major", " ater ", "a × b", "BLUE MORPHO"],
            }
        )
    )
    assert rows["species"].to_list() == ["Parus major", "Parus ater", "a × b", "BLUE MORPHO"]
    assert rows["species_as_given"].to_list()[0] == "major"
    assert "2 epithets completed with their genus" in str(report) and report.flags == {"hybrid": 1}


def test_values_that_say_something_else_stay_as_they_are():
    rows, report = canonical_rows(pl.DataFrame({"sex": ["gynandromorph", "Female/juvenile", "m"]}))
    assert rows["sex"].to_list() == ["gynandromorph", "Female/juvenile", "male"]
    assert report.recoded == {"sex": {"m": "male"}}


def test_rows_without_a_path_and_repeated_rows_are_left_out_and_reported(tmp_path):
    m = Manifest.read(write(tmp_path, "image_id,path\na,1.jpg\na,1.jpg\nb,\nc,3.jpg\n"))
    assert m.rows["image_id"].to_list() == ["a", "c"] and m.report.duplicates == ["a"]
    assert [why for _, why in m.report.left_out] == ["no path", "the same as another, cell by cell"]
    with pytest.raises(ValueError, match="image_id 'a' stand more than once"):
        Manifest.read(write(tmp_path, "image_id,path\na,1.jpg\na,2.jpg\n"))


def test_without_ids_the_path_serves(tmp_path):
    m = Manifest.read(
        write(tmp_path, "filepath;species\nx\\1.jpg;Aus bus\nx\\2.jpg;Aus cus\n", encoding="utf-16")
    )
    assert m.rows["image_id"].to_list() == ["x\\1.jpg", "x\\2.jpg"]
    assert m.paths[0] == str(tmp_path / "x" / "1.jpg")
    assert "the path serves as image_id" in str(m.report) and "UTF-16" in str(m.report)


def test_refusals_say_what_is_near(tmp_path):
    with pytest.raises(ValueError, match=r"no column 'path'.*closest: 'paths'"):
        Manifest.read(write(tmp_path, "image_id,paths\na,b\n"))
    with pytest.raises(FileNotFoundError, match=r"absent\.csv"):
        Manifest.read(tmp_path / "absent.csv")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        Manifest.from_folder(tmp_path / "absent")
    with pytest.raises(ValueError, match="no images below"):
        Manifest.from_folder(tmp_path)
    with pytest.raises(ValueError, match="a manifest needs a column 'path'"):
        Manifest({"image_id": ["a"]})


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


def test_a_folder_per_species(tmp_path):
    touch(
        tmp_path, "Parus_major/2.JPG", "Parus_major/1.jpg", "BLUE MORPHO/deep/3.png", "notes.txt", ".x/4.jpg"
    )
    m = Manifest.from_folder(tmp_path)
    assert m.rows["image_id"].to_list() == [
        "BLUE MORPHO/deep/3.png",
        "Parus_major/1.jpg",
        "Parus_major/2.JPG",
    ]
    assert m.rows["species"].to_list() == ["BLUE MORPHO", "Parus major", "Parus major"]
    assert m.report.left_out == [("1 files", "no images by their names")]
    touch(tmp_path, "loose.jpg")
    m = Manifest.from_folder(tmp_path)  # one photograph that went astray does not take the names of all others
    assert m.rows["species"].to_list() == ["BLUE MORPHO", "Parus major", "Parus major", None]
    assert "1 images beside the folders have no species: 'loose.jpg'" in str(m.report)
    touch(tmp_path, "a.jpg", "b.jpg")
    assert "species" not in Manifest.from_folder(tmp_path).rows.columns  # as many beside them: folders say nothing


def test_patterns_and_inaturalist_folders(tmp_path):
    touch(tmp_path / "a", "Aus bus/ind1_front.jpg", "Aus bus/ind2_back.jpg", "Aus bus/x.jpg")
    m = Manifest.from_folder(tmp_path / "a", "{species}/{individual}_*.jpg")
    assert m.rows["individual"].to_list() == ["ind1", "ind2"]
    assert "1 images" in str(m.report) and "not of the form" in str(m.report)
    for wrong in ("{species}/{species}.jpg", "*.jpg", "{a b}.jpg"):
        with pytest.raises(ValueError, match="fields"):
            Manifest.from_folder(tmp_path / "a", wrong)
    touch(tmp_path / "b", "00001_Animalia_Chordata_Aves_Passeriformes_Paridae_Parus_major/1.jpg")
    row = Manifest.from_folder(tmp_path / "b").rows.row(0, named=True)
    assert (row["kingdom"], row["genus"], row["species"]) == ("Animalia", "Parus", "Parus major")


def test_the_heliconius_manifest_with_its_broken_bytes(shared):
    m = Manifest.read(shared("data/heliconius/manifest.csv"))
    assert len(m) == 660 and m.rows["species"].unique().sort().to_list() == [
        "Heliconius erato",
        "Heliconius melpomene",
    ]
    assert set(m.rows["sex"].to_list()) == {"male", "female"}
    assert m.rows["subspecies"].n_unique() == 6 and m.rows["altitude_m"].dtype == pl.Float64
    assert m.report.broken == {"country": 56} and m.report.missing["country"] == 23
    assert "Panam\ufffd" in m.rows["country"].to_list()
    assert all(path.endswith(".jpg") for path in m.paths)


def test_the_butterfly_folders(shared):
    m = Manifest.from_folder(shared("data/butterflies"))
    assert len(m) == 300 and m.rows["species"].n_unique() == 100
    assert m.rows["species"][0] == "ADONIS" and "genus" not in m.rows.columns


@pytest.mark.parametrize(("names", "genus"), [
    (["Parus major", "Corvus corax"], ["Parus", "Corvus"]),
    (["Parus major", "Corvus"], ["Parus", "Corvus"]),
    (["Great Jay", "Green Hairstreak"], None),  # common names, written as folders often are
    (["Cat", "Dog"], None),
    (["Adonis", "Parus major", "Great Jay"], None),
])  # fmt: skip
def test_a_genus_is_read_from_scientific_names_alone(names, genus):
    rows, _ = canonical_rows(pl.DataFrame({"species": names}), "names")
    assert (rows["genus"].to_list() if "genus" in rows.columns else None) == genus
