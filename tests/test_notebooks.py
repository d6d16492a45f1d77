"""Every notebook is stored without outputs, defines nothing of its own, and runs through without a murmur."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TOUR = FOLDER / "01_tour.ipynb"


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_clean(path):
    cells = cells_of(path)
    code = [c for c in cells if c["cell_type"] == "code"]
    assert not [c["id"] for c in code if c["outputs"] or c["execution_count"]], "strip the outputs"
    text = "".join(source(c) + "\n" for c in code)
    assert not re.search(r"^\s*(def|class|async def) ", text, re.M), "what a notebook defines belongs in a module"
    assert text.count("lambda") <= 3 and not re.search(r"^\s*[%!]", text, re.M), "plain calls, nothing to configure"
    told = "".join(source(c) + "\n" for c in cells if c["cell_type"] == "markdown")
    assert told.startswith("# ") and "chance" in told.lower(), "say what chance would give"


def ran(path, home):
    """The notebook as it is after a run in the folder `home`; it may fail, warn or log nowhere."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    book = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")  # as Jupyter will have it; without, it warns
        nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(home)}}).execute()
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"], "no warning, no log line"
    return book


def kinds(outputs):
    """What a reader sees, as MIME types, a line of progress left out."""
    shown = [set(o.data) for o in outputs if o.output_type in ("display_data", "execute_result")]
    return [mime for mime in shown if mime != {"text/plain"}]


def said(outputs):
    return "".join(o.text for o in outputs if o.output_type == "stream")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One folder for all, as readers have it: what one notebook leaves there must not trip the next."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("default")  # Jupyter's own parts warn about each other
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p != TOUR], ids=lambda p: p.stem)
def test_runs(path, home):
    outputs = [o for c in ran(path, home).cells if c.cell_type == "code" for o in c.outputs]
    assert "supported" in said(outputs), "a story ends in a verdict"
    assert kinds(outputs), "a story shows something"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("default")
def test_the_tour_begins_with_twelve_lines_from_images_to_a_judged_claim(home):
    book = ran(TOUR, home)
    first = next(c for c in book.cells if c.cell_type == "code")
    lines = [line for line in first.source.splitlines() if line.strip()]
    assert len(lines) <= 12, f"{len(lines)} lines"
    assert not any(line.strip().startswith("#") or ";" in line for line in lines), "lines as people write them"
    assert 'el.extract("animals' in first.source  # from images: files in a folder, and a model
    seen = kinds(first.outputs)
    assert len(seen) == 2, "a linked map and a gallery, nothing else"
    linked, tiles = seen
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= linked
    assert "text/html" in tiles
    shown = next(o for o in first.outputs if "text/html" in o.get("data", {}))
    assert shown.data["text/html"].count("<img ") == 16
    assert shown.data["text/html"].count('src="data:image/') == 16  # the photographs themselves
    words = said(first.outputs)
    assert re.search(r"Fisher ratio of juvenile vs adult: 0\.\d+ \[.*shuffled labels.*p = ", words)
    assert "— supported: excess over chance" in words and len(words.strip().splitlines()) <= 3
    progress = [o for o in first.outputs if set(o.get("data", {})) == {"text/plain"}]
    assert len(progress) <= 2  # painting and extracting: a line each that is drawn again, and only where it takes long
    assert "supported" in said([o for c in book.cells if c.cell_type == "code" for o in c.outputs if c is not first])
