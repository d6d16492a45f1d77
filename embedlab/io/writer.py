"""Writing a store so that a kill at any moment costs one part, and a rerun ends with the same bytes."""

import contextlib
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
from embedlab.io.atomic import fault, put_json, sweep
from embedlab.io.join import NothingReadable, finish_store, joined_parts
from embedlab.io.lease import Lease
from embedlab.io.parts import put_part, trusted_part
from embedlab.io.plan import Plan
from embedlab.io.rows import digest_of_rows, planned_rows


class StoreWriter:
    """A store in the making: plan, then parts in any order, then `finish`.

    ```python
    with StoreWriter(out, facts=facts, card=card, plan=images, dim=768) as writer:
        if not writer.finished:                # else the very store asked for is already there
            for part in writer.pending:        # what a killed run has already done is left out
                images = writer.planned(part)  # polars rows of the plan
                x, ok, bad = ...               # (ok.sum(), dim); one bool per image; (path, reason, message)
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
        images = plan if isinstance(plan, int) else plan.height
        if images < 1:
            raise ValueError("nothing to store: the plan has no rows")
        self._rows = None if isinstance(plan, int) else planned_rows(plan)
        if self._rows is None and inputs is None:
            raise ValueError("a plan given as a number of rows needs `inputs`, a digest of their source")
        dtype = layout.dtype_for(images, shard_rows) if dtype == "auto" else dtype
        self.plan = Plan(
            facts=json.loads(layout.canonical({**facts, "dtype": dtype})),
            card=json.loads(layout.canonical(dict(card or {}))),
            inputs=inputs or digest_of_rows(self._rows),
            images=images, dim=dim, dtype=dtype, settings=dict(settings or {}),
            shard_rows=shard_rows, part_rows=min(part_rows, shard_rows),
        )  # fmt: skip
        self._lease: Lease | None = None
        self._started, self._written = time.monotonic(), 0
        self.resumed = False
        self.finished = self._met()
        if not self.finished:
            self._begin(allow_drift)

    @property
    def key(self) -> str:
        """The key of the store, 64 hexadecimal digits."""
        return self.plan.key

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the run that began the store; a resumed run uses them, whatever it was given."""
        return self.plan.settings

    @property
    def parts(self) -> int:
        """How many parts the plan is cut into."""
        return self.plan.parts

    @property
    def pending(self) -> list[int]:
        """Numbers of the parts that still have to be written, ascending."""
        if self.finished:
            return []
        done = joined_parts(self.path, self.plan)
        return [part for part in range(self.parts) if part not in done and not trusted_part(self.path, part)]

    def span(self, part: int) -> tuple[int, int]:
        """Give the first row of the plan that belongs to `part`, and the first that does not."""
        return self.plan.span(part)

    def planned(self, part: int) -> pl.DataFrame:
        """Give the rows of the plan that belong to `part`, in order."""
        if self._rows is None:
            raise ValueError("this plan is only a number of rows: the caller holds them")
        start, stop = self.span(part)
        return self._rows[start:stop]

    def _met(self) -> bool:
        """Look at what is in the folder; True if it is the finished store that was asked for."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise ValueError(f"{self.path} is a file or a link: give the name of a new folder")
        manifest = self.path / layout.MANIFEST
        if not manifest.exists():
            return False
        record, card = layout.read_json(manifest), layout.read_json(self.path / layout.CARD)
        layout.expect_schema(record, manifest)
        try:
            self.plan.agree(
                self.path, card["facts"], record["dim"], record["inputs"], record["counts"]["planned"]
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{manifest} lacks {error}: copy the store again, or remake it") from None
        left = (layout.PARTS, layout.PLAN, layout.LEASE)
        if any((self.path / name).exists() for name in left):  # killed after the manifest, before tidying
            with contextlib.suppress(OSError, ValueError):  # read-only medium, or being tidied right now
                lease = Lease(self.path)
                self._tidy()
                lease.release()
        return True

    def _begin(self, allow_drift: bool) -> None:
        """Take the lease, then read the plan of an earlier run or write our own."""
        if strangers := _strangers(self.path):
            raise ValueError(
                f"{self.path} holds other files ({', '.join(strangers[:5])}"
                f"{', …' if len(strangers) > 5 else ''}): a store needs a new or an empty folder"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lease = Lease(self.path)
        try:
            if (self.path / layout.MANIFEST).exists():  # finished by another between our look and our lease
                self.close()
                self.finished = self._met()
                return
            for folder in (self.path, self.path / layout.PARTS, self.path / layout.THUMBS):
                sweep(folder)
            plan_path = self.path / layout.PLAN
            self.resumed = plan_path.exists()
            if self.resumed:
                self.plan = self.plan.resumed(layout.read_json(plan_path), plan_path, allow_drift)
            else:
                put_json(plan_path, self.plan.record(), "plan")
                fault("plan")
        except BaseException:
            self.close()
            raise

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
            raise ValueError(f"{self.path} is finished or closed; nothing more can be written to it")
        start, stop = self.span(part)
        if self._rows is None:
            rows = planned_rows(rows if rows is not None else pl.DataFrame())
        else:
            keep = np.ones(stop - start, bool) if ok is None else np.asarray(ok, bool)
            if keep.shape != (stop - start,):
                raise ValueError(f"part {part} has {stop - start} images, but `ok` speaks of {keep.size}")
            rows = self.planned(part).filter(pl.Series(keep, dtype=pl.Boolean))
        self._lease.insist()
        put_part(self.path, self.plan, part, np.asarray(x), rows, list(bad), thumbs)
        self._written += stop - start
        fault("part")

    def finish(
        self,
        *,
        bad: Iterable[tuple[str, str, str]] = (),
        duplicates: Iterable[tuple[str, str, str]] = (),
        run: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Join the parts into shards, write card and manifest, make all of it read-only; give the manifest.

        `bad` adds images that never came into the plan, `duplicates` are (path, kept path, sha256). `run`
        goes to `runs.jsonl` with time and seconds: device, batch size, whatever does not change the bytes.
        """
        if self.finished:
            return layout.read_json(self.path / layout.MANIFEST)
        if self._lease is None:
            raise ValueError(f"this writer of {self.path} is closed: open another one to go on")
        if pending := self.pending:
            raise ValueError(
                f"{len(pending)} of {self.parts} parts are not written yet ({pending[:5]}): write them first"
            )
        try:
            finish_store(self.path, self.plan, list(bad), list(duplicates), self._lease.insist)
        except NothingReadable:  # the folder is free again for files that can be read
            self.abandon()
            raise
        self._log(run or {}, "finished")
        self._tidy()
        self.finished = True
        self.close()
        return layout.read_json(self.path / layout.MANIFEST)

    def _tidy(self) -> None:
        """Drop what only the making needed, and take the write permission from the rest."""
        shutil.rmtree(self.path / layout.PARTS, ignore_errors=True)
        (self.path / layout.PLAN).unlink(missing_ok=True)
        fault("tidying")
        for folder in (self.path, self.path / layout.THUMBS):
            sweep(folder)
            for file in folder.iterdir() if folder.is_dir() else ():
                if file.is_file() and file.name not in (layout.RUNS, layout.LEASE):
                    file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)

    def _log(self, run: Mapping[str, Any], end: str) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"), "end": end, "resumed": self.resumed,
            "images": self._written, "seconds": round(time.monotonic() - self._started, 3), **run,
        }  # fmt: skip
        with open(self.path / layout.RUNS, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def abandon(self) -> None:
        """Remove all that was written of an unfinished store, and the folder if nothing else is in it."""
        if self._lease is None or self.finished:
            raise ValueError(f"{self.path} is finished or closed; remove the folder yourself if you mean it")
        shutil.rmtree(self.path / layout.PARTS, ignore_errors=True)
        shutil.rmtree(self.path / layout.THUMBS, ignore_errors=True)
        for file in list(self.path.iterdir()):
            if layout.NAMES.fullmatch(file.name) or file.name in (layout.PLAN, layout.RUNS):
                file.unlink(missing_ok=True)
        self.close()
        with contextlib.suppress(OSError):
            self.path.rmdir()

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
