"""Long work says how far it is: a line for each tenth in a log, and one line that changes in place in a notebook."""

import io

import pytest

from embedlab import progress

WORK = """
import time
from embedlab.progress import Progress

with Progress("counting", 4, "birds") as line:
    time.sleep(2.05)
    for bird in range(4):
        line.add()
        time.sleep(0.3)
"""


def test_a_log_gets_a_line_a_tenth_and_short_work_none(monkeypatch):
    log = io.StringIO()
    with progress.Progress("counting", 1000, "birds", log) as line:
        line.add(1000)
    assert log.getvalue() == ""  # done within two seconds: nothing to say
    monkeypatch.setattr(progress, "_SILENT_SECONDS", -1.0)
    with progress.Progress("counting", 1000, "birds", log) as line:
        for _ in range(1000):
            line.add()
    said = log.getvalue().splitlines()
    assert len(said) == 10 and said[0].startswith("counting · 100/1,000 birds")
    assert "done in" in said[-1] and "\r" not in log.getvalue()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Jupyter's own parts warn about each other
def test_a_notebook_gets_one_line_that_ends_as_done_and_nothing_in_red(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WORK)])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = book.cells[0].outputs
    assert [o.output_type for o in outputs] == ["display_data"]
    said = outputs[0].data["text/plain"]
    assert said.startswith("counting · 4/4 birds") and "done in" in said
