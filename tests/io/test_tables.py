import gzip

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.reading import read_frame
from embedlab.io.tables import parse_variant, public_manifest, read_awa2, read_occurrences, read_table


def write(folder, text, name="t.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


def test_all_ways_of_writing_missing_become_null_and_are_counted(tmp_path):
    path = write(tmp_path, 'a,b,c\n NA , x ,1\nnan,"",2\n"",NULL,N/A\n None ,y,4\n')
    frame, report = read_frame(path)
    assert frame["a"].null_count() == 4 and frame["b"].to_list() == ["x", None, None, "y"]
    assert report.missing == {"a": 4, "b": 2, "c": 1}
    assert read_table(path)["c"].to_list() == [1, 2, None, 4]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_separators_marks_quotes_and_gzip(tmp_path, separator):
    text = f'\ufeffname{separator}says\r\nx{separator}"a {separator} ""b""\nc"\r\n'
    for data in (text.encode(), gzip.compress(text.encode()), text.lstrip("\ufeff").encode("utf-16")):
        frame = read_table(write(tmp_path, data))
        assert frame.rows() == [("x", f'a {separator} "b"\nc')]


def test_old_encodings_and_broken_characters_are_said(tmp_path):
    _, report = read_frame(write(tmp_path, "place\nPanamá\n", encoding="cp1252"))
    assert "not UTF-8 (first at line 2)" in str(report)
    frame, report = read_frame(write(tmp_path, "place\nPanam\x90\x9d\n"))
    assert frame["place"][0] == "Panam\ufffd\ufffd" and report.broken == {"place": 1}


def test_codes_keep_their_zeros_and_numbers_become_numbers(tmp_path):
    frame = read_table(write(tmp_path, "id,n,x,word,inf\n007,1,0.5,1e,inf\n8,-2,1e3,2,1\n"))
    assert frame.dtypes == [pl.String, pl.Int64, pl.Float64, pl.String, pl.String]


def test_parquet_and_csv_give_the_same_table(tmp_path):
    frame = pl.DataFrame({"a": ["x", None, "z"], "n": [1, None, 3], "x": [0.5, 1.5, None]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.csv")
    assert read_table(tmp_path / "t.parquet").equals(frame)
    assert read_table(tmp_path / "t.csv").equals(frame)


def test_empty_lines_and_old_line_ends_are_no_rows(tmp_path):
    frame, report = read_frame(write(tmp_path, "\n\na,b\n1,2\n\n,\n3,NA\n\n"))
    assert frame.rows() == [("1", "2"), (None, None), ("3", None)]
    assert report.missing == {"a": 1, "b": 2} and "2 empty lines" in str(report)
    assert read_table(write(tmp_path, "a,b\r1,2\r")).rows() == [(1, 2)]
    assert read_table(write(tmp_path, "a\n1\n\n3\n")).rows() == [(1,), (None,), (3,)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2,3\n4,5\n", "header has 2 fields, but line 2 has 3"),
        (b"a,b\n1,2\n3\n", "line 3 has 1"),
        (b"a,a\n1,2\n", "columns 'a' stand twice"),
        (b"\x89PNG\x00\x00", "not a text table"),
        (b"PAR1 and nothing more", "damaged Parquet"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "damaged gzip"),  # without the hour: it is part of the test's name
    ],
)
def test_damaged_tables_are_refused_with_the_reason(tmp_path, data, words):
    with pytest.raises(ValueError, match=words):
        read_table(write(tmp_path, data))


def test_bombs_folders_and_spreadsheets_are_refused(tmp_path):
    bomb = write(tmp_path, gzip.compress(b"a\n" + b"1\n" * 4_000_000), "bomb.csv.gz")
    with pytest.raises(ValueError, match="more than 1 MiB"):
        read_table(bomb, limit=1 << 20)
    pl.select(pl.lit(1).repeat_by(1).explode()).select(pl.all().repeat_by(2_000_000).explode()).write_parquet(
        tmp_path / "many.parquet"
    )
    assert (tmp_path / "many.parquet").stat().st_size < 100_000
    with pytest.raises(ValueError, match="promises 2,000,000 rows"):
        read_table(tmp_path / "many.parquet", limit=1 << 20)
    with pytest.raises(ValueError, match="save it as CSV"):
        read_table(write(tmp_path, b"PK", "t.xlsx"))
    with pytest.raises(ValueError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_table(tmp_path / "absent.csv")


CELL = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffd\ufeff"), max_size=8
)


@given(cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_polars_writes_is_read_back_but_for_space_and_missing(cells, tmp_path_factory):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    pl.DataFrame(cells, schema={"a": pl.String, "b": pl.String}, orient="row").write_csv(path)
    missing = ("", "na", "n/a", "#n/a", "nan", "null", "none", "<na>")
    stripped = [tuple(None if c.strip().lower() in missing else c.strip() for c in row) for row in cells]
    assert read_frame(path)[0].rows() == stripped


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_table_or_a_plain_refusal(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(data)
    try:
        read_table(path)
    except ValueError:
        pass


def test_nabirds_variants_are_taken_apart_with_care(tmp_path):
    assert parse_variant("Oregon Junco") == ("Oregon Junco", None, None, None)
    assert parse_variant("Common Eider (Adult male)") == ("Common Eider", "male", "adult", "Adult male")
    assert parse_variant("Scoter (Female/Juvenile)") == ("Scoter", None, None, "Female/Juvenile")
    m = public_manifest(write(tmp_path, ",filepath,class\n0,0/a.jpg,Mallard  (Female)\n1,0/b.jpg,Mallard \n"))
    assert m.rows["common_name"].to_list() == ["Mallard", "Mallard"]
    assert m.rows["sex"].to_list() == ["female", None] and "recognised as NABirds" in str(m.report)


def test_newt_and_fishnet_paths_are_rebuilt(tmp_path):
    m = public_manifest(
        write(
            tmp_path,
            "id,task_cluster,task_subcluster,task,label,text_label,split\n"
            "x1,attributes,age,ml_age_coopers_hawk,1,adult,train\n"
            "x2,appearance,,fgvcx_plant,0,no,test\n",
        )
    )
    assert m.rows["life_stage"].to_list() == ["adult", None] and m.paths[0].endswith("/x1.jpg")
    assert m.rows["common_name"].to_list() == ["coopers hawk", None]
    m = public_manifest(
        write(
            tmp_path,
            ",species,image,SpecCode,Genus,Family,Folder,FeedingPath\n"
            "0,,/their/disk/Zeus/faber_1.jpg,1,Zeus,Zeidae,Zeidae,pelagic\n",
        )
    )
    assert m.paths[0].endswith("/Image_Library/Zeidae/faber_1.jpg") and m.rows["genus"].to_list() == ["Zeus"]


def test_any_other_table_is_read_as_a_manifest(tmp_path):
    assert public_manifest(write(tmp_path, "image_id,path\na,a.jpg\n")).rows["image_id"].to_list() == ["a"]


def test_occurrences_bring_sex_and_stage_back(tmp_path):
    text = "gbifID\tsex\tlifeStage\tscientificName\n" + 2 * "12\tMALE\tAdult\tParus major L.\n"
    rows, _ = read_occurrences(write(tmp_path, text, "occurrence.txt").parent)
    assert rows.select("source_id", "sex", "life_stage", "species").rows() == [
        ("12", "male", "adult", "Parus major")
    ]
    with pytest.raises(ValueError, match="'12' stand on several rows"):
        read_occurrences(write(tmp_path, text + "12\tFEMALE\t\t\n", "occurrence.txt"))
    with pytest.raises(ValueError, match="no column 'gbifID'"):
        read_occurrences(write(tmp_path, "a,b\n1,2\n"))


def test_animals_with_attributes(shared):
    traits = read_awa2(shared("data/awa2"))
    assert (len(traits), len(traits.names)) == (50, 85) and "grizzly bear" in traits.species
    assert traits["black"].values[0] is None and traits.report.missing["black"] > 0  # -1 in the file
    binary = read_awa2(shared("data/awa2"), continuous=False)
    assert set(binary.kinds.values()) == {"binary"} and binary["flippers"].known == 50
