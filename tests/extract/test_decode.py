"""Every awkward sort of picture comes out upright and RGB, or not at all and with a reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from embedlab.extract import decode as room
from embedlab.extract.decode import REASONS, Unreadable, decode, strict_pillow
from tests.extract.conftest import encoded, picture, png16


def why(content: bytes) -> str:
    with strict_pillow(), pytest.raises(Unreadable) as caught:
        decode(content)
    assert caught.value.reason in REASONS and str(caught.value)
    return caught.value.reason


def pixels(content: bytes) -> np.ndarray:
    with strict_pillow():
        image = decode(content)
    assert image.mode == "RGB"
    return np.asarray(image)


def test_plain_pictures_come_through_unchanged():
    for file_format in ("PNG", "BMP", "TIFF", "PPM"):
        np.testing.assert_array_equal(pixels(encoded(picture(1), file_format)), np.asarray(picture(1)))


def test_alpha_is_laid_on_white():
    clear = Image.new("RGBA", (3, 2), (10, 20, 30, 0))
    assert (pixels(encoded(clear)) == 255).all()
    half = Image.new("RGBA", (3, 2), (0, 0, 0, 128))
    assert np.abs(pixels(encoded(half)).astype(int) - 127).max() <= 1
    assert (pixels(encoded(Image.new("LA", (3, 2), (0, 0)))) == 255).all()


def test_transparent_palette_is_laid_on_white():
    flat = Image.new("P", (4, 4), 0)
    flat.putpalette([200, 0, 0, 0, 0, 200])
    assert (pixels(encoded(flat)) == [200, 0, 0]).all()
    assert (pixels(encoded(flat, transparency=0)) == 255).all()


def test_sixteen_bits_are_scaled_not_clipped():
    levels = np.array([[0, 257, 32768, 65535]])
    assert pixels(png16(levels))[0, :, 0].tolist() == [0, 1, 128, 255]


def test_grey_one_bit_and_cmyk():
    assert (pixels(encoded(Image.new("L", (2, 2), 77))) == 77).all()
    assert (pixels(encoded(Image.new("1", (2, 2), 1))) == 255).all()
    assert (pixels(encoded(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG", quality=95)) == 255).all()


def test_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter clockwise
    turned = pixels(encoded(picture(2), "PNG", exif=exif))
    np.testing.assert_array_equal(turned, np.rot90(np.asarray(picture(2)), -1))


def test_float_and_wide_levels_are_unsupported():
    assert why(encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF")) == "unsupported"
    assert why(encoded(Image.fromarray(np.full((4, 4), 70000, np.int32)), "TIFF")) == "unsupported"


def test_truncated_at_any_length_is_never_half_a_picture():
    for file_format in ("JPEG", "PNG", "TIFF", "GIF", "WEBP"):
        whole = encoded(picture(3, (120, 90)), file_format)
        for share in (0.5, 0.8, 0.95):
            assert why(whole[: int(share * len(whole))]) in ("truncated", "damaged"), (file_format, share)


def test_truncated_stays_truncated_where_another_library_asked_for_leniency():
    whole = encoded(picture(3, (120, 90)), "JPEG")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        assert why(whole[: len(whole) // 2]) == "truncated"
        assert ImageFile.LOAD_TRUNCATED_IMAGES  # and it is given back
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def test_what_is_no_picture():
    assert why(b"") == "empty"
    assert why(b"this is not a picture") == "not an image"
    assert why(b"%PDF-1.7 ...") == "unsupported"
    assert why(b"\0\0\0\x18ftypheic" + bytes(20)) == "unsupported"
    assert why(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n") == "unsupported"  # starts no ghostscript


def test_bombs_are_refused_by_their_header():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    assert why(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100)))) == "too large"


def test_pillows_limits_are_given_back_in_any_order():
    kept = Image.MAX_IMAGE_PIXELS
    one, two = strict_pillow(), strict_pillow()
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    assert Image.MAX_IMAGE_PIXELS is None
    two.__exit__(None, None, None)
    assert kept == Image.MAX_IMAGE_PIXELS and not room._KEPT


@given(
    st.binary(max_size=60),
    st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"]),
    st.integers(0, 400),
)
def test_hostile_bytes_end_in_a_picture_or_a_reason(noise, file_format, at):
    whole = bytearray(encoded(picture(4, (16, 12)), file_format))
    whole[at : at + len(noise)] = noise
    with strict_pillow():
        try:
            assert decode(bytes(whole)).mode == "RGB"
        except Unreadable as error:
            assert error.reason in REASONS


def test_first_frame_of_a_moving_picture():
    out = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert (pixels(out.getvalue()) == [255, 0, 0]).all()
