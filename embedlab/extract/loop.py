"""The loop of extraction: decode in threads, encode, write part by part into a store."""

import hashlib
import logging
import time
from pathlib import Path

import numpy as np

from embedlab.data.manifest import Manifest
from embedlab.extract.declared import facts_and_card
from embedlab.extract.decode import Unreadable, decode, strict_pillow
from embedlab.extract.encoders import Encoder, full_name, load_encoder
from embedlab.extract.images import Place, Plan, find_sources, in_order, make_plan
from embedlab.extract.machine import granted_cores, granted_threads, warm_memory
from embedlab.extract.texts import Captions, read_captions
from embedlab.io.store import StoreWriter
from embedlab.io.thumbs import TILE_PX, tile_of
from embedlab.progress import Progress

log = logging.getLogger(__name__)
PART_ROWS = 512  # images lost at most to a kill: eight minutes of a large model on a CPU, a second on a GPU
BATCH = {"cuda": 128}
_BATCH_ELSEWHERE = 32


def fill_store(
    images: str | Path | Manifest,
    model: str,
    out: Path,
    *,
    layer: str | None,
    device: str,
    batch_size: int | None,
    text: bool,
    allow_drift: bool,
) -> tuple[float | None, list[Path]]:
    """Make or finish `out`; give images a second (None if it was there) and the files it rests on."""
    sources = read_captions(images) if text else find_sources(images)
    encoder = load_encoder(full_name(model), layer, device)
    plan = _text_plan(sources, encoder) if text else make_plan(sources, workers=granted_cores())
    depends = [*([] if text else sources.files), *getattr(encoder, "files", [])]
    batch = batch_size or BATCH.get(_device(encoder), _BATCH_ELSEWHERE)
    facts, card = facts_and_card(encoder, sources, batch)
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
            return None, depends
        if batch_size not in (None, writer.settings["batch_size"]):
            log.warning(
                "begun with batches of %s: they are kept, not %s", writer.settings["batch_size"], batch_size
            )
        began = time.monotonic()
        with granted_threads(), warm_memory():
            done = (_embed_names if text else _embed_images)(writer, plan, encoder)
        rate = done / max(time.monotonic() - began, 1e-9)
        run = {"device": _device(encoder), "images_per_second": round(rate, 2)}
        writer.finish(
            bad=plan.bad,
            duplicates=plan.duplicates,
            run=run if text else {**run, "root": str(sources.root)},
        )
    return rate, depends


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


def _device(encoder: Encoder) -> str:
    return str(getattr(encoder, "device", "cpu")).partition(":")[0]
