"""The explorer as a page of its own: one file, no network, no plotly."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from embedlab.explore import tiles
from embedlab.explore.assets import script, style
from embedlab.explore.bundle import bundle
from embedlab.io.atomic import put_bytes
from embedlab.plots import page

MOST_NOTES = 3  # shown at once above the maps
ROOT = '<div data-explore class="embedlab js"></div>'  # where a page's own view is mounted


def html(
    space,
    maps,
    out: str | Path,
    *,
    colour: str | None = None,
    thumbnails_of: str | Path | None = None,
    thumbnails: Mapping[str, bytes] | None = None,
    of: Mapping | None = None,
    parts: Mapping[str, object] | None = None,
    title: str = "",
) -> Path:
    """Write a self-contained page with the linked maps of `space` to `out` and give its path.

    `space` is the `Embeddings` whose rows tell the facts, or several. `maps` are `Projection` results, or a mapping
    from name to result: one panel each. Thumbnails come from the store at `thumbnails_of`, or from `thumbnails`,
    encoded images by `image_id`. `colour`, `of` and `parts` as in `bundle`.
    """
    spaces = list(space) if isinstance(space, list | tuple) else [space]
    pictures = dict(thumbnails) if thumbnails is not None else tiles.of_store(thumbnails_of)
    made = bundle(spaces, named(maps), pictures, colour, of=of, parts=parts)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    put_bytes(out, whole(made, title=title or heading(spaces, made)).encode("utf-8"), "page")
    return out


def named(maps) -> dict:
    """Give maps by name: a mapping as it is, one map or several by their method, numbered where methods repeat."""
    if isinstance(maps, Mapping):
        return dict(maps)
    every = list(maps) if isinstance(maps, Sequence) else [maps]
    if bare := [type(m).__name__ for m in every if not hasattr(m, "method")]:
        raise TypeError(
            f"a map is what el.project gives; saw {bare[0]}. Say el.show(el.project(birds, 'pca', rng=0)), or "
            "el.explore(birds), which makes its own"
        )
    out = {}
    for m in every:
        same = [id(other) for other in every if other.method == m.method]
        out[m.method if len(same) == 1 else f"{m.method} {1 + same.index(id(m))}"] = m
    return out


def whole(made: Mapping, *, title: str, host: Mapping | None = None, policy: str = "") -> str:
    """Give the whole page around a bundle.

    `host` names the kind of host and its settings, `{"kind": "file"}` unless given; `policy` stands in place of the
    page's security policy where a server's page may ask its server.
    """
    body = (
        f"<main id='main' class='wide'><h1>{page.text(title)}</h1>{notes_html(made)}"
        "<noscript><p>This page draws maps by script. Its images and numbers are in the store it was made from; "
        "<code>embedlab report</code> writes a page that can be read without scripts.</p></noscript>"
        f"{ROOT}</main>"
    )
    return page.shell(
        title,
        body,
        blocks=blocks(made, host),
        scripts=(script(),),
        figures=False,
        style=style() + "main.wide{max-width:100rem;padding-bottom:3rem}",
        policy=policy,
    )


def blocks(made: Mapping, host: Mapping | None = None) -> str:
    """Give the JSON blocks that the script reads."""
    return page.data("explore-bundle", dict(made)) + page.data("explore-host", dict(host or {"kind": "file"}))


def notes_html(made: Mapping) -> str:
    """Give what is to be said of the maps as a whole: samples, missing thumbnails; folded away where it is much."""
    said = [f"<p class='note' data-el='map-note'>{page.text(n)}</p>" for n in made["notes"]]
    if len(said) <= MOST_NOTES:
        return "".join(said)
    rest = said[MOST_NOTES - 1 :]
    return (
        f"{''.join(said[: MOST_NOTES - 1])}<details><summary>{len(rest)} more notes</summary>{''.join(rest)}</details>"
    )


def heading(spaces: Sequence, made: Mapping) -> str:
    """Give a title from what is shown: how many images, and by which models."""
    models = list(dict.fromkeys(str(s.card.get("model")) for s in spaces if s.card.get("model")))
    by = f" as {', '.join(models[:3])}{' and others' * (len(models) > 3)} sees them" if models else ""
    return f"{made.get('total', len(made['ids'])):,} images{by}"
