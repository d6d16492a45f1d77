"""A directive that lists pages with their titles and first sentences, so that a list never lags behind its pages."""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.matching import patfilter


class Cards(SphinxDirective):
    """Pages by name or pattern, one a line; each with what its first paragraph says first.

    A line `page: words` gives the words instead. A pattern takes what is there, in the order of names; a page that is
    not there is a broken reference, which Sphinx reports.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Give a list of references."""
        items = nodes.bullet_list(classes=["doors"])
        for line in self.content:
            name, _, words = (part.strip() for part in line.partition(":"))
            if not name:
                continue
            for doc in self._docs(name):
                title, said = _opening(Path(self.env.doc2path(doc)))
                link = addnodes.pending_xref(
                    "", nodes.inline(text=title), refdomain="std", reftype="doc", reftarget=f"/{doc}",
                    refdoc=self.env.docname, refexplicit=True, refwarn=True,
                )  # fmt: skip
                self.env.note_dependency(self.env.doc2path(doc))
                body = [nodes.paragraph("", "", link), nodes.paragraph(text=words or said)]
                items += nodes.list_item("", *body)
        return [items] if len(items) else []

    def _docs(self, name: str) -> list[str]:
        return sorted(patfilter(self.env.found_docs, name)) if "*" in name else [name]


def _opening(path: Path) -> tuple[str, str]:
    """The title and the first sentence of a page or a notebook; empty where the file cannot be read."""
    if not path.is_file():
        return path.stem, ""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    rest = text[title.end() :] if title else text
    first = next((p for p in re.split(r"\n\s*\n", rest) if p.strip() and not re.match(r"[#|!(<:-]|```", p.strip())), "")
    return _plain(title[1]) if title else path.stem, _sentence(_plain(" ".join(first.split())))


def _sentence(text: str) -> str:
    """The first sentence; of a long one, the part before its colon."""
    first = re.split(r"(?<=[.?!]) ", text)[0]
    return first if len(first) < 130 else re.split(r"(?<=\w)[:;] ", first)[0].rstrip(".") + "."


def _plain(text: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[`*]|\{[\w:]+\}", "", text).strip().rstrip(":")
