"""Every notebook is stored without outputs, defines nothing of its own, and runs from top to bottom."""

import json
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_clean(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert not [c["id"] for c in code if c["outputs"] or c["execution_count"]], "strip the outputs"
    text = "".join("".join(c["source"]) + "\n" for c in code)
    assert "def " not in text and "class " not in text, "what a notebook defines belongs in a module"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Jupyter's own parts warn about each other
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(path, tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    book = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(book, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(o.get("text", "") for c in book.cells if c.cell_type == "code" for o in c.outputs)
    assert "supported" in said
    assert not any(o.output_type == "error" for c in book.cells if c.cell_type == "code" for o in c.outputs)
