"""One page over all figures of a folder: what was asked, what was found, and every picture with its files.

`python -m embedlab.plots.gallery figures` writes `figures/index.html` from the `outcome.json` files beneath it.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from embedlab.io.atomic import put_bytes
from embedlab.plots.origin import origin
from embedlab.plots.page import shell, text
from embedlab.plots.theme import sentence_case
from embedlab.plots.typography import typeset

KINDS = {"html": "interactive", "pdf": "PDF", "svg": "SVG", "png": "PNG", "csv": "numbers (CSV)"}
CLAIMS = 4  # of a question that are told at once
DEEP = 4  # folders below which no outcome is looked for
# A file's own pictures, beside it: 'self' is nothing for a page opened from disk, which `file:` then serves.
POLICY = (
    "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
STYLE = """
.wall{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr));gap:1.1rem;margin:1rem 0 .4rem}
.card{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden;display:flex;flex-direction:column}
.card a.look{display:block;background:#fff;height:15rem;overflow:hidden;border-bottom:1px solid var(--line)}
.card img{display:block;width:100%;height:100%;object-fit:cover;object-position:top left}
.card figcaption{padding:.55rem .8rem .7rem}.card b{color:var(--ink);font-weight:600}
.how summary{font-size:.86rem}
.found{list-style:none;padding:0;margin:.6rem 0}.found li{margin:.35rem 0}.found .verdict{font-weight:650}
@media (min-width:48rem){.one{display:grid;grid-template-columns:minmax(0,1fr) 24rem;gap:0 2rem;align-items:start}
.one .wall{grid-column:2;grid-row:1/span 9;margin:0;grid-template-columns:1fr}.one>:not(.wall){grid-column:1}}
@media print{.card a.look{height:auto}.card img{height:auto;object-fit:contain}}
"""


def gallery(folder: str | Path) -> Path:
    """Write `index.html` into a folder of figures and give its path.

    A section a folder with an `outcome.json` (or a report), in the order of their names; pictures by relative links, so
    that the folder can be moved or served whole. Nothing is computed. Without an outcome beneath it: ValueError.
    """
    folder = Path(folder)
    found = sorted(p for p in folder.rglob("outcome.json") if len(p.relative_to(folder).parts) <= DEEP)
    read = [(p.parent, facts) for p in found if (facts := _facts(p)) is not None]
    reports = sorted(p for p in folder.rglob("report.html") if len(p.relative_to(folder).parts) <= DEEP)
    if not read and not reports:
        raise ValueError(f"no outcome.json beneath {folder}: make figures first (make figures, embedlab run … --out)")
    sections = "".join(_section(where, facts, folder) for where, facts in read)
    links = "".join(f'<li><a href="{_link(p, folder)}">{text(_name(p.parent, folder))}</a></li>' for p in reports)
    claims = sum(len(facts["claims"]) for _, facts in read)
    body = (
        f"<main id='main'><h1>Figures</h1><p class='lead'>{len(read)} questions, {claims} claims. Each picture leads "
        "to its interactive page; beneath it are the files for print and the numbers. All is remade by "
        "<code>make figures</code>.</p>"
        + (f"<section><h2>Reports</h2><ul>{links}</ul></section>" if links else "")
        + f"{sections}</main>"
    )
    out = folder / "index.html"
    put_bytes(out, shell("Figures", body, blocks="", scripts=(), figures=False, style=STYLE, policy=POLICY).encode(),
              "gallery")  # fmt: skip
    return out


def _facts(path: Path) -> dict | None:
    """What an outcome says; None for a file of another kind, such as the list that a report writes."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    good = isinstance(facts, dict) and {"analysis", "question", "claims"} <= set(facts)
    return facts if good and isinstance(facts["claims"], list) else None


def _name(where: Path, folder: Path) -> str:
    """What a folder is called on the page: its path below, or its own name at the top."""
    below = where.relative_to(folder).as_posix()
    return sentence_case((where.resolve().name if below == "." else below).replace("_", " "))


def _link(path: Path, folder: Path) -> str:
    return text(quote(path.relative_to(folder).as_posix()))


def _section(where: Path, facts: dict, folder: Path) -> str:
    verdicts = [
        f"<li><span class='verdict'>{text(c.get('verdict', 'not judged'))}</span>"
        f"{' <span class=stamp>exploratory</span>' if c.get('exploratory') else ''}: "
        f"{text(typeset(c.get('sentence', '')))}</li>"
        for c in facts["claims"]
    ]
    found, rest = verdicts[:CLAIMS], verdicts[CLAIMS:]
    words = Counter(c.get("verdict", "not judged") for c in facts["claims"][CLAIMS:])
    more = f"<details><summary>{len(rest)} more: {', '.join(f'{n} {text(word)}' for word, n in words.most_common())}"
    more += f"</summary><ul class='found'>{''.join(rest)}</ul></details>"
    pictures = sorted(where.glob("*.svg"))
    cards = "".join(_card(p, folder) for p in pictures)
    single = ' class="one"' if len(pictures) == 1 else ""
    stores = facts.get("stores", [])
    said = origin({"stores": stores, "seed": facts.get("seed", 0), "left_out": facts.get("exclusions", [])})
    command = f"<code>{text(facts['command'])}</code><br>" if facts.get("command") else ""
    return (
        f'<section{single} id="{text(where.relative_to(folder).as_posix())}"><h2>{text(_name(where, folder))}</h2>'
        f'<p class="question">{text(facts["question"])}</p><ul class="found">{"".join(found)}</ul>'
        f'{more if rest else ""}<div class="wall">{cards}</div><p class="note">{text(said)}</p><details class="how">'
        f'<summary>How it was asked</summary><p class="note">{command}'
        f'<a href="{_link(where / "outcome.json", folder)}">outcome.json</a></p></details></section>'
    )


def _card(svg: Path, folder: Path) -> str:
    """A picture that leads to its page, with its other files."""
    name = svg.stem.replace("_", " ")
    there = {kind: svg.with_suffix(f".{kind}") for kind in KINDS if svg.with_suffix(f".{kind}").is_file()}
    main = there.get("html", svg)
    links = " · ".join(f'<a href="{_link(path, folder)}">{KINDS[kind]}</a>' for kind, path in there.items())
    return (
        f'<figure class="card" data-el="card"><a class="look" href="{_link(main, folder)}"><img loading="lazy" '
        f'src="{_link(svg, folder)}" alt="{text(name)}: open the interactive figure"></a>'
        f"<figcaption><b>{text(name)}</b><br>{links}</figcaption></figure>"
    )


if __name__ == "__main__":
    print(gallery(sys.argv[1] if len(sys.argv) > 1 else "figures"))
