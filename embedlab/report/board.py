"""The board: each claim, its verdict in words, and its estimate drawn over chance."""

from embedlab.plots.page import text
from embedlab.plots.theme import number, p_words
from embedlab.plots.typography import begun

# Shape tells the five words apart, not colour: no traffic lights.
GLYPHS = {
    "supported": '<circle class="full" cx="8" cy="8" r="6"/>',
    "too small to matter": '<circle cx="8" cy="8" r="6"/><circle class="full" cx="8" cy="8" r="2.2"/>',
    "not supported": '<circle cx="8" cy="8" r="6"/>',
    "contradicted": '<circle cx="8" cy="8" r="6"/><path d="M4 4l8 8M12 4l-8 8"/>',
    "cannot tell": '<circle cx="8" cy="8" r="6" stroke-dasharray="2.2 2.2"/>',
}
MEANING = {
    "supported": "more than chance, by enough to matter",
    "too small to matter": "whatever there is, it is smaller than would matter",
    "not supported": "not shown to exceed chance",
    "contradicted": "the opposite holds",
    "cannot tell": "these data do not decide it",
}
WIDTH, HEIGHT = 248, 46


def board(verdicts: list[dict]) -> str:
    """Give the board of claims, as they stand in `outcome.json`, in HTML that needs no script."""
    if not verdicts:
        return "<p>No claim was judged on these data.</p>"
    return f'<div class="board" data-el="board">{"".join(map(_claim, verdicts))}</div>'


def tally(verdicts: list[dict]) -> str:
    """Count the verdicts, and say what the words that occur mean."""
    words = [v["verdict"] for v in verdicts]
    items = (
        f"<li>{word(w)} <span class='small'>{words.count(w)} of {len(words)}: {MEANING[w]}</span></li>"
        for w in GLYPHS
        if w in words
    )
    return f'<ul class="tally">{"".join(items)}</ul>'


def word(verdict: str) -> str:
    """Give a verdict with its glyph."""
    glyph = f'<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">{GLYPHS.get(verdict, "")}</svg>'
    return f'<span class="word" data-el="verdict">{glyph}{text(verdict)}</span>'


def _claim(v: dict) -> str:
    # A claim that stays undecided or unsupported although its adjusted p-value is small puzzles without the reason.
    puzzling = v["verdict"] == "cannot tell" or (v["verdict"] != "supported" and (v.get("p_adjusted") or 0) <= 0.05)
    why = f". Why: {v['reason']}." if puzzling and v.get("reason", "") not in v["sentence"] else ""
    return (
        f'<article class="claim" data-el="claim" id="claim-{text(v["id"])}">'
        f'<div><p class="says">{text(v["says"])}</p><p class="told">'
        f"{text(begun(v['sentence']).rstrip('.') + (why or '.'))}</p></div>"
        f"<div><p>{word(v['verdict'])}{_stamp(v)}</p>{strip(v)}</div>{_numbers(v)}</article>"
    )


def _stamp(v: dict) -> str:
    """Mark a claim that was not made beforehand, with the reason where a mouse rests."""
    if not v.get("exploratory"):
        return ""
    return f' <span class="stamp" data-el="exploratory" title="{text(v.get("declared", ""))}">exploratory</span>'


def _numbers(v: dict) -> str:
    low, high = v["interval"]
    chance = v["chance"]
    like = max([abs(v["estimate"] or 0.0)] + ([(high - low) / 2] if low is not None and high is not None else []))
    lines = [f"<b>{number(v['estimate'], like=like)}</b> ({number(low, like=like)} to {number(high, like=like)})"]
    if chance.get("mean") is not None:
        lines.append(
            f"chance {number(chance['mean'], like=like)} "
            f"({number(chance['low'], like=like)} to {number(chance['high'], like=like)})"
        )
    p = p_words(v["p_value"])
    if v.get("family", 1) > 1:
        p += f", {p_words(v['p_adjusted']).replace('p', 'adjusted', 1)} among {v['family']} claims"
    unit = v.get("unit", "")
    return f'<p class="numbers">{"<br>".join(lines)}<br>{p}<br>n = {v["n"]:,} {text(unit)}</p>'


def strip(v: dict) -> str:
    """Draw chance as a band with a dotted mean, the estimate as a diamond with its interval."""
    chance, estimate = v["chance"], v["estimate"]
    finite = [
        x
        for x in (*v["interval"], estimate, chance.get("low"), chance.get("high"), chance.get("mean"))
        if x is not None
    ]
    if estimate is None or len(finite) < 2:
        return '<p class="numbers">No estimate could be made.</p>'
    least, most = min(finite), max(finite)
    room = (most - least) * 0.08 or 1.0
    least, most = least - room, most + room

    def at(value: float) -> float:
        return round(6 + (WIDTH - 12) * (value - least) / (most - least), 2)

    parts = [f'<path class="axis" d="M0 30.5H{WIDTH}"/>']
    if chance.get("mean") is not None:
        a, b, mean = at(chance["low"]), at(chance["high"]), at(chance["mean"])
        anchor = "start" if mean < WIDTH * 0.15 else "end" if mean > WIDTH * 0.85 else "middle"
        parts += [
            f'<rect class="band" x="{a}" y="4" width="{max(b - a, 1.5):.2f}" height="26"/>',
            f'<path class="mean" d="M{mean} 2V30"/>',
            f'<text x="{mean}" y="42" text-anchor="{anchor}">chance</text>',
        ]
    low, high = v["interval"]
    if low is not None and high is not None:
        parts.append(f'<path class="whisker" d="M{at(low)} 16H{at(high)}"/>')
    x = at(estimate)
    parts.append(f'<path class="at" d="M{x} 10.5L{x + 5.5:.2f} 16L{x} 21.5L{x - 5.5:.2f} 16Z"/>')
    said = (
        f"{v['statistic']}: estimate {number(estimate)}, interval {number(low)} to {number(high)}, "
        f"chance {number(chance.get('mean'))}"
    )
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(said)}"><title>'
        f"{text(said)}</title>"
        f"{''.join(parts)}</svg><p class='numbers'>{text(v['statistic'].split(' (')[0])}</p>"
    )
