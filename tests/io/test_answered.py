"""Where an answer may be written: into no folder of somebody else's."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from embedlab.io.answered import check_folder
from embedlab.io.atomic import put_bytes
from embedlab.study import run_analysis
from tests.stores import write_store

FAST = {"permutations": "19"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rng = np.random.default_rng(0)
    rows = {"image_id": [f"i{k}" for k in range(48)], "species": np.repeat(list("abcdef"), 8).tolist()}
    rows = pl.DataFrame(rows | {"sex": ["female", "male"] * 24})
    return write_store(tmp_path_factory.mktemp("s") / "store", rng.normal(size=(48, 5)).astype(np.float32), rows)


def test_an_answer_is_written_over_by_its_own_question_alone(store, tmp_path):
    out = tmp_path / "out"
    first = run_analysis("separation", stores=[store], settings=FAST, out=out)
    (out / "notes.txt").write_text("mine")
    run_analysis("separation", stores=[store], settings=FAST, seed=1, out=out)
    assert json.loads((out / "outcome.json").read_text())["seed"] == 1 and first.seed == 0
    assert (out / "notes.txt").read_text() == "mine"
    with pytest.raises(ValueError, match="holds what separation found, and orthogonality would write over it: choose"):
        run_analysis("orthogonality", stores=[store], settings=FAST, out=out)

    # killed while it drew: figures of its own, no outcome, and a temporary file
    (out / "outcome.json").unlink()
    (out / "notes.txt").unlink()
    put_bytes(out / ".sex.pdf.7.tmp", b"", "figure")
    assert any(out.glob("*.svg"))
    check_folder(out, "separation")
    with pytest.raises(ValueError, match="files that orthogonality did not write"):
        check_folder(out, "orthogonality")


def test_a_folder_of_other_files_is_refused_before_anything_is_computed(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / ".hidden").touch()
    check_folder(mine, "separation")
    check_folder(tmp_path / "new", "separation")
    (mine / "sex.svg").write_text("<svg/>")
    (mine / "sex.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="holds files that separation did not write: 'sex.csv', 'sex.svg'. Choose"):
        run_analysis("separation", stores=[tmp_path / "no such store"], out=mine)
    assert (mine / "sex.csv").read_text() == "a,b\n" and len(list(mine.iterdir())) == 3
    with pytest.raises(ValueError, match="sex.csv is a file, and answers are written to a folder"):
        check_folder(mine / "sex.csv", "separation")
    shutil.rmtree(mine)
    mine.mkdir()
    for text in ("{", "[]", '{"of": "another program"}'):
        (mine / "outcome.json").write_text(text)
        with pytest.raises(ValueError, match="did not write: 'outcome.json'"):
            check_folder(mine, "separation")
