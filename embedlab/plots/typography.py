"""Sentences of results as a page sets them: true minus signs, powers of ten, nothing torn apart at a line's end."""

import re

HARD = "\u00a0"  # a space at which no line is broken
KEPT = ("code", "pre", "script", "style", "svg", "td", "th")  # what stands there is data or a picture, not a sentence
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

POWER = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?)e([+-]\d+)(?![\w-])")
MINUS = re.compile(r"(?<![\w.,)\]%=-])-(?=\.?\d)")  # a hyphen after a letter or digit joins, and two begin an option
NOTHING = re.compile(r"[−-](0(?:\.0+)?)(?!\.?\d)")
PERCENT = re.compile(r"(?<=\d) ?%(?!\w)")
EQUALS = re.compile(r"(?<![\w-])(p|r|n|k|K|d|λ|R²|ΔR²) (=|<|>|≤|≥|&lt;|&gt;) (?=[−.\d])")
AROUND = re.compile(r"(?<=\d) ± (?=\d)")


def typeset(sentence: str) -> str:
    """Give a sentence as it is printed; words, options, dates and names stay as they are.

    >>> typeset("79% (chance -0.02 to -0.00; p = 1.5e-07), 15-NN of run-3 on 2026-11-20, --set k=-1").replace(HARD, "_")
    '79_% (chance −0.02 to 0.00; p_=_1.5_×_10⁻⁷), 15-NN of run-3 on 2026-11-20, --set k=-1'
    """
    out = POWER.sub(lambda f: f"{f[1]}{HARD}×{HARD}10{str(int(f[2])).translate(RAISED)}", sentence)
    out = NOTHING.sub(r"\1", MINUS.sub("−", out)) if "-" in out or "−" in out else out
    out = PERCENT.sub(f"{HARD}%", out)
    return AROUND.sub(f"{HARD}±{HARD}", EQUALS.sub(rf"\1{HARD}\2{HARD}", out))


def begun(sentence: str) -> str:
    """Give a sentence with a capital, where it begins with a plain word: names and symbols keep their own letter.

    >>> begun("share of pairs"), begun("k-NN agree"), begun("r = 0.3"), begun("tail_length: 1 %"), begun("mRNA")
    ('Share of pairs', 'k-NN agree', 'r = 0.3', 'tail_length: 1 %', 'mRNA')
    """
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]{2,}[\s:,]", sentence) else sentence


def typeset_html(page: str) -> str:
    """Give a page with its sentences typeset; tags, attributes, code, pictures and the cells of tables stay.

    >>> typeset_html("<p title='5%'>5% <code>-1 5%</code></p>").replace(HARD, "_")
    "<p title='5%'>5_% <code>-1 5%</code></p>"
    """
    out, inside = [], []  # the elements that are kept and that we stand in
    for piece in re.split(r"(<[^>]*>)", page):
        if not piece.startswith("<"):
            out.append(piece if inside else typeset(piece))
            continue
        out.append(piece)
        name = re.match(r"</?([a-z0-9]*)", piece)[1]
        if name not in KEPT or piece.endswith("/>"):
            continue
        if piece.startswith("</"):
            inside.pop()
        else:
            inside.append(name)
    return "".join(out)
