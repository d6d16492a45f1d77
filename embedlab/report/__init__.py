"""One self-contained page of all that was asked of some vectors: it opens from a disk, with no network."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from embedlab import explore
from embedlab.explore import tiles
from embedlab.explore.page import blocks, named
from embedlab.io.atomic import put_bytes
from embedlab.plots import page, picture
from embedlab.plots.marks import Picture
from embedlab.plots.typography import typeset_html
from embedlab.report import sections
from embedlab.report.board import board
from embedlab.report.methods import methods_section

__all__ = ["board", "report"]


def report(
    space,
    outcomes: Sequence,
    out: str | Path,
    *,
    maps=(),
    thumbnails_of: str | Path | None = None,
    thumbnails: Mapping[str, bytes] | None = None,
    unasked: Mapping[str, str] | None = None,
    title: str = "",
    planted: Sequence[str] = (),
    colour: str | None = None,
    parts: Mapping[str, object] | None = None,
) -> Path:
    """Write the page to `out` and give its path.

    `space` is the `Embeddings` whose images the map shows, or several. `outcomes` are judged `Outcome`s.
    `maps` are `Projection` results, or a mapping from name to result. Thumbnails come from the store at
    `thumbnails_of`, or from `thumbnails`, encoded images by `image_id`. `unasked` says why an analysis could
    not be run; `planted`, where the truth is known, what it is. `colour` is the column to colour by at first;
    `parts` are further parts of the map's bundle, as `embedlab.explore.bundle` takes them.
    """
    spaces = list(space) if isinstance(space, list | tuple) else [space]
    shown = named(maps)
    facts = [o.to_dict() for o in outcomes]
    provenance = _provenance(facts, spaces)
    pages = sections.Pages(provenance)
    pictures = dict(thumbnails) if thumbnails is not None else tiles.of_store(thumbnails_of)
    bundle = explore.bundle(spaces, shown, pictures, colour, parts=parts)
    title = title or _title(spaces[0])
    body = [
        sections.found(facts),
        sections.data_section(spaces[0], facts, unasked or {}, planted, sections.composed(spaces[0], pages)),
    ]
    if shown:
        body.append(sections.map_section(bundle, _stills(shown, spaces, bundle["colour"]), provenance))
    body += [sections.analysis_section(o, f, pages) for o, f in zip(outcomes, facts, strict=True)]
    body.append(methods_section(outcomes, facts, provenance.get("versions", {})))
    lead = f"{len(facts)} question{'s' * (len(facts) != 1)} asked of {spaces[0]!r}"
    said = typeset_html(f"<p class='lead'>{page.text(lead)}</p>{''.join(body)}")  # here once, not in every measure
    whole = page.shell(
        title,
        f"<main id='main'><h1>{page.text(title)}</h1>{said}{sections.provenance_section(provenance)}</main>"
        "<footer></footer>",
        blocks=page.data("figures", pages.figures)
        + page.data("tables", pages.tables)
        + (blocks(bundle) if shown else ""),
        scripts=(explore.script(),) if shown else (),
        nav=_nav(facts, bool(shown)),
        style=explore.style() if shown else "",
    )
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    put_bytes(out, whole.encode("utf-8"), "report")
    return out


def _title(space) -> str:
    model = space.card.get("model")
    who = "What these vectors know" if model in (None, "", "not stated") else f"What {model} knows"
    species = f" of {space.rows['species'].drop_nulls().n_unique():,} species" if space.has("species") else ""
    return f"{who} of {space.n:,} images{species}"


def _nav(facts: Sequence[Mapping], with_map: bool) -> str:
    links = [("found", "Found"), ("data", "Data"), *([("map", "Map")] if with_map else [])]
    links += [(f["analysis"], f["analysis"].replace("_", " ").capitalize()) for f in facts]
    links += [("methods", "Methods"), ("provenance", "Provenance")]
    items = "".join(f'<li><a href="#{page.text(a)}">{page.text(b)}</a></li>' for a, b in links)
    return f'<nav class="top" aria-label="Sections"><ul>{items}</ul></nav>'


def _provenance(facts: Sequence[Mapping], spaces: Sequence) -> dict:
    """Give the keys of the stores, seeds, versions and commands behind the page, each once."""
    stores = [{"model": s.card.get("model"), "key": s.card.get("key")} for s in spaces]
    out: dict = {"stores": list({s["key"]: s for f in facts for s in f["stores"]}.values()) or stores}
    for name in ("seed", "command"):
        values = list(dict.fromkeys(f[name] for f in facts if f[name] != ""))
        if values:
            out[name] = values[0] if len(values) == 1 else values
    if facts:
        out["versions"] = dict(facts[0]["versions"])
    return out


def _stills(shown: Mapping, spaces: Sequence, colour: str) -> list[Picture]:
    """Lay out each map for readers without scripts, coloured as the page opens."""
    out = []
    for p in shown.values():
        labels = None
        space = next((s for s in spaces if colour and s.has(colour)), None)
        if space is not None:
            known = dict(zip(space.rows["image_id"].to_list(), space.rows[colour].to_list(), strict=True))
            labels = [None if known.get(i) is None else str(known[i]) for i in p.image_id]
        out.append(picture(p, labels=labels, column=colour if labels else ""))
    return out
