"""The verb `extract`: images and an encoder → a store of vectors, made once and met again afterwards."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedlab.extract import again

if TYPE_CHECKING:  # what makes vectors is loaded when vectors are to be made
    from embedlab.data.manifest import Manifest


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
            for n, what in ((self.unreadable, "unreadable"), (self.duplicates, "duplicate"))
            if n
        ]
        return said + (f" ({', '.join(left)} left out)" if left else "") + (" from cache" * self.from_cache)


def extract_images(
    images: "str | Path | Manifest",
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
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch size {batch_size}: at least one image at a time")
    out = Path(out)
    asked = again.asked(images, model, layer, text)
    if again.met(out, asked):
        return _report(out)
    from embedlab.extract.loop import fill_store

    rate, depends = fill_store(
        images,
        model,
        out,
        layer=layer,
        device=device,
        batch_size=batch_size,
        text=text,
        allow_drift=allow_drift,
    )
    again.note(out, asked, depends)
    return _report(out, rate)


def _report(store: Path, rate: float | None = None) -> ExtractReport:
    manifest, card = again.records(store)
    return ExtractReport(
        store=str(store),
        key=manifest["key"],
        model=str(card["model"]),
        images=manifest["rows"],
        dim=manifest["dim"],
        unreadable=manifest["counts"]["unreadable"],
        duplicates=manifest["counts"]["duplicates"],
        from_cache=rate is None,
        images_per_second=None if rate is None else round(rate, 2),
    )
