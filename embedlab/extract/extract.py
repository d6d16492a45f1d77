"""Images and an encoder → a store of vectors: planned, resumable, and met again where it is already there."""

import hashlib
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embedlab.data.manifest import Manifest
from embedlab.extract.asked import facts_and_card, remember, remembered, request_digest
from embedlab.extract.decode import Unreadable, decode, strict_pillow
from embedlab.extract.digests import stamp
from embedlab.extract.encoders import Encoder, full_name, load_encoder
from embedlab.extract.images import Place, Plan, find_sources, in_order, make_plan
from embedlab.extract.machine import granted_cores, granted_threads, warm_memory
from embedlab.extract.texts import Captions, read_captions
from embedlab.io.store import StoreWriter, read_manifest, store_state
from embedlab.io.thumbs import TILE_PX, tile_of
from embedlab.progress import Progress

log = logging.getLogger(__name__)
PART_ROWS = 512  # images lost at most to a kill: eight minutes of a large model on a CPU, a second on a GPU
BATCH = {"cuda": 128}
_BATCH_ELSEWHERE = 32


@dataclass(frozen=True, kw_only=True)
class ExtractReport:
    """What became of the images: how many have a vector, how many could not be read or were there twice.

    `images_per_second` counts those looked at by this call, and is None where the store was already finished.
    """

    store: str
    key: str
    model: str
    images: int
    dim: int
    unreadable: int
    duplicates: int
    from_cache: bool
    images_per_second: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data, under the names of the contract."""
        return asdict(self)

    def __str__(self) -> str:
        said = f"{self.images:,} × {self.dim:,} by {self.model} in {self.store}"
        left = [
            f"{n:,} {what}"
            for n, what in ((self.unreadable, "unreadable"), (self.duplicates, "duplicates"))
            if n
        ]
        return said + (f" ({', '.join(left)} left out)" if left else "") + (" from cache" * self.from_cache)


def extract_images(
    images: str | Path | Manifest,
    model: str,
    out: str | Path,
    *,
    layer: str | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    text: bool = False,
    allow_drift: bool = False,
) -> ExtractReport:
    """Embed `images` (folder, pattern, manifest, tar; with `text` a table of names) into the store `out`.

    Called again after an interruption it goes on; called on the finished store it only looks whether files
    and weights are still those (by size and time; by content where these differ). An image that cannot be
    read is listed in `bad.csv` with a reason and has no row; a file with the content of another is listed in
    `duplicates.csv`. Vectors are raw, computed in float32. A `batch_size` is chosen once and used again on
    resume; `allow_drift` lets a run go on that was begun with other library versions.
    Raises ValueError where `out` holds something else, and where nothing could be read.
    """
    model = full_name(model)
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch size {batch_size}: at least one image at a time")
    sources = read_captions(images) if text else find_sources(images)
    request = request_digest(sources, model, layer)
    out = Path(out)
    if store_state(out) == "finished" and remembered(out, request):
        return _report(out, model, from_cache=True)
    encoder = load_encoder(model, layer, device)
    plan = _text_plan(sources, encoder) if text else make_plan(sources, workers=granted_cores())
    batch = batch_size or BATCH.get(_device(encoder), _BATCH_ELSEWHERE)
    facts, card = facts_and_card(encoder, sources, batch)
    files = [str(file) for file in getattr(encoder, "files", [])]
    known = {"request": request, "model_files": files, "model_stamp": stamp(map(Path, files))}
    part_rows = PART_ROWS
    while part_rows < batch and part_rows < 1 << 18:
        part_rows *= 2
    with StoreWriter(
        out,
        facts=facts,
        card=card,
        plan=plan.rows,
        dim=encoder.dim,
        settings={"batch_size": batch},
        allow_drift=allow_drift,
        part_rows=part_rows,
    ) as writer:
        if writer.finished:
            remember(out, known)
            return _report(out, model, from_cache=True)
        if batch_size not in (None, writer.settings["batch_size"]):
            log.warning(
                "begun with batches of %s: they are kept, not %s", writer.settings["batch_size"], batch_size
            )
        began, done = time.monotonic(), 0
        run = _embed_names if text else _embed_images
        with granted_threads(), warm_memory():
            done = run(writer, plan, encoder)
        rate = done / max(time.monotonic() - began, 1e-9)
        root = {} if text else {"root": str(sources.root)}
        where = {"device": _device(encoder), "images_per_second": round(rate, 2), **root, **known}
        writer.finish(bad=plan.bad, duplicates=plan.duplicates, run=where)
    return _report(out, model, from_cache=False, rate=rate)


# -- the loop ---------------------------------------------------------------------------------------------


def _embed_images(writer: StoreWriter, plan: Plan, encoder: Encoder) -> int:
    """Decode in threads, encode here, write part by part; give the number of images looked at."""
    batch, parts = writer.settings["batch_size"], writer.pending
    ranges = {part: range(*writer.span(part)) for part in parts}
    total = sum(map(len, ranges.values()))
    paths, digests = plan.rows["path"].to_list(), plan.rows["sha256"].to_list()
    unreadable = len(plan.bad)

    def prepare(at: int) -> tuple[np.ndarray, np.ndarray] | Unreadable:
        return _prepared(plan.places[at], digests[at], encoder)

    wanted = (at for part in parts for at in ranges[part])
    first = plan.rows.height - total
    with strict_pillow(), Progress(f"{encoder.name}", first + total, "images", start=first) as line:
        # enough images ahead that the model never waits: pillow and numpy let go of the interpreter's lock
        ready = in_order(prepare, wanted, granted_cores(), ahead=max(64, 2 * batch))
        for part in parts:
            vectors, tiles, ok, bad = [], [], [], []
            for start in range(0, len(ranges[part]), batch):
                pixels = []
                for at in ranges[part][start : start + batch]:
                    found = next(ready)
                    ok.append(not isinstance(found, Unreadable))
                    if ok[-1]:
                        pixels.append(found[0])
                        tiles.append(found[1])
                    else:
                        bad.append((paths[at], found.reason, str(found)))
                if pixels:
                    vectors.append(encoder.encode(np.stack(pixels)))
                if bad or unreadable:
                    line.note(f"{unreadable + len(bad):,} unreadable")
                line.add(len(ranges[part][start : start + batch]))
            unreadable += len(bad)
            x = np.concatenate(vectors) if vectors else np.empty((0, encoder.dim), np.float32)
            shown = np.stack(tiles) if tiles else np.empty((0, TILE_PX, TILE_PX, 3), np.uint8)
            writer.write_part(part, x, np.array(ok, bool), bad=bad, thumbs=shown)
    return total


def _prepared(place: Place, digest: str, encoder: Encoder) -> tuple[np.ndarray, np.ndarray] | Unreadable:
    """Give (what the model takes, thumbnail) of one image, or why there is none."""
    try:
        content = place.read()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{place.file} has changed since the plan was made: let it rest, and run again")
        image = decode(content)
    except Unreadable as error:
        return error
    return encoder.transform(image), tile_of(image)


def _embed_names(writer: StoreWriter, plan: Captions, encoder: Encoder) -> int:
    batch, parts = writer.settings["batch_size"], writer.pending
    spans = [writer.span(part) for part in parts]
    captions = plan.rows["caption"].to_list()
    total = sum(stop - start for start, stop in spans)
    with Progress(encoder.name, total, "names") as line:
        for part, (first, last) in zip(parts, spans, strict=True):
            vectors = []
            for start in range(first, last, batch):
                stop = min(start + batch, last)
                vectors.append(encoder.encode_text(captions[start:stop]))
                line.add(stop - start)
            writer.write_part(part, np.concatenate(vectors).astype(np.float32, copy=False))
    return total


def _text_plan(captions: Captions, encoder: Encoder) -> Captions:
    if not hasattr(encoder, "encode_text"):
        raise ValueError(
            f"{encoder.name} has no text tower. Models with one: bioclip, bioclip-2, bioclip-2.5, "
            "hf-hub:ORG/NAME, local-dir:FOLDER (open_clip) and compact:CHECKPOINT"
        )
    return captions


def _report(store: Path, model: str, *, from_cache: bool, rate: float | None = None) -> ExtractReport:
    manifest, card = read_manifest(store)
    return ExtractReport(
        store=str(store),
        key=manifest["key"],
        model=str(card.get("model", model)),
        images=manifest["rows"],
        dim=manifest["dim"],
        unreadable=manifest["counts"]["unreadable"],
        duplicates=manifest["counts"]["duplicates"],
        from_cache=from_cache,
        images_per_second=None if rate is None else round(rate, 2),
    )


def _device(encoder: Encoder) -> str:
    return str(getattr(encoder, "device", "cpu")).partition(":")[0]
