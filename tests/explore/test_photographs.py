"""Rows lead to photographs below one folder, as they were embedded, and nowhere else."""

import pytest
from asking import PAGE, ask

from embedlab.explore.live import Live
from embedlab.explore.photographs import Photographs, remembered
from embedlab.explore.server import Server
from embedlab.io.store import open_store


@pytest.fixture(scope="module")
def trap(hostile):
    space = open_store(hostile)
    with Server(PAGE, Live(space.rows["image_id"].to_list(), space, photographs=Photographs(hostile))) as server:
        yield server


@pytest.mark.parametrize(
    ("row", "status", "says"),
    [(0, 403, "leads out"), (1, 403, "leads out"), (2, 403, "leads out"), (3, 404, "no longer"), (4, 409, "embedded"),
     (5, 404, "too large"), (6, 404, "truncated"), (7, 404, "not an image"), (8, 404, "not an image"),
     (9, 404, "no longer there"), (10, 404, "no longer"), (11, 403, "leads out")],
)  # fmt: skip
def test_rows_that_lead_where_they_should_not(trap, row, status, says):
    found, _, content = ask(trap, f"image/{row}")
    assert found == status and says in content.decode() and len(content) < 120
    assert str(trap.live.photographs.root) not in content.decode()


def test_the_folder_may_be_given_and_must_exist(birds, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        Photographs(birds, tmp_path / "nowhere")
    assert Photographs(birds, tmp_path).root == tmp_path.resolve()


def test_the_folder_is_remembered_by_the_last_run_alone(birds, tmp_path):
    assert remembered(birds).name == "Vögel im Mai" and remembered(tmp_path) is None
    lines = ['{"root": "/first"}', "{broken", '{"root": "/second"}', '{"device": "cpu"}', '{"root": 3}', "[]"]
    (tmp_path / "runs.jsonl").write_text("\n".join(lines))
    assert str(remembered(tmp_path)) == "/second"
