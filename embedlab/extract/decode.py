"""Bytes of a file → an upright 8-bit RGB image, or one word that says why not.

An image that cannot be read whole is never half an image: no grey lower half, no first guess.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

REASONS = {
    "missing": "no such file, or it may not be read",
    "empty": "a file of 0 bytes",
    "not an image": "its bytes are not those of a picture",
    "truncated": "the file ends before the picture does",
    "damaged": "the picture's data contradict themselves",
    "too large": "more pixels or bytes than are decoded without being asked",
    "unsupported": "a picture, but of a format or pixel type that is not read",
}
FORMATS = (
    "JPEG",  # and MPO, which Pillow opens through it and does not list
    "PNG",
    "WEBP",
    "TIFF",
    "GIF",
    "BMP",
    "PPM",
    "AVIF",
)  # no format that starts a program
MAX_PIXELS = 178_956_970  # 13,000 x 13,000; where Pillow itself speaks of a decompression bomb
MAX_BYTES = 1 << 29
SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".png",
    ".webp",
    ".tif",
    ".tiff",
    ".gif",
    ".bmp",
    ".ppm",
    ".pgm",
    ".avif",
)
COLOUR = {  # stands in every card: how pictures that are not plain RGB become so
    "orientation": "EXIF applied",
    "alpha": "laid on white",
    "cmyk": "converted by Pillow without a colour profile",
    "depth": "16-bit levels divided by 257 and rounded",
    "frames": "first",
}
_OTHERS = (  # formats worth naming: (bytes, where they stand, name)
    (b"%PDF", 0, "PDF"),
    (b"8BPS", 0, "Photoshop"),
    (b"%!PS", 0, "PostScript"),
    (b"ftyphei", 4, "HEIC"),
    (b"ftypmif1", 4, "HEIF"),
    (b"jP  ", 4, "JPEG 2000"),
    (b"\xff\x0a", 0, "JPEG XL"),
    (b"JXL ", 4, "JPEG XL"),
)
_LOCK = threading.Lock()
_KEPT: list[tuple] = []  # Pillow's settings as they were, one entry for each `strict_pillow` that is open


class Unreadable(ValueError):
    """An image that gives no vector: `reason` is one of `REASONS`, the message is what the decoder said."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Let Pillow refuse truncated files and leave the pixel limit to us, whatever another library has set."""
    with _LOCK:
        _KEPT.append((ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS))
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = False, None
    try:
        yield
    finally:
        with _LOCK:  # the first entry is the outside world's; it returns when the last one leaves
            first = _KEPT[0]
            _KEPT.pop()
            if not _KEPT:
                ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = first


def decode(content: bytes) -> Image.Image:
    """Give the picture upright, 8-bit RGB, alpha on white; else raise `Unreadable` with a reason.

    Inside `strict_pillow()` only: Pillow's own limits are module globals.
    """
    if not content:
        raise Unreadable("empty", "0 bytes")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        name = next((name for magic, at, name in _OTHERS if content[at : at + len(magic)] == magic), None)
        if name:
            raise Unreadable("unsupported", f"{name}; convert it to PNG or JPEG") from None
        raise Unreadable("not an image", f"starts with {content[:12]!r}") from None
    except Exception as error:  # a decoder fed with hostile bytes may raise anything
        raise Unreadable(_reason(error), _said(error)) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Unreadable("too large", f"{width} x {height} px; at most {MAX_PIXELS:,} pixels are decoded")
    try:
        image.load()
        return _rgb(_upright(image))
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(_reason(error), _said(error)) from error


def _reason(error: Exception) -> str:
    said = str(error).lower()
    if (
        isinstance(error, MemoryError | Image.DecompressionBombError)
        or "too large" in said
        or "too big" in said
    ):
        return "too large"
    if isinstance(error, EOFError) or any(
        word in said for word in ("truncated", "unexpected end", "not enough data")
    ):
        return "truncated"
    if isinstance(error, NotImplementedError) or "unsupported" in said or "not supported" in said:
        return "unsupported"
    return "damaged"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the picture is whole, only its EXIF block is not: then there is no rotation to apply
        return image


def _rgb(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode == "RGB":
        return image
    if mode.startswith("I;16") or mode == "I":
        levels = np.asarray(image).astype(np.int64)
        if levels.min() < 0 or levels.max() > 65535:
            raise Unreadable(
                "unsupported", f"32-bit levels from {levels.min()} to {levels.max()}; save it as 8 or 16 bit"
            )
        return Image.fromarray(((levels + 128) // 257).astype(np.uint8)).convert("RGB")
    if mode == "F":
        raise Unreadable("unsupported", "floating point levels have no agreed white; save it as 8 or 16 bit")
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return image.convert("RGB")  # 1, L, P, CMYK, YCbCr, HSV; Pillow raises for LAB, which is then unsupported
