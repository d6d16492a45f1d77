"""Long work says how far it is: a line for each tenth in a log, and one line that changes in place in a notebook."""

import io
import math
import re
import time

import pytest

from embedlab import progress
from tests.terminal import Terminal

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


def test_a_step_without_an_end_in_sight_says_how_long_it_has_run(monkeypatch):
    for name, value in (("_SILENT_SECONDS", 0.0), ("_BEAT_SECONDS", 0.01), ("_LOG_SECONDS", 0.02)):
        monkeypatch.setattr(progress, name, value)
    terminal, log = Terminal(), io.StringIO()
    with progress.waiting("asking separation", terminal), progress.waiting("asking separation", log):
        began = time.monotonic()
        while time.monotonic() < began + 60 and not (log.getvalue().count("\n") >= 3 and "·" in terminal.getvalue()):
            time.sleep(0.02)
        time.sleep(0.3)
        took = time.monotonic() - began
    assert "\r\x1b[2Kasking separation · " in terminal.getvalue() and terminal.getvalue().endswith("\r\x1b[2K")
    lines = log.getvalue().splitlines()
    assert all(re.fullmatch(r"asking separation · \d+ s so far", line) for line in lines)
    assert 3 <= len(lines) <= 2 + math.log2(1 + took / 0.02), "at each doubling"
    quiet = Terminal()
    with progress.waiting("asking", quiet), progress.Progress("counting", 3, "birds", quiet):
        time.sleep(0.1)
    assert "asking" not in quiet.getvalue(), "what counts says more"
    with pytest.raises(KeyError), progress.waiting("asking", Terminal()):
        raise KeyError("an error passes through")


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
