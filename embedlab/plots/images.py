"""A `Picture` as the bytes of an image file, with where it came from in its metadata."""

import json
import re
from dataclasses import replace
from io import BytesIO, StringIO

from embedlab.plots import paper, theme
from embedlab.plots.marks import Picture
from embedlab.plots.origin import origin


def images(
    picture: Picture, provenance: dict, preset: str = "nature-1col", kinds=("svg", "pdf", "png"), *, bare: bool = False
) -> dict[str, bytes]:
    """Give the bytes of each image format; the same picture and provenance give the same bytes.

    The provenance goes into the metadata whole, and under the numbers in one line: model, key, seed, what was left out.
    A `bare` image shows key and panels alone, for a page that says title, numbers and provenance itself.
    """
    import matplotlib

    said = json.dumps(provenance, sort_keys=True, ensure_ascii=False, default=str)
    _, scale = theme.preset(preset)
    foot = "\u00a0· ".join(filter(None, (picture.foot, origin(provenance))))
    shown = replace(picture, title="", foot="") if bare else replace(picture, foot=foot)
    figure = paper.figure(shown, preset)
    metadata = {
        "svg": {"Title": picture.title, "Description": said, "Creator": "embedlab", "Date": None},
        "pdf": {
            "Title": picture.title,
            "Subject": said,
            "Creator": "embedlab",
            "CreationDate": None,
            "ModDate": None,
        },
        "png": {"Title": picture.title, "Description": said, "Software": "embedlab"},
    }
    out = {}
    with matplotlib.rc_context(theme.rc(scale)):
        for kind in kinds:
            buffer = StringIO() if kind == "svg" else BytesIO()
            figure.savefig(buffer, format=kind, dpi=300, metadata=metadata[kind])
            content = buffer.getvalue()
            out[kind] = _numbered_clips(content).encode() if kind == "svg" else content
    return out


def _numbered_clips(svg: str) -> str:
    """Name clip paths in the order of their use: matplotlib names them after memory addresses."""
    names = dict.fromkeys(re.findall(r"url\(#(p[0-9a-f]{10})\)", svg))
    for number, name in enumerate(names):
        svg = svg.replace(name, f"clip{number}")
    return svg
