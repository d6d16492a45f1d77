"""An `.h5ad` from a stranger: links, other people's files, bombs and tables that do not add up are refused by name."""

import sys

import numpy as np
import pytest

from embedlab.io.imports import import_file
from embedlab.io.source_h5ad import from_h5ad
from embedlab.io.store import open_store

h5py = pytest.importorskip("h5py", reason="no h5py: pip install 'embedlab[bio]'")
X = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
IDS = [f"u{k}" for k in range(6)]


def written(path, x=X, ids=IDS, **columns):
    """A file with `X` and `obs` in AnnData's layout, to be spoilt."""
    with h5py.File(path, "w") as file:
        if x is not None:
            file["X"] = x
        obs = file.create_group("obs")
        obs.attrs["_index"] = "_index"
        obs.create_dataset("_index", data=ids, shape=(len(ids),), dtype=h5py.string_dtype())
        for name, values in columns.items():
            obs[name] = values
    return path


def test_the_least_of_files_is_read(tmp_path):
    written(tmp_path / "a.h5ad", sex=np.array(["male"] * 6, dtype=object), mass=np.arange(6.0))
    import_file(tmp_path / "a.h5ad", tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert store.x.tobytes() == X.tobytes() and store.rows["image_id"].to_list() == IDS
    assert store.rows["sex"].to_list() == ["male"] * 6 and store.card["model"] == "not stated"


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8"])
def test_every_float_becomes_what_a_store_holds(kind, tmp_path):
    with h5py.File(written(tmp_path / "a.h5ad", x=None), "a") as file:
        file.create_dataset("X", data=X.astype(kind), chunks=(2, 2), compression="gzip")
    said = import_file(tmp_path / "a.h5ad", tmp_path / "s")
    assert np.array_equal(open_store(tmp_path / "s").x, X.astype(kind).astype(np.float32)) and said["dim"] == 3


def test_an_image_id_of_their_own_comes_before_the_index(tmp_path):
    ours = np.array([f"img-{k}" for k in range(6)], dtype=object)
    rows = from_h5ad(written(tmp_path / "a.h5ad", image_id=ours)).rows
    assert rows["image_id"].to_list() == ours.tolist() and rows["obs_names"].to_list() == IDS


def sparse(path):
    with h5py.File(written(path, x=None), "a") as file:
        file.create_group("X")["data"] = np.ones(3, np.float32)
        file.create_group("obsm")["X_scvi"] = X


def outside(path):
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["secret"] = X
    with h5py.File(written(path, x=None), "a") as file:
        file["X"] = h5py.ExternalLink(str(other), "secret")


def pointed(path):
    outside(path.with_name("first.h5ad"))
    with h5py.File(written(path, x=None), "a") as file:
        file["elsewhere"] = h5py.ExternalLink(str(path.with_name("other.h5")), "/")
        file["X"] = h5py.SoftLink("/elsewhere/secret")


def raw(path):
    (path.with_name("raw")).write_bytes(X.tobytes())
    with h5py.File(written(path, x=None), "a") as file:
        file.create_dataset("X", X.shape, "f4", external=[(str(path.with_name("raw")), 0, X.nbytes)])


def virtual(path):
    outside(path.with_name("first.h5ad"))
    layout = h5py.VirtualLayout(X.shape, "f4")
    layout[:] = h5py.VirtualSource(str(path.with_name("other.h5")), "secret", X.shape)
    with h5py.File(written(path, x=None), "a") as file:
        file.create_virtual_dataset("X", layout)


def secret_column(path):
    with h5py.File(written(path), "a") as file:
        file["obs"]["password"] = h5py.ExternalLink("/etc/anything.h5", "x")


def bomb(path):
    with h5py.File(written(path, x=None), "a") as file:
        file.create_dataset("X", (4_000_000, 40), "f4", chunks=(100_000, 40), compression="gzip")


def wide(path):
    with h5py.File(written(path, x=None), "a") as file:
        file.create_dataset("X", (6, 70_000), "f4", chunks=(1, 70_000), compression="gzip")


def categories(path):
    with h5py.File(written(path), "a") as file:
        sex = file["obs"].create_group("sex")
        sex["codes"], sex["categories"] = np.array([0, 1, 2, 0, 0, -1]), np.array(["f", "m"], dtype=object)


def old(path):
    with h5py.File(path, "w") as file:
        file["X"] = X
        file["obs"] = np.zeros(6, dtype=[("index", "i4"), ("sex", "i1")])


def cut(path):
    content = written(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def unnamed(path):
    with h5py.File(written(path), "a") as file:
        file["obs"].attrs["_index"] = "names"


def spoilt(path):
    with h5py.File(written(path, x=None), "a") as file:
        chunk = file.create_dataset("X", data=X, chunks=(3, 3), fletcher32=True).id.get_chunk_info(1)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset] ^= 1
    path.write_bytes(content)


def nothing(path):
    with h5py.File(path, "w") as file:
        file["counts"] = X


REFUSED = {
    "sparse": (sparse, r"X is sparse.*vectors in obsm \('X_scvi'\)\? Make them X: AnnData\(X=a.obsm\['X_scvi'\]"),
    "counts": (lambda p: written(p, x=np.ones((6, 3), int)), r"X is 6 × 3 of int64, where a matrix of floats.*a row"),
    "flat": (lambda p: written(p, x=X[0]), r"X is 3 of float32, where a matrix of floats"),
    "norows": (lambda p: written(p, x=X[:0], ids=[]), r"X is 0 × 3 of float32"),
    "outside": (outside, "X is a link, and none is followed: write the file with its own data"),
    "pointed": (pointed, "X is a link, and none is followed"),
    "raw": (raw, "X keeps its numbers in another file: write the file with its own data"),
    "virtual": (virtual, "X keeps its numbers in another file"),
    "column": (secret_column, "password is a link, and none is followed"),
    "bomb": (bomb, r"X promises 640,000,000 bytes, and 0 are there: refused"),
    "wide": (wide, "X promises vectors of 70,000 numbers: refused, no vectors are so long"),
    "codes": (categories, r"codes.h5ad: sex asks for category 2, and there are 2 names: fetch the file again"),
    "uneven": (lambda p: written(p, sex=np.arange(5)), "'sex' of obs have another number of rows than the index, 6"),
    "ids": (lambda p: written(p, ids=IDS[:5]), "has 5 rows for 6 vectors: one each is needed"),
    "twice": (lambda p: written(p, ids=["u"] * 6), "1 image ids occur more than once: 'u'"),
    "old": (old, "obs is no table, or one from before anndata 0.7: open it there and write it anew"),
    "cut": (cut, "is not a readable HDF5 file .*: fetch it again"),
    "unnamed": (unnamed, "obs has no index 'names', which names its rows; it holds '_index'"),
    "spoilt": (spoilt, r"spoilt.h5ad: X cannot be read \(.*\): fetch the file again, or write it anew"),
    "nothing": (nothing, r"has no X; it holds 'counts': give a file whose X holds one vector a row"),
    "zero": (lambda p: written(p, x=X * (np.arange(6) != 1)[:, None]), "vectors are zero throughout: 'u1'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_reason_and_nothing_left_behind(name, tmp_path):
    spoil, message = REFUSED[name]
    spoil(tmp_path / f"{name}.h5ad")
    with pytest.raises(ValueError, match=message):
        import_file(tmp_path / f"{name}.h5ad", tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_without_h5py_the_line_of_installation(tmp_path, monkeypatch):
    path = written(tmp_path / "a.h5ad")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'embedlab\[bio\]'"):
        import_file(path, tmp_path / "s")
