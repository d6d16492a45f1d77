"""The docs as a site: what is made from the program, the package and figures, and a build without a warning."""

import importlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import embedlab as el
import embedlab.stats
from embedlab.data.synthetic import dimorphic_birds

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def maker():
    """The package that makes pages, which lives with the docs: `maker("links")` is a module of it."""
    sys.path.insert(0, str(DOCS))
    yield lambda name: importlib.import_module(f"maker.{name}")
    sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A folder of figures as a study leaves it: two worlds with an outcome each, and figures over worlds without."""
    top = tmp_path_factory.mktemp("figures")
    birds = dimorphic_birds(np.random.default_rng(7), species=8, per_cell=6)
    result = el.separation(birds, ("sex", "female", "male"), rng=0, permutations=19)
    first = top / "small" / "figures" / "world-11" / "separation"
    el.save(result, first, "sex")
    told = {"analysis": "separation", "question": "Do the *sexes* stand apart?", "exclusions": ["1 image | torn"],
            "seed": 3, "stores": [{"model": "toy", "rows": 96, "dim": 64}], "command": "embedlab run separation",
            "claims": [{"verdict": "supported", "sentence": "0.4 [0.2, 0.6] <b>", "exploratory": True}]}  # fmt: skip
    (first / "outcome.json").write_text(json.dumps(told))
    for other in ("world-12/separation", "over-worlds"):
        folder = top / "small" / "figures" / other
        folder.mkdir(parents=True)
        for kind in ("svg", "png", "csv"):
            (folder / f"sex.{kind}").write_bytes((first / f"sex.{kind}").read_bytes())
    (top / "small" / "stores").mkdir()
    (top / "small" / "stores" / "tile.svg").write_text("<svg/>")
    return top


def test_a_link_leads_to_the_same_place_from_another_page(maker):
    links = maker("links")

    def moved(text):
        return links.relinked(text, ROOT / "CONTRIBUTING.md", links.MADE / "contributing.md")

    assert moved("[a](docs/world.md#plates)") == "[a](../world.md#plates)"
    assert moved("[a](LOG.md), ![p](docs/pictures/x.png)") == "[a](log.md), ![p](../pictures/x.png)"
    assert moved("[a](analyses/scaling.py)") == "[a](../../analyses/scaling.py)"
    assert moved("[a](notebooks/01_tour.ipynb)") == "[a](notebooks/01_tour.ipynb)"
    assert moved("see [docs/](docs/)") == "see `docs/`"
    for kept in ("[a](https://a.org/x.md)", "[a](#commands)", "```md\n[a](docs/world.md)\n```\n"):
        assert moved(kept) == kept


def test_the_command_line_page_has_every_verb_and_option(maker):
    import typer

    from embedlab.cli import app

    (text,) = maker("commands").pages().values()
    sections = dict(re.findall(r"^### `embedlab ([\w-]+)`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    verbs = typer.main.get_command(app).commands
    assert list(sections) and set(sections) == set(verbs)
    for name, verb in verbs.items():
        for word in verb.params:
            if word.name not in ("as_json", "debug") and "--help" not in getattr(word, "opts", ()):
                said = word.opts[0] if word.opts[0].startswith("-") else (word.metavar or word.name.upper())
                assert f"`{said}`" in sections[name], f"{name}: {said}"
        assert f"embedlab {name}" in sections[name]
    assert "*Default: figures/ANALYSIS.*" in sections["run"] and "*Required.*" in sections["run"]


def test_the_reference_has_every_public_name_once(maker):
    pages = maker("doors").pages()
    objects = [
        name for text in pages.values() for name in re.findall(r"^`+\{py:\w+\} ([\w.]+)", text, re.MULTILINE)
    ]
    assert len(objects) == len(set(objects)), sorted({n for n in objects if objects.count(n) > 1})
    doors = {f"embedlab.{name}" for name in el.__all__} - {"embedlab.__version__"}
    assert doors <= set(objects), doors - set(objects)
    functions = {f"embedlab.stats.{name}" for name in embedlab.stats.__all__}
    assert functions <= set(objects), functions - set(objects)
    text = "".join(pages.values())
    assert "embedlab.orthogonality(embeddings, contrast, *," in text
    assert "{py:obj}`el.show <embedlab.show>`" in text  # names in backticks lead to what they name
    linked = set(re.findall(r"\{py:obj\}`[^`]*<([\w.]+)>`", text))
    assert linked <= set(objects), linked - set(objects)


def test_a_docstring_is_shown_as_it_was_meant(maker):
    render = maker("render")
    said = "Give `x` of *args, [low, high].\n\n>>> 1 + 1\n2\n\nSee docs/world.md; a_b <c>."
    page = DOCS / "made" / "api" / "x.md"
    told = render.prose(said, render.Index(), None, page)
    assert "`x` of \\*args, \\[low, high\\]." in told and "```pycon\n>>> 1 + 1\n2\n```" in told
    assert "[world](../../world.md)" in told and "a\\_b \\<c>" in told


def test_words_show_as_themselves_and_code_stays_code(maker):
    escaped = maker("words").escaped
    assert escaped("a_b | `c_d|e` of *args, [low, high] <x> \\1") == (
        "a\\_b \\| `c_d\\|e` of \\*args, \\[low, high\\] \\<x> \\\\1"
    )


def test_the_questions_page_has_all_claims(maker):
    from embedlab.study import list_analyses, load_analysis

    (text,) = maker("questions").pages().values()
    for told in list_analyses():
        assert f"## `{told['name']}`" in text and told["question"] in text
        for claim in getattr(load_analysis(told["name"]), "CLAIMS", ()):
            assert claim.says in text.replace("\\", "")


def test_the_first_page_has_the_words_of_a_study_where_there_are_any(maker, tmp_path):
    pages = maker("pages")
    part, whole = pages.verdicts(tmp_path).values()
    assert "embedlab reproduce medium" in part and "embedlab reproduce medium" in whole and "|" not in part
    study = tmp_path / "figures" / "medium"
    study.mkdir(parents=True)
    (study / "papers.md").write_text("| published | our verdict |\n|---|---|\n| x | **supported** |\n\njson 1a\n")
    (study / "verdicts.md").write_text("| claim | verdict |\n|---|---|\n| y | **contradicted** |\n\nAll 1 claims.\n")
    part, whole = pages.verdicts(tmp_path).values()
    assert part.startswith("| published | our verdict |") and "(made/verdicts.md)" in part
    assert "**contradicted**" in whole and "All 1 claims." in whole
    none = {"mean": None, "low": None, "high": None}
    claim = {"id": "scaling/images/stage-separation-grows", "says": "It grows.", "axis": "images", "statistic": "slope",
             "estimate": None, "interval": [None, None], "chance": none, "agree": 1, "p_value": 1.0, "p_adjusted": 1.0,
             "worlds": [{"estimate": 0.1}, {"estimate": None}], "verdict": "cannot tell"}  # fmt: skip
    (study / "outcome.json").write_text(json.dumps({"worlds": 2, "worlds_in_all": 6, "claims": [claim]}))
    for page in pages.verdicts(tmp_path).values():
        assert "2 of 6 worlds are judged, 1 claims" in page and "| **cannot tell** |" in page
        assert "1 of 2 worlds could not decide" in page, "from the numbers, in today's words"


def test_the_gallery_shows_one_world_and_names_the_others(maker, figures):
    wall, links = maker("wall"), maker("links")
    pages = wall.pages(figures)
    names = sorted(p.name for p in pages)
    assert names == ["index.md", "small-figures-over-worlds.md", "small-figures-world-11-separation.md"]
    index = pages[wall.GALLERY / "index.md"]
    assert "## The study `small`\n" in index and "## The study `small`, world 11\n" in index
    assert "world-12; their figures lie beside" in index and "1 supported" in index
    page = pages[wall.GALLERY / "small-figures-world-11-separation.md"]
    assert r"Do the \*sexes\* stand apart?" in page and "(exploratory)" in page and r"\<b>" in page
    there = re.findall(r'(?:href|src)="../../_figures/([^"]+)"', page)
    assert {Path(f).suffix for f in there} == {".html", ".pdf", ".svg", ".png", ".csv", ".webp", ".json"}
    assert "literalinclude} ../../../analyses/separation.py" in page and "embedlab run separation" in page
    assert (links.MADE / "gallery" / "../../../analyses/separation.py").resolve().is_file()


def test_without_figures_the_gallery_says_how_to_make_them(maker, tmp_path):
    (text,) = maker("wall").pages(tmp_path).values()
    assert "make figures" in text


def test_links_to_other_sites_are_well_formed():
    """No network here: an address is looked at for its form. Machines of one's own and plain http are no sources."""
    wrong = []
    for page in [*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "CITATION.cff"]:
        for found in re.findall(r"\bhttps?://[^\s)>\]`\"',]+", page.read_text(encoding="utf-8")):
            parts = urlsplit(found)
            host = re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", parts.netloc)
            if parts.scheme != "https" or not host or "localhost" in found or found.endswith("."):
                if not found.startswith("http://127.0.0.1"):  # the live explorer's own
                    wrong.append(f"{page.name}: {found}")
    assert not wrong, wrong


def test_every_page_is_in_a_list():
    """A page that no list names is built and never found; Sphinx warns of it, and here it is seen without a build."""
    lists = "\n".join(
        (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for name in ("index", "tutorials", "howto", "explanation", "reference")
    )
    named = re.findall(r"^([\w/*-]+)$", lists, re.MULTILINE)
    patterns = [re.compile(re.escape(n).replace(r"\*", "[^/]*") + "$") for n in named]
    lost = [p.stem for p in DOCS.glob("*.md") if p.stem != "index" and not any(r.match(p.stem) for r in patterns)]
    assert not lost, f"put into the toctree of tutorials, howto, explanation or reference: {lost}"


class _Links(HTMLParser):
    """Addresses of a page: what it leads to, what it brings along, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.brings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Sort one tag's addresses."""
        told = dict(attrs)
        if tag == "a" and told.get("href"):
            self.leads.append(told["href"])
        elif tag == "link" and told.get("rel") not in ("canonical",) and told.get("href"):
            self.brings.append(told["href"])
        elif tag in ("img", "script", "iframe", "source") and told.get("src"):
            self.brings.append(told["src"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_site_is_built_without_a_warning(figures, tmp_path):
    pytest.importorskip("sphinx", reason="the extra docs is not installed: pip install 'embedlab[docs]'")
    pytest.importorskip("myst_nb")
    pytest.importorskip("pydata_sphinx_theme")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(tmp_path / "trees"),
               "-D", f"el_figures={figures}", str(DOCS), str(tmp_path / "site")]  # fmt: skip
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=quiet)
    assert done.returncode == 0, (done.stderr + done.stdout)[-4000:]
    site = tmp_path / "site"
    pages = sorted(p for p in site.rglob("*.html") if "_static" not in p.parts and "_figures" not in p.parts)
    assert len(pages) > 40 and (site / "index.html") in pages
    lost, outside = [], []
    for page in pages:
        links = _Links(page.read_text(encoding="utf-8"))
        outside += [f"{page.name}: {a}" for a in links.brings if re.match(r"(https?:)?//", a)]
        for address in (*links.leads, *links.brings):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            if not (page.parent / unquote(parts.path)).exists():
                lost.append(f"{page.relative_to(site)}: {address}")
    assert not outside, f"asks the network for {outside[:5]}"
    assert not lost, f"{len(lost)} links lead nowhere: {lost[:10]}"
    shown = site / "_figures" / "small" / "figures" / "world-11" / "separation" / "sex.html"
    said = shown.read_text(encoding="utf-8")
    assert len(said) < 1_000_000 and "plotly.min.js" in said and "script-src 'self' file: 'unsafe-inline'" in said
    assert (shown.parent / "../../../../plotly.min.js").resolve().is_file()
