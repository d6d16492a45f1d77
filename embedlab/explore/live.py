"""What a page can ask of Python while it is open: photographs, neighbours, words, counts of all, a table on disk."""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from embedlab.data import Embeddings
from embedlab.explore.photographs import Photographs, Refused
from embedlab.io.atomic import put_bytes

BLOCK = 65_536  # rows compared at a time
MOST_NEIGHBOURS = 100
MOST_CORNERS = 5_000  # of a lasso
LONGEST_WORDS = 300  # characters of a search
WIDEST = 512  # cells of a density picture along one side


class Live:
    """Answers about one bundle. Rows are the bundle's: row r is `ids[r]`, whatever its position in a store.

    `space` is the `Embeddings` whose full space is searched, `places` holds for each map of the page the coordinates
    of every vector of it in the page's own units, as `(ids, x, y)`: a lasso counts them all, shown or not. `words`
    turns a text into a vector of the same space. Files of selections go to `folder`.
    """

    def __init__(self, ids: Sequence[str], space: Embeddings, places: Sequence = (), *,
                 photographs: Photographs | None = None, words: Callable[[str], np.ndarray] | None = None,
                 folder: str | Path = "."):  # fmt: skip
        self.ids, self.space = list(ids), space
        self.places = [(pl.Series("image_id", i, dtype=pl.String), np.asarray(x, float), np.asarray(y, float))
                       for i, x, y in places]  # fmt: skip
        self.photographs, self.words, self.folder = photographs, words, Path(folder)
        own = space.column("image_id")
        page = pl.DataFrame({"image_id": self.ids, "row": range(len(self.ids))},
                            schema={"image_id": pl.String, "row": pl.Int64})  # fmt: skip
        beside = pl.DataFrame({"image_id": own, "at": np.arange(space.n)})
        at = page.join(beside, on="image_id", how="left", maintain_order="left")["at"]
        self._at = at.fill_null(-1).to_numpy()  # row of the page → position in the space
        self._row = np.full(space.n, -1, np.int64)  # and back; −1 for what the page does not show
        known = self._at >= 0
        self._row[self._at[known]] = np.flatnonzero(known)
        self._length: np.ndarray | None = None
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self.written: list[Path] = []

    def can(self) -> dict[str, bool]:
        """What the page may offer: `image`, `text`; the rest is always there."""
        return {"image": self.photographs is not None and self.photographs.root is not None,
                "text": self.words is not None}  # fmt: skip

    def image(self, row: int) -> bytes:
        """The photograph of a row, as JPEG."""
        if self.photographs is None:
            raise Refused(404, "this page was opened without photographs")
        return self.photographs.jpeg(self._position(row))

    def neighbours(self, row: int, k: int = 12) -> dict:
        """The `k` images of the page that are nearest to a row in the full space, by cosine, nearest first.

        `hidden` counts the images that lie nearer than the last of them and that the page does not draw.
        """
        at = self._position(row)
        return self._nearest(np.asarray(self.space.x[at], np.float32), k, leave=at)

    def text(self, words: str, k: int = 48) -> dict:
        """The `k` images of the page nearest by cosine to what the model's text tower makes of `words`."""
        if self.words is None:
            raise Refused(404, "the model of these vectors reads no text here")
        words = words.strip()
        if not words or len(words) > LONGEST_WORDS:
            raise Refused(400, f"give 1 to {LONGEST_WORDS} characters, not {len(words):,}")
        try:
            with self._lock:  # one model, one question at a time
                asked = np.asarray(self.words(words), np.float32).reshape(-1)
        except (ValueError, OSError, ImportError) as error:
            raise Refused(503, str(error)) from error
        if len(asked) != self.space.d:
            raise Refused(503, f"the text tower gives {len(asked)} numbers, the store holds {self.space.d}")
        return self._nearest(asked, k)

    def density(self, panel: int, box: Sequence[float], size: Sequence[int]) -> dict:
        """Counts of all points of a map on a grid of `size` (across, down; at most 512) over `box` (x0, x1, y0, y1).

        `counts` as in a bundle: base64 of little-endian uint32, rows from the top; `of` is how many the map has.
        """
        _, x, y = self._map(panel)
        (x0, x1, y0, y1), (across, down) = box, size
        if not (x0 < x1 and y0 < y1 and 1 <= across <= WIDEST and 1 <= down <= WIDEST):
            raise Refused(400, f"no grid of {across} × {down} over {box}: give x0 < x1, y0 < y1, 1 to {WIDEST} cells")
        counts, _, _ = np.histogram2d(y, x, bins=(down, across), range=((y0, y1), (x0, x1)))
        packed = np.ascontiguousarray(counts[::-1].astype("<u4")).tobytes()
        return {"counts": base64.b64encode(packed).decode(), "size": [across, down], "box": list(box), "of": len(x)}

    def lasso(self, panel: int, polygon: Sequence) -> dict:
        """How many of all points of a map lie inside a polygon (even-odd), and which rows of the page do."""
        hit = self._hit(panel, polygon)
        ids = self._map(panel)[0]
        shown = pl.DataFrame({"image_id": ids.filter(pl.Series(hit))})
        page = pl.DataFrame({"image_id": self.ids, "row": range(len(self.ids))},
                            schema={"image_id": pl.String, "row": pl.Int64})  # fmt: skip
        rows = page.join(shown, on="image_id", how="semi")["row"].to_list()
        return {"count": int(hit.sum()), "of": len(ids), "rows": rows}

    def select(self, asked: Mapping) -> dict:
        """Write what was chosen as `selection-<time>.csv`: `ids`, or all points inside a `polygon` of a `panel`."""
        if "polygon" in asked:
            panel = asked.get("panel")
            ids = self._map(panel)[0].filter(pl.Series(self._hit(panel, asked["polygon"])))
        else:
            given = asked.get("ids")
            if not isinstance(given, list) or not given or not all(isinstance(i, str) for i in given):
                raise Refused(400, "a selection is a list of image ids that is not empty")
            ids = pl.Series("image_id", given, dtype=pl.String).unique(maintain_order=True)
        if not len(ids):
            raise Refused(400, "nothing lies inside: no file was written")
        facts = self.space.rows.select(c for c in self.space.rows.columns if not self.space.rows[c].dtype.is_nested())
        chosen = pl.DataFrame({"image_id": ids}).join(facts, on="image_id", how="inner", maintain_order="left")
        if chosen.height < len(ids):
            strange = ids.filter(~ids.is_in(chosen["image_id"].implode())).head(5).to_list()
            raise Refused(400, f"not of this store: {', '.join(strange)}; no file was written")
        with self._writing:
            path = self._free_name()
            put_bytes(path, chosen.write_csv().encode("utf-8"), "selection")
            self.written.append(path)
        return {"file": path.name, "images": chosen.height}

    def _free_name(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        stem, number = time.strftime("selection-%Y%m%d-%H%M%S"), 1
        while (path := self.folder / (f"{stem}.csv" if number == 1 else f"{stem}-{number}.csv")).exists():
            number += 1
        return path

    def _position(self, row: int) -> int:
        if not 0 <= row < len(self._at):
            raise Refused(404, f"there is no row {row}: the page has {len(self._at):,}, counted from 0")
        if self._at[row] < 0:
            raise Refused(404, f"{self.ids[row]} is not among the vectors that are searched")
        return int(self._at[row])

    def _map(self, panel) -> tuple[pl.Series, np.ndarray, np.ndarray]:
        if isinstance(panel, bool) or not isinstance(panel, int) or not 0 <= panel < len(self.places):
            raise Refused(404, f"there is no map {panel!r}: the page has {len(self.places)}, counted from 0")
        return self.places[panel]

    def _hit(self, panel, polygon) -> Bool[np.ndarray, " n"]:
        x, y = self._map(panel)[1:]
        try:
            corners = np.asarray(polygon, float)
        except (TypeError, ValueError):
            corners = np.empty((0, 0))
        if corners.ndim != 2 or corners.shape[1] != 2 or not 3 <= len(corners) <= MOST_CORNERS \
                or not np.isfinite(corners).all():  # fmt: skip
            raise Refused(400, f"a lasso is a list of 3 to {MOST_CORNERS:,} points [x, y]")
        return inside(corners, x, y)

    def _nearest(self, asked: Float[np.ndarray, " d"], k: int, leave: int = -1) -> dict:
        if not 1 <= k <= MOST_NEIGHBOURS:
            raise Refused(400, f"ask for 1 to {MOST_NEIGHBOURS} images, not {k}")
        likeness = self._cosines(asked)
        if leave >= 0:
            likeness[leave] = -np.inf
        drawn = self._at[(self._at >= 0) & (self._at != leave)]
        k = min(k, len(drawn))
        best = drawn[np.argpartition(-likeness[drawn], k - 1)[:k]] if k else np.empty(0, int)
        best = best[np.lexsort((best, -likeness[best]))]
        hidden = (likeness > likeness[best[-1]]) & (self._row < 0) if k else np.zeros(1, bool)
        found = [{"row": int(self._row[i]), "similarity": round(float(likeness[i]), 6)} for i in best]
        return {"found": found, "hidden": int(hidden.sum()), "of": self.space.n}

    def _cosines(self, asked: Float[np.ndarray, " d"]) -> Float[np.ndarray, " n"]:
        length = float(np.linalg.norm(asked))
        if not np.isfinite(length) or length == 0:
            raise Refused(422, "this vector has no direction")
        x, out = self.space.x, np.empty(self.space.n, np.float32)
        known = self._length
        lengths = np.empty(self.space.n, np.float32) if known is None else known
        for start in range(0, self.space.n, BLOCK):
            some = slice(start, start + BLOCK)
            block = np.asarray(x[some], np.float32)
            if known is None:
                lengths[some] = np.linalg.norm(block, axis=1)
            out[some] = block @ (asked / length)
        self._length = lengths
        return out / np.where(lengths > 0, lengths, np.inf)


def inside(polygon: Float[np.ndarray, "k 2"], x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) \
        -> Bool[np.ndarray, " n"]:  # fmt: skip
    """Tell which points lie inside a polygon by the even-odd rule, as the page does.

    >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    >>> inside(square, np.array([1.0, 3.0]), np.array([1.0, 1.0])).tolist()
    [True, False]
    """
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    px, py, odd = x[near], y[near], np.zeros(len(near), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        if ay == by:
            continue
        crosses = (ay > py) != (by > py)
        odd ^= crosses & (px < (bx - ax) * (py - ay) / (by - ay) + ax)
    out = np.zeros(len(x), bool)
    out[near[odd]] = True
    return out


def packed(value: Mapping) -> bytes:
    """The JSON of an answer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
