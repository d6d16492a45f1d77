"""How wide words are, and where a line of them ends: by the widths of DejaVu Sans, the widest font that print uses."""

import re

# width in type sizes → the letters that take it; all others take 0.63
WIDTHS = {
    0.29: "ijlIJ',./:;\\| ·\u00a0",
    0.38: "frt!()-[]²",
    0.53: 'csz"*?_`▸',
    0.69: "ABCKNRUVXZ",
    0.80: "wDGHOQ#&+<=>^~−",
    0.98: "MmW%@…",
}
OTHERS, BOLD = 0.63, 1.13
HINTED = 1.045  # a renderer that sets letters on whole pixels takes so much more for small type
_OF = {letter: width for width, letters in WIDTHS.items() for letter in letters}


def em(text: str, bold: bool = False) -> float:
    """Give the width of a text in type sizes, to a few per cent; of a narrower font it is an upper limit.

    >>> round(em("n = 24"), 2), round(em("iii"), 2)
    (3.42, 0.91)
    """
    return sum(_OF.get(letter, OTHERS) for letter in text) * (BOLD if bold else 1.0) * HINTED


def lines(text: str, room: float, bold: bool = False) -> list[str]:
    """Break a text at its plain spaces into lines of at most `room` type sizes; a longer word is cut.

    >>> lines("n\u00a0=\u00a024 species of birds", 6.0)
    ['n\\xa0=\\xa024', 'species of', 'birds']
    """
    room = max(room, 6.0)
    out: list[str] = []
    for word in re.split(r"[ \n\t]+", text.strip()):
        if out and em(f"{out[-1]} {word}", bold) <= room:
            out[-1] = f"{out[-1]} {word}"
            continue
        while em(word, bold) > room:
            cut = next(i for i in range(len(word), 0, -1) if em(word[:i], bold) <= room)
            out.append(word[:cut])
            word = word[cut:]
        out.append(word)
    return out or [""]
