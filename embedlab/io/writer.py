"""Writing a store so that a kill at any moment costs one part, and a rerun ends with the same bytes."""

import contextlib
import hashlib
import json
import shutil
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.io import layout
from embedlab.io.atomic import fault, put_bytes, put_json, sweep
from embedlab.io.join import finish_store, part_paths, trusted_part
from embedlab.io.lease import Lease
from embedlab.io.rows import digest_of_rows, planned_rows, rows_bytes
from embedlab.io.thumbs import TILE_PX
from embedlab.io.vectors import norms_of, put_vectors


class StoreWriter:
    """A store in the making: plan, then parts in any order, then `finish`.

    ```python
    with StoreWriter(out, facts=facts, card=card, plan=images, dim=768) as writer:
        if not writer.finished:                    # else the very store asked for is already there
            for part in writer.pending:            # what a killed run has already done is left out
                images = writer.planned(part)      # polars rows of the plan
                x, ok, bad = ...                   # float32 (ok.sum(), dim); bool per image; (path, reason, message)
                writer.write_part(part, x, ok, bad=bad, thumbs=tiles)
            writer.finish(duplicates=[(path, kept, sha256)], run={"device": "cpu", "batch_size": 32})
    ```

    `facts` are what the key is made of (model, weights digest, preprocessing, layer, kind image or text);
    the stored number type is added to them. `card` is whatever else describes the making and does not
    depend on time or host (versions, architecture). `plan` has one row per image in the final order:
    `image_id` (unique text), optionally `path` and `sha256`, and the user's own columns. The caller sorts
    it and drops duplicates by content beforehand, so that the cut into parts is the same in every run.
    With `plan` an integer (a number of rows) `write_part` is given the rows, and `inputs` names their
    source by a digest.

    `settings` are chosen once and reused on resume (`writer.settings`): give the batch size here.

    Raises ValueError if the folder holds something else, a store with another key (naming the facts that
    differ), a store of other inputs, or is being written by another process.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        facts: Mapping[str, Any],
        plan: pl.DataFrame | int,
        dim: int,
        card: Mapping[str, Any] | None = None,
        dtype: str = "auto",
        inputs: str | None = None,
        settings: Mapping[str, Any] | None = None,
        allow_drift: bool = False,
        shard_rows: int = layout.SHARD_ROWS,
        part_rows: int = layout.PART_ROWS,
    ) -> None:
        self.path = Path(path)
        self._plan = None if isinstance(plan, int) else planned_rows(plan)
        self.images = plan if isinstance(plan, int) else plan.height
        if self.images < 1:
            raise ValueError("nothing to store: the plan has no rows")
        if dim < 1:
            raise ValueError(f"vectors need at least one number each, dim is {dim}")
        if dtype == "auto":
            dtype = layout.dtype_for(self.images, shard_rows)
        if dtype not in layout.SUFFIX:
            raise ValueError(f"dtype {dtype!r} cannot be stored: choose float32, float16 or auto")
        if self._plan is None and inputs is None:
            raise ValueError("a plan given as a number of rows needs `inputs`, a digest of their source")
        self.dim, self.dtype = dim, dtype
        self.facts = json.loads(layout.canonical({**facts, "dtype": dtype}))
        self.key = layout.store_key(self.facts)
        self.inputs = inputs or digest_of_rows(self._plan)
        self.settings = dict(settings or {})
        self._shape = {"shard_rows": shard_rows, "part_rows": min(part_rows, shard_rows)}
        self._card = json.loads(layout.canonical(dict(card or {})))
        self._allow_drift = allow_drift
        self._lease: Lease | None = None
        self._started, self._written = time.monotonic(), 0
        self.finished = self._meet()
        if not self.finished:
            self.resumed = self._begin()

    # -- opening ------------------------------------------------------------------------------------------

    def _meet(self) -> bool:
        """Look at what is in the folder; True if it is the finished store that was asked for."""
        self.resumed = False
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise ValueError(f"{self.path} is a file or a link: give the name of a new folder")
        manifest = self.path / layout.MANIFEST
        if manifest.exists():
            record = layout.read_json(manifest)
            layout.expect_schema(record, manifest)
            card = layout.read_json(self.path / layout.CARD)
            self._agree(
                card.get("facts", {}), record.get("dim"), record.get("inputs"), record["counts"]["planned"]
            )
            self.key, self.dtype = record["key"], record["dtype"]
            if (self.path / layout.PARTS).exists() or (self.path / layout.PLAN).exists():
                self._tidy()
            return True
        return False

    def _begin(self) -> bool:
        """Take the lease, read or write the plan; True if an earlier run had begun."""
        strangers = _strangers(self.path)
        if strangers:
            raise ValueError(
                f"{self.path} holds other files ({', '.join(strangers[:5])}"
                f"{', …' if len(strangers) > 5 else ''}): a store needs a new or an empty folder"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lease = Lease(self.path)
        try:
            if (self.path / layout.MANIFEST).exists():  # finished by another while we waited for the lease
                self._lease.release()
                self.finished = self._meet()
                return True
            for folder in (self.path, self.path / layout.PARTS, self.path / layout.THUMBS):
                sweep(folder)
            plan_path = self.path / layout.PLAN
            if plan_path.exists():
                self._resume(layout.read_json(plan_path), plan_path)
                return True
            record = {
                "schema": layout.SCHEMA, "key": self.key, "facts": self.facts, "card": self._card,
                "inputs": self.inputs, "planned": self.images, "dim": self.dim, "dtype": self.dtype,
                "settings": self.settings, **self._shape,
            }  # fmt: skip
            put_json(plan_path, record, "plan")
            return False
        except BaseException:
            self._lease.release()
            raise

    def _resume(self, record: dict[str, Any], path: Path) -> None:
        layout.expect_schema(record, path)
        self._agree(record["facts"], record["dim"], record["inputs"], record["planned"])
        old, new = record["card"].get("versions", {}), self._card.get("versions", {})
        drift = layout.differing_facts(old, new)
        if drift and not self._allow_drift:
            raise ValueError(
                f"{self.path} was begun with other library versions ({'; '.join(drift[:5])}), so its vectors may "
                "differ: use those versions, allow the drift, or write to another folder"
            )
        self._card = record["card"]
        self.settings = record["settings"]
        self._shape = {name: record[name] for name in self._shape}

    def _agree(self, facts: Mapping[str, Any], dim: Any, inputs: Any, planned: Any) -> None:
        """Raise ValueError unless the store in the folder is the one that was asked for."""
        differing = layout.differing_facts(facts, self.facts)
        if differing:
            raise ValueError(
                f"{self.path} holds a store with another key; what differs is {'; '.join(differing[:5])}"
                f"{'; …' if len(differing) > 5 else ''}. Write to another folder"
            )
        if dim != self.dim:
            raise ValueError(
                f"{self.path} holds vectors of {dim} numbers, these have {self.dim}: another folder"
            )
        if inputs != self.inputs:
            raise ValueError(
                f"{self.path} was made by the same model from other inputs ({planned:,} there, {self.images:,} now; "
                "names, contents or metadata differ): write to another folder"
            )

    # -- parts --------------------------------------------------------------------------------------------

    @property
    def parts(self) -> int:
        """Number of parts that the plan is cut into."""
        return -(-self.images // self._shape["part_rows"])

    @property
    def pending(self) -> list[int]:
        """Numbers of the parts that still have to be written, ascending."""
        if self.finished:
            return []
        done = self._joined()
        return [part for part in range(self.parts) if part not in done and not trusted_part(self.path, part)]

    def _joined(self) -> set[int]:
        each = self._shape["shard_rows"] // self._shape["part_rows"]
        done: set[int] = set()
        for shard in range(-(-self.parts // each)):
            if (self.path / layout.shard_names(shard, self.dtype)[2]).exists():
                done |= set(range(shard * each, (shard + 1) * each))
        return done

    def span(self, part: int) -> tuple[int, int]:
        """Give the first row of the plan that belongs to `part`, and the first that does not."""
        if not 0 <= part < self.parts:
            raise ValueError(f"part {part} is not planned: there are {self.parts}, counted from 0")
        size = self._shape["part_rows"]
        return part * size, min((part + 1) * size, self.images)

    def planned(self, part: int) -> pl.DataFrame:
        """Give the rows of the plan that belong to `part`, in order."""
        if self._plan is None:
            raise ValueError("this plan is only a number of rows: the caller holds them")
        start, stop = self.span(part)
        return self._plan[start:stop]

    def write_part(
        self,
        part: int,
        x: np.ndarray,
        ok: np.ndarray | Sequence[bool] | None = None,
        *,
        rows: pl.DataFrame | None = None,
        bad: Iterable[tuple[str, str, str]] = (),
        thumbs: np.ndarray | None = None,
    ) -> None:
        """Commit one part: vectors, rows and (uint8, n × 64 × 64 × 3) tiles of the images that could be read.

        `ok` says for each planned image whether it has a row in `x` (default: all); the others stand in
        `bad` as (path, reason in a word or two, message). ValueError for non-finite or zero vectors, which
        are never stored, and for counts that do not add up; the part is then not written.
        """
        if self._lease is None or self.finished:
            raise ValueError(f"{self.path} is finished; its vectors can no longer change")
        start, stop = self.span(part)
        bad = [tuple(str(field) for field in entry) for entry in bad]
        if self._plan is not None:
            keep = np.ones(stop - start, bool) if ok is None else np.asarray(ok, bool)
            if keep.shape != (stop - start,):
                raise ValueError(f"part {part} has {stop - start} images, but `ok` speaks of {keep.size}")
            rows = self.planned(part).filter(pl.Series(keep))
        else:
            rows = planned_rows(rows if rows is not None else pl.DataFrame())
        if len(bad) != stop - start - rows.height or any(len(entry) != 3 for entry in bad):
            raise ValueError(
                f"part {part}: {stop - start} images planned, {rows.height} read, {len(bad)} listed as unreadable: "
                "each image is one or the other; list (path, reason, message) for each unreadable one"
            )
        stored = self._checked(part, np.asarray(x), rows)
        if thumbs is not None and (
            thumbs.shape != (rows.height, TILE_PX, TILE_PX, 3) or thumbs.dtype != np.uint8
        ):
            raise ValueError(f"part {part}: thumbs must be uint8 {rows.height} × {TILE_PX} × {TILE_PX} × 3")
        self._lease.insist()
        (self.path / layout.PARTS).mkdir(exist_ok=True)
        files = part_paths(self.path, part)
        record: dict[str, Any] = {"part": part, "planned": [start, stop], "rows": rows.height, "bad": bad}
        record["vectors"] = put_vectors(files["vectors"], [stored], stored.shape, self.dtype, "part-vectors")
        fault("part-vectors")
        record["meta"] = put_bytes(files["meta"], rows_bytes(rows, norms_of(stored)), "part-meta")
        record["thumbs"] = None
        if thumbs is not None:
            record["thumbs"] = put_vectors(files["thumbs"], [thumbs], thumbs.shape, "uint8", "part-thumbs")
        fault("part-before-record")
        put_json(files["record"], record, "part-record")
        self._written += stop - start
        fault("part")

    def _checked(self, part: int, x: np.ndarray, rows: pl.DataFrame) -> np.ndarray:
        if x.shape != (rows.height, self.dim):
            raise ValueError(
                f"part {part} needs {rows.height} × {self.dim} numbers, got {' × '.join(map(str, x.shape))}"
            )
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(x, self.dtype)
        for what, wrong in (
            (
                "are not finite" + (" in float16" if self.dtype == "float16" else ""),
                ~np.isfinite(stored).all(axis=1),
            ),
            ("are all zero", ~stored.any(axis=1)),
        ):
            if wrong.any():
                names = rows["image_id"].filter(pl.Series(wrong)).to_list()
                raise ValueError(
                    f"{wrong.sum()} of {len(x)} vectors {what}: {', '.join(map(repr, names[:5]))}"
                    f"{', …' if len(names) > 5 else ''}. Nothing of this part was stored; list such images as unreadable"
                )
        return stored

    # -- the end ------------------------------------------------------------------------------------------

    def finish(
        self,
        *,
        bad: Iterable[tuple[str, str, str]] = (),
        duplicates: Iterable[tuple[str, str, str]] = (),
        run: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Join the parts into shards, write card and manifest, make everything read-only; the manifest comes back.

        `bad` adds images that never came into the plan, `duplicates` are (path, kept path, sha256). `run`
        goes to `runs.jsonl` with time and seconds: device, batch size, whatever does not change the bytes.
        """
        if self.finished:
            return layout.read_json(self.path / layout.MANIFEST)
        if self.pending:
            raise ValueError(
                f"parts {self.pending[:5]} of {self.parts} are not written yet: write them, then finish"
            )
        assert self._lease is not None
        self._lease.insist()
        declared = {
            "schema": layout.SCHEMA, "key": self.key, "facts": self.facts, **self._card,
            "dim": self.dim, "dtype": self.dtype, "inputs": self.inputs,
        }  # fmt: skip
        finish_store(
            self.path, declared, self._shape, self.images, list(bad), list(duplicates), self._lease.insist
        )
        self._log(run or {}, "finished")
        self._tidy()
        self.finished = True
        self.close()
        return layout.read_json(self.path / layout.MANIFEST)

    def _tidy(self) -> None:
        """Drop what only the making needed, and take the write permission from the rest."""
        shutil.rmtree(self.path / layout.PARTS, ignore_errors=True)
        (self.path / layout.PLAN).unlink(missing_ok=True)
        for file in [*self.path.iterdir(), *(self.path / layout.THUMBS).glob("*.webp")]:
            if file.is_file() and file.name not in (layout.RUNS, layout.LEASE):
                file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)

    def _log(self, run: Mapping[str, Any], end: str) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"), "end": end, "resumed": self.resumed,
            "images": self._written, "seconds": round(time.monotonic() - self._started, 3), **run,
        }  # fmt: skip
        with open(self.path / layout.RUNS, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        """Give the lease back; what is committed stays, and the same call later goes on from there."""
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def __enter__(self) -> "StoreWriter":
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if self._lease is not None and not self.finished:
            with contextlib.suppress(OSError):
                self._log({}, "interrupted" if kind else "left")
        self.close()


def _strangers(folder: Path) -> list[str]:
    """List the files in `folder` that no unfinished store has."""
    if not folder.exists() or (folder / layout.PLAN).exists():
        return []
    own = {layout.LEASE, layout.RUNS}
    return sorted(f.name for f in folder.iterdir() if f.name not in own and not f.name.endswith(".tmp"))


def content_digest(path: Path | str) -> str:
    """Give the sha256 of a file's bytes, the identity of an image: 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
