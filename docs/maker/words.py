"""Words of the program, as Markdown that shows just these words."""

import re

MARKS = re.compile(r"([\\*_<\[\]|])")


def escaped(text: str) -> str:
    r"""Give a text with every mark that Markdown would read escaped; what stands in backticks stays code.

    It may stand in a cell of a table, where a bar would end the cell even in code.

    >>> escaped("a_b | `c_d|e` of *args, [low, high] <x>")
    'a\\_b \\| `c_d\\|e` of \\*args, \\[low, high\\] \\<x>'
    """
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(p.replace("|", "\\|") if k % 2 else MARKS.sub(r"\\\1", p) for k, p in enumerate(pieces))
