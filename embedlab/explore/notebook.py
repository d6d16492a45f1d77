"""The explorer in a cell of a notebook: a widget that tells Python what was chosen, or else a page in a frame."""

import hashlib
import html
import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from embedlab.data import Embeddings
from embedlab.explore.opening import Opened
from embedlab.io.atomic import put_bytes

INLINE_BYTES = 5_000_000  # pages up to this size stand in the notebook itself; larger ones in a file beside it
HIGH_PX = 860
STILLS = 4  # maps drawn for readers of an exported notebook
STILL_DPI = 110


class View:
    """Linked maps. A cell shows them; `selection()` gives what is chosen there, `save(path)` writes the page."""

    def __init__(self, made: Opened):
        self._made = made

    def __repr__(self) -> str:
        shown, names = len(self._made.bundle["ids"]), [m["name"] for m in self._made.bundle["maps"]]
        return f"linked maps of {shown:,} images: {', '.join(names)}"

    @property
    def bundle(self) -> dict:
        """What the page draws from; docs/bundle.md describes it."""
        return self._made.bundle

    @cached_property
    def widget(self):
        """The live widget of this view, or None where anywidget is not installed."""
        from embedlab.explore.widget import widget_of

        return widget_of(self._made.bundle)

    def selection(self, csv: str | Path | None = None) -> Embeddings:
        """Give what is chosen on the maps as `Embeddings`, in the order of the rows of the last space.

        With `csv`, what stands in a file that the page's download or `embedlab explore` wrote. Nothing chosen gives
        `Embeddings` of no row.
        """
        if csv is not None:
            ids = pl.read_csv(csv, columns=["image_id"], schema_overrides={"image_id": pl.String})["image_id"].to_list()
        elif self.widget is None:
            raise ImportError(
                "a page in a frame cannot tell Python what is chosen: pip install 'embedlab[notebook]' brings the "
                "widget that does, or download the choice there and say view.selection('selection.csv')"
            )
        else:
            ids = list(self.widget.chosen)
        space = self._made.spaces[-1]
        hit = space.column("image_id").is_in(pl.Series(ids, dtype=pl.String).implode())
        if (found := int(hit.sum())) < len(set(ids)):
            lost = f"{len(set(ids)) - found} of {len(set(ids))} chosen images"
            raise ValueError(f"{lost} are not of {space!r}: choose on a map of these vectors")
        return space.take(hit.to_numpy())

    def select(self, ids: Sequence[str] | Embeddings) -> None:
        """Choose images on the maps from Python, by image_id; shown by the widget alone."""
        if self.widget is None:
            raise ImportError("a page in a frame takes no choice from Python: pip install 'embedlab[notebook]'")
        named = ids.column("image_id").to_list() if isinstance(ids, Embeddings) else [str(i) for i in ids]
        if strange := sorted(set(named) - set(self._made.bundle["ids"]))[:5]:
            raise KeyError(f"not on these maps: {', '.join(strange)}; choose image_ids of theirs")
        self.widget.asked = named

    def save(self, path: str | Path) -> Path:
        """Write the maps as one page that needs no network, and give its path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        put_bytes(path, self._made.page().encode("utf-8"), "page")
        return path

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        out = {"text/plain": repr(self), "image/png": self.still}
        if self.widget is not None:
            shown = self.widget._repr_mimebundle_() or {}
            return {**out, **(shown[0] if isinstance(shown, tuple) else shown), "text/plain": repr(self)}
        return {**out, "text/html": self.frame()}

    def frame(self, folder: str | Path = ".") -> str:
        """Give the page in a frame: inside the cell up to 5 MB, else from a file written beside the notebook."""
        page = self._made.page({"kind": "cell"})
        style = f"width:100%;height:{HIGH_PX}px;border:1px solid #dedbd5;border-radius:8px"
        if len(page.encode()) < INLINE_BYTES:
            return f'<iframe title="{html.escape(repr(self))}" style="{style}" srcdoc="{html.escape(page)}"></iframe>'
        name = f"embedlab-map-{hashlib.sha256(page.encode()).hexdigest()[:12]}.html"
        if not (Path(folder) / name).exists():
            put_bytes(Path(folder) / name, page.encode("utf-8"), "page")
        return (
            f'<iframe title="{html.escape(repr(self))}" style="{style}" src="{name}"></iframe>'
            f"<p>In a file beside this notebook: <a href='{name}' target='_blank'>{name}</a></p>"
        )

    @cached_property
    def still(self) -> bytes:
        """The maps as a PNG for print and for readers without scripts: at most four, coloured as the page opens."""
        from PIL import Image

        drawn = [Image.open(io.BytesIO(self._still(name))) for name in list(self._made.maps)[:STILLS]]
        whole = Image.new("RGB", (sum(p.width for p in drawn), max(p.height for p in drawn)), "white")
        left = 0
        for one in drawn:
            whole.paste(one.convert("RGB"), (left, 0))
            left += one.width
        out = io.BytesIO()
        whole.save(out, "PNG", optimize=True)
        return out.getvalue()

    def _still(self, name: str) -> bytes:
        import matplotlib

        from embedlab.plots import paper, picture, theme

        m, space = self._made.maps[name], self._made.of[name]
        colour, labels = self._made.bundle["colour"], None
        if colour and space.has(colour) and not space.column(colour).dtype.is_numeric():
            known = dict(zip(space.rows["image_id"].to_list(), space.rows[colour].cast(str).to_list(), strict=True))
            labels = [known.get(i) for i in m.image_id]
        figure = paper.figure(picture(m, labels=labels, column=colour if labels else ""), "nature-1col")
        out = io.BytesIO()
        with matplotlib.rc_context(theme.rc(theme.preset("nature-1col")[1])):
            figure.savefig(out, format="png", dpi=STILL_DPI)
        return out.getvalue()
