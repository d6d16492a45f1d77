"""One self-contained page of all that was asked of some vectors: it opens from a disk, with no network."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from embedlab.io.atomic import put_bytes
from embedlab.plots import page, picture, theme
from embedlab.plots.images import images
from embedlab.report import atlas, sections
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
) -> Path:
    """Write the page to `out` and give its path.

    `space` is the `Embeddings` whose images the map shows, or several. `outcomes` are judged `Outcome`s.
    `maps` are `Projection` results, or a mapping from name to result. Thumbnails come from the store at
    `thumbnails_of`, or from `thumbnails`, encoded images by `image_id`. `unasked` says why an analysis could
    not be run; `planted`, where the truth is known, what it is. `colour` is the column to colour by at first.
    """
    spaces = list(space) if isinstance(space, list | tuple) else [space]
    named = dict(maps) if isinstance(maps, Mapping) else {_name(m, maps): m for m in maps}
    facts = [o.to_dict() for o in outcomes]
    provenance = _provenance(facts, spaces)
    pages = sections.Pages(provenance)
    tiles = dict(thumbnails) if thumbnails is not None else _thumbnails(thumbnails_of)
    bundle = atlas.bundle(spaces, named, tiles, colour)
    title = title or _title(spaces[0])
    parts = [sections.found(facts), sections.data_section(spaces[0], facts, unasked or {}, planted)]
    if named:
        parts.append(sections.map_section(bundle, _stills(named, spaces, bundle["colour"], provenance)))
    parts += [sections.analysis_section(o, f, pages) for o, f in zip(outcomes, facts, strict=True)]
    parts.append(methods_section(outcomes, facts, provenance.get("versions", {})))
    parts.append(sections.provenance_section(provenance))
    lead = f"{len(facts)} question{'s' * (len(facts) != 1)} asked of {spaces[0]!r}"
    body = (
        f"<main id='main'><h1>{page.text(title)}</h1><p class='lead'>{page.text(lead)}</p>"
        f"{''.join(parts)}</main><footer></footer>"
    )
    style = {
        "pale": [c for c in (*theme.OKABE_ITO, *theme.PETROFF) if theme.pale(c)],
        "few": theme.OKABE_ITO,
        "many": theme.PETROFF,
        "shapes": theme.SHAPES,
        "paths": page.SHAPES,
    }
    blocks = (
        page.data("figures", pages.figures)
        + page.data("tables", pages.tables)
        + (page.data("atlas", bundle) if named else "")
        + page.data("look", style)
    )
    script = resources.files("embedlab.report").joinpath("atlas.js").read_text(encoding="utf-8")
    whole = page.shell(
        title,
        body,
        blocks=blocks,
        scripts=(script,) if named else (),
        nav=_nav(facts, bool(named)),
        eval_needed=bundle["gl"],
    )
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    put_bytes(out, whole.encode("utf-8"), "report")
    return out


def _name(projection, every) -> str:
    same = [m for m in every if m.method == projection.method]
    return (
        projection.method
        if len(same) == 1
        else f"{projection.method} {1 + [id(m) for m in same].index(id(projection))}"
    )


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


def _thumbnails(store: str | Path | None) -> dict[str, bytes]:
    """Give the thumbnails of a store by `image_id`, as that store itself numbers its rows."""
    if store is None:
        return {}
    from embedlab.io.store import open_store, thumbnails

    ids = open_store(store).rows["image_id"].to_list()
    found = thumbnails(store, range(min(len(ids), atlas.MOST_TILES)), "PNG")
    return {image: content for image, content in zip(ids, found, strict=False) if content is not None}


def _stills(named: Mapping, spaces: Sequence, colour: str, provenance: Mapping) -> list[tuple[str, bytes]]:
    """Draw each map once for readers without scripts, coloured as the page opens."""
    out = []
    for p in named.values():
        labels = None
        space = next((s for s in spaces if colour and s.has(colour)), None)
        if space is not None:
            known = dict(zip(space.rows["image_id"].to_list(), space.rows[colour].to_list(), strict=True))
            labels = [None if known.get(i) is None else str(known[i]) for i in p.image_id]
        drawn = picture(p, labels=labels, column=colour if labels else "")
        out.append((f"{drawn.title}. {p.caption}", images(drawn, dict(provenance), "nature-2col", ("svg",))["svg"]))
    return out
