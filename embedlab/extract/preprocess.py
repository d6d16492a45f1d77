"""What is done to an image before a model sees it, as data; carried out with Pillow and NumPy alone.

The same numbers as torchvision's transforms in open_clip 3.3 and timm 1.0 (bit-equal for RGB images, see
tests/extract/test_preprocess.py), without torch in the decoding threads.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

RESIZES = ("shortest", "longest", "squash")
INTERPOLATIONS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
}


@dataclass(frozen=True, kw_only=True)
class Preprocess:
    """Resize, cut the centre, scale to 0..1, subtract `mean` and divide by `std` (per channel, RGB).

    `size` is (height, width) in pixels of what comes out. `resize` says how it is reached: `shortest` scales
    the short edge to `edge` pixels and cuts the centre, `longest` makes the whole image fit and pads with the
    grey level `fill`, `squash` stretches both edges and cuts nothing off. Pillow's antialiasing is always on.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: str = "shortest"
    edge: int | None = None  # short edge before the cut, px; None is the size itself
    interpolation: str = "bicubic"
    fill: int = 0

    def __post_init__(self) -> None:
        """Refuse what `__call__` could not do."""
        if self.resize not in RESIZES:
            raise ValueError(f"resize {self.resize!r} is not one of {list(RESIZES)}")
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation {self.interpolation!r} is not one of {list(INTERPOLATIONS)}")
        if min(self.size) < 1 or len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ValueError(
                f"size {self.size}, mean {self.mean}, std {self.std}: need pixels, 3 and 3 positive numbers"
            )

    @classmethod
    def from_open_clip(cls, config: dict) -> "Preprocess":
        """Read open_clip's `preprocess_cfg`: size, mean, std, interpolation, resize_mode, fill_color."""
        size = config["size"]
        size = (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))
        if size[0] != size[1] and config["resize_mode"] == "shortest":
            raise ValueError(
                f"this model wants {size} px after scaling the short edge, which is not supported"
            )
        return cls(
            size=size,
            mean=tuple(map(float, config["mean"])),
            std=tuple(map(float, config["std"])),
            resize=config["resize_mode"],
            interpolation=config["interpolation"],
            fill=int(config.get("fill_color") or 0),
        )

    def card(self) -> dict[str, Any]:
        """Say as plain data what happens to an image, for the card of a store."""
        plain = {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }
        return {
            **plain,
            "antialias": True,
            "crop": "none" if self.resize == "squash" else "centre",
            "scale": 1 / 255,
        }

    def __call__(self, image: Image.Image) -> Float[np.ndarray, "3 h w"]:
        """Turn one Pillow image into what the model takes; another mode is converted to RGB first."""
        image = image if image.mode == "RGB" else image.convert("RGB")
        pixels = np.asarray(self._framed(image), dtype=np.uint8)
        x = pixels.transpose(2, 0, 1).astype(np.float32, order="C")
        x /= np.float32(255)
        x -= np.asarray(self.mean, dtype=np.float32)[:, None, None]
        x /= np.asarray(self.std, dtype=np.float32)[:, None, None]
        return x

    def _framed(self, image: Image.Image) -> Image.Image:
        high, wide = self.size
        filter_ = INTERPOLATIONS[self.interpolation]
        width, height = image.size
        if self.resize == "squash":
            return image if (width, height) == (wide, high) else image.resize((wide, high), filter_)
        if self.resize == "longest":
            ratio = max(height / high, width / wide)
            image = image.resize((max(1, round(width / ratio)), max(1, round(height / ratio))), filter_)
            return self._padded(image)
        edge = self.edge or min(self.size)
        if min(width, height) != edge:
            # torchvision truncates the long edge where others round: int(), not round()
            target = (
                (edge, int(edge * height / width)) if width <= height else (int(edge * width / height), edge)
            )
            image = image.resize(target, filter_)
        return self._cut(image)

    def _cut(self, image: Image.Image) -> Image.Image:
        high, wide = self.size
        width, height = image.size
        if (width, height) == (wide, high):
            return image
        top, left = (
            round((height - high) / 2),
            round((width - wide) / 2),
        )  # to even at .5, as torchvision does
        return image.crop((left, top, left + wide, top + high))

    def _padded(self, image: Image.Image) -> Image.Image:
        high, wide = self.size
        if image.size == (wide, high):
            return image
        canvas = Image.new("RGB", (wide, high), (self.fill,) * 3)
        canvas.paste(image, ((wide - image.width) // 2, (high - image.height) // 2))
        return canvas
