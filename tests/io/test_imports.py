import json
import zipfile

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.io import imports
from embedlab.io.check import check_store
from embedlab.io.imports import import_file
from embedlab.io.store import open_store, store_info

N, D = 9, 4
X = np.random.default_rng(1).normal(size=(N, D)).astype(np.float32)
IDS = [f"u{i}" for i in range(N)]


def parquet(path, lists, **columns):
    pq.write_table(pa.table({"uuid": IDS[: len(lists)], "emb": lists, **columns}), path, row_group_size=4)
    return path


def got(path, out):
    answer = import_file(path, out)
    assert check_store(out)["ok"]
    return answer, open_store(out)


def test_the_real_embeddings_come_over_bit_for_bit(shared, tmp_path):
    file = shared("data/bioclip2_example_1k.parquet")
    answer, store = got(file, tmp_path / "s")
    assert (answer["rows"], answer["dim"], answer["format"]) == (1030, 768, "emb-explorer")
    given_table = pl.read_parquet(file)
    assert store.x.tobytes() == given_table["emb"].explode().to_numpy().tobytes()
    assert store.rows["image_id"].to_list() == given_table["uuid"].to_list()
    assert store.rows["species"].equals(given_table["species"])
    kept = {"source", "source_id", "url", "img_type", "basis_of_record", "publisher", "resolution_status"}
    assert kept <= set(store.rows.columns) and len(store.rows.columns) == 18  # 17 of theirs, and path
    empty = store.rows.drop("image_id").select(pl.all_horizontal(pl.all().is_null())).to_series()
    assert empty.sum() == 121
    info = store_info(tmp_path / "s")
    assert (
        info["normalised"] is False
        and 36.2 < info["norms"]["min"] < 36.3
        and info["missing"]["species"] == 176
    )
    again = import_file(file, tmp_path / "s")
    assert again["from_cache"] and not answer["from_cache"] and again["key"] == answer["key"]


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float32()), pa.list_(pa.float32(), D), pa.large_list(pa.float32()), pa.list_(pa.float64())],
)
def test_every_way_to_write_lists_of_numbers(kind, tmp_path):
    _, store = got(parquet(tmp_path / "a.parquet", pa.array(X.tolist(), kind)), tmp_path / "s")
    assert store.x.tobytes() == X.tobytes() and store.rows["image_id"].to_list() == IDS


def test_half_precision_and_the_column_names_of_hpc_inference(tmp_path):
    half = X.astype(np.float16)
    table = pa.table({"uuid": IDS, "emb_bioclip-2": pa.array(list(half), pa.list_(pa.float16()))})
    pq.write_table(table, tmp_path / "a.parquet")
    answer, store = got(tmp_path / "a.parquet", tmp_path / "s")
    assert answer["format"] == "hpc-inference" and answer["model"] == "bioclip-2"
    assert np.array_equal(store.x, half.astype(np.float32)) and store.card["source"]["dtype"] == "halffloat"


@settings(max_examples=8)
@given(
    n=st.integers(1, 40), groups=st.integers(1, 40), part=st.sampled_from([1, 4, 16]), seed=st.integers(0, 99)
)
def test_row_groups_and_parts_may_end_anywhere(tmp_path_factory, n, groups, part, seed):
    folder = tmp_path_factory.mktemp("groups")
    x = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    table = pa.table({"uuid": [f"é{i}" for i in range(n)], "emb": x.tolist(), "k": list(range(n))})
    table = table.set_column(1, "emb", pa.array(x.tolist(), pa.list_(pa.float32())))
    pq.write_table(table, folder / "a.parquet", row_group_size=groups)
    whole = imports._part_rows
    imports._part_rows = lambda dim: part
    try:
        import_file(folder / "a.parquet", folder / "s")
    finally:
        imports._part_rows = whole
    store = open_store(folder / "s")
    assert store.x.tobytes() == x.tobytes() and store.rows["k"].to_list() == list(range(n))


def test_pybioclip_json(tmp_path):
    file = tmp_path / "e.json"
    vectors = {f"birds/{i}.jpg": row for i, row in enumerate(X.tolist())}
    file.write_text(json.dumps({"model": "hf-hub:imageomics/bioclip-2", "embeddings": vectors}))
    answer, store = got(file, tmp_path / "s")
    assert answer["format"] == "pybioclip" and store.card["model"] == "hf-hub:imageomics/bioclip-2"
    assert store.x.tobytes() == X.tobytes() and store.rows["path"].to_list() == list(vectors)


@pytest.mark.parametrize("name", ["x", "embeddings", "emb", "anything"])
def test_npz_with_ids_and_labels(name, tmp_path):
    np.savez(
        tmp_path / "a.npz",
        **{name: X},
        ids=np.array(IDS),
        sex=np.array(["m", "f", ""] * 3),
        other=np.zeros(3),
    )
    answer, store = got(tmp_path / "a.npz", tmp_path / "s")
    assert store.x.tobytes() == X.tobytes() and store.rows["image_id"].to_list() == IDS
    assert store.rows["sex"].to_list() == ["male", "female", None] * 3
    assert any("left out" in note and "other" in note for note in answer["notes"])


def test_npz_without_ids_counts_its_rows(tmp_path):
    np.savez(tmp_path / "a.npz", X)
    answer, store = got(tmp_path / "a.npz", tmp_path / "s")
    assert store.rows["image_id"].to_list()[:2] == ["0000000", "0000001"]
    assert "row number" in answer["notes"][0]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_npy_with_the_table_beside_it(ending, tmp_path):
    np.save(tmp_path / "a.npy", X)
    table = pl.DataFrame(
        {"filepath": [f"{i}.jpg" for i in range(N)], "species": ["Parus major", "NA", ""] * 3}
    )
    file = tmp_path / f"a{ending}"
    if ending == ".parquet":
        table.write_parquet(file)
    else:
        table.write_csv(file, separator="\t" if ending == ".tsv" else ",")
    _, store = got(tmp_path / "a.npy", tmp_path / "s")
    assert store.x.tobytes() == X.tobytes()
    assert store.rows["image_id"].to_list() == store.rows["path"].to_list() == table["filepath"].to_list()
    assert store.rows["species"].null_count() == 6


def test_a_changed_label_beside_the_same_vectors_is_other_data(tmp_path):
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "a.csv").write_text("id,sex\n" + "".join(f"{i},male\n" for i in IDS))
    import_file(tmp_path / "a.npy", tmp_path / "s")
    (tmp_path / "a.csv").write_text("id,sex\n" + "".join(f"{i},female\n" for i in IDS))
    with pytest.raises(ValueError, match=r"imported from a.npy, and the table \(.csv\) differ now"):
        import_file(tmp_path / "a.npy", tmp_path / "s")


def test_columns_for_images_are_turned_where_a_table_says_so(tmp_path):
    np.save(tmp_path / "a.npy", X.T)
    (tmp_path / "a.csv").write_text("id\n" + "\n".join(IDS) + "\n")
    answer, store = got(tmp_path / "a.npy", tmp_path / "s")
    assert store.x.tobytes() == X.tobytes() and "columns are images" in answer["notes"][0]
    np.savez(tmp_path / "b.npz", x=np.asfortranarray(X.T), ids=np.array(IDS))
    assert got(tmp_path / "b.npz", tmp_path / "t")[1].x.tobytes() == X.tobytes()


def test_a_matrix_that_looks_turned_is_refused_where_nothing_tells(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((768, 5), np.float32))
    with pytest.raises(ValueError, match=r"768 × 5, which looks like columns of 768 numbers.*transpose"):
        import_file(tmp_path / "a.npy", tmp_path / "s")


def npz(path, **arrays):
    np.savez(path, **arrays)


def table(path, **columns):
    pq.write_table(pa.table(columns), path)


def of(embeddings):
    return {"model": "m", "embeddings": embeddings}


def js(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def npy(path, x, table=None):
    np.save(path, x, allow_pickle=True)
    if table:
        path.with_suffix(".csv").write_text(table)


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("x.npy", "w") as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 18, 80)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(80):
            member.write(bytes(1 << 20))


def long_vectors(path, *lengths):
    """Vectors of zeros so long that a file of a kilobyte fills a memory."""
    ends = np.cumsum([0, *lengths])
    lists = pa.LargeListArray.from_arrays(pa.array(ends), pa.array(np.zeros(ends[-1], np.float32)))
    pq.write_table(pa.table({"uuid": [f"u{i}" for i in range(len(lengths))], "emb": lists}), path)
    assert path.stat().st_size < 100_000


WRONG = np.where(np.arange(N)[:, None] == 2, np.nan, X).astype(np.float32)
ZERO = np.where(np.arange(N)[:, None] % 2 == 1, 0, X).astype(np.float32)
UNEVEN = [[1.0, 2.0], [1.0], [3.0, 4.0, 5.0]]
REFUSED = {
    "zero.parquet": (lambda p: parquet(p, ZERO.tolist()), "vectors are zero throughout: 'u1', 'u3'"),
    "nan.parquet": (lambda p: parquet(p, WRONG.tolist()), "1 of 9 vectors .* not finite: 'u2'"),
    "uneven.parquet": (lambda p: parquet(p, UNEVEN), r"2 numbers of the first: 'u1' \(1\), 'u2' \(3\)"),
    "null.parquet": (lambda p: parquet(p, [[1.0, 2.0], None]), r"'u1' \(0\)"),
    "hole.parquet": (lambda p: parquet(p, [[1.0, 2.0], [None, 2.0]]), "1 vectors have missing numbers: 'u1'"),
    "twice.parquet": (lambda p: table(p, uuid=["a"] * N, emb=X.tolist()), "more than once: 'a'"),
    "noids.parquet": (lambda p: table(p, uuid=["a", None], emb=X[:2].tolist()), "1 rows have no image_id"),
    "nolists.parquet": (lambda p: table(p, uuid=IDS), "no column of number.* 'uuid'"),
    "two.parquet": (lambda p: parquet(p, X.tolist(), x=X.tolist()), "several columns of .*'emb', 'x'"),
    "norows.parquet": (lambda p: parquet(p, pa.array([], pa.list_(pa.float32()))), "has no rows"),
    "bomb.parquet": (lambda p: long_vectors(p, 68_000_000), "promises 68,000,000 numbers for 1 vectors: refused"),
    "late.parquet": (
        lambda p: long_vectors(p, 4, *[0] * 500, 68_000_000), "68,000,504 numbers .* the first of which has 4: refused"
    ),
    "cut.parquet": (lambda p: p.write_bytes(b"PAR1" + bytes(50)), "not a readable parquet"),
    "empty.npz": (lambda p: p.write_bytes(b""), "is empty"),
    "table.csv": (lambda p: p.write_text("a,b\n1,2\n"), r"is a table: vectors come in as .npy.*np.save\('table.npy'"),
    "text.npz": (lambda p: p.write_text("hello"), "neither parquet, .npz, .npy, .h5ad nor pybioclip"),
    "pickle.npz": (lambda p: npz(p, x=X, ids=np.array(IDS, object)), r"Python objects.*ids.astype\(str\)"),
    "flat.npz": (lambda p: npz(p, x=X[0]), r"no matrix of floats.*x \(4,\) float32"),
    "bomb.npz": (bomb, "inflates from .* refused"),
    "cut.npz": (lambda p: p.write_bytes(b"PK\x03\x04" + bytes(9)), "damaged .npz"),
    "pickle.npy": (lambda p: npy(p, X.astype(object)), "Python objects"),
    "int.npy": (lambda p: npy(p, np.ones((3, 4), int)), "of int64; a matrix of floats"),
    "short.npy": (lambda p: npy(p, X, "id\na\nb\n"), "9 × 4, but 2 ids or table rows go with it"),
    "none.npy": (lambda p: npy(p, X[:0]), "no vectors to import"),
    "cut.json": (lambda p: js(p, '{"model": "m", "embeddings": {"a": [1.0'), "damaged JSON"),
    "other.json": (lambda p: js(p, {"a": [1.0]}), "is not pybioclip JSON"),
    "none.json": (lambda p: js(p, of({})), "no embeddings"),
    "uneven.json": (lambda p: js(p, of({"a": [1.0], "b": [1.0, 2.0]})), "1 numbers like the first: 'b'"),
    "words.json": (lambda p: js(p, of({"a": [1.0], "b": ["x"]})), "something else than numbers: 'b'"),
    "twice.json": (lambda p: js(p, '{"embeddings": {"a": [1.0], "a": [2.0]}}'), "more than once: 'a'"),
    "nan.json": (lambda p: js(p, '{"embeddings": {"a": [1.0], "b": [NaN]}}'), "not finite: 'b'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_imported_is_named_and_leaves_nothing(name, tmp_path):
    make, says = REFUSED[name]
    make(tmp_path / name)
    with pytest.raises(ValueError, match=says):
        import_file(tmp_path / name, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_other_data_into_the_same_folder_and_unknown_formats(tmp_path):
    one, two = parquet(tmp_path / "a.parquet", X.tolist()), parquet(tmp_path / "b.parquet", (X + 1).tolist())
    import_file(one, tmp_path / "s")
    before = (tmp_path / "s" / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match=r"imported from a.parquet, and the vectors differ now: import"):
        import_file(two, tmp_path / "s")
    assert (tmp_path / "s" / "manifest.json").read_bytes() == before
    with pytest.raises(ValueError, match="format 'zarr' is not known: choose auto, 'parquet'"):
        import_file(one, tmp_path / "t", "zarr")
    with pytest.raises(FileNotFoundError, match="is not a file"):
        import_file(tmp_path / "nothing.parquet", tmp_path / "t")


def test_vectors_pass_in_pieces(tmp_path, monkeypatch):
    """Memory stays with the size of a part, not of the file: no block is larger than asked for."""
    from embedlab.io.source_parquet import from_parquet

    parquet(tmp_path / "a.parquet", X.tolist())
    assert max(len(block) for block in from_parquet(tmp_path / "a.parquet").blocks(2)) <= 2


def test_the_door_of_python_gives_what_the_command_keeps(tmp_path):
    import embedlab as el

    npz(tmp_path / "a.npz", x=X, ids=np.array(IDS))
    first = el.import_file(tmp_path / "a.npz", tmp_path / "s")
    again = el.import_file(tmp_path / "a.npz", tmp_path / "s")
    assert first.card["key"] == again.card["key"] and first.rows["image_id"].to_list() == [str(i) for i in IDS]
    assert np.array_equal(again.x, X)
