"""The verdicts of a study as a Markdown table, from its `outcome.json` alone."""

from collections.abc import Mapping
from typing import Any


def verdicts_table(told: Mapping[str, Any]) -> str:
    """Write one row a claim of a study, with the number of worlds that agree in sign; `told` is its `outcome.json`."""
    rows = [
        "| claim | along | what was measured | estimate [95 %] | chance | worlds | p, p Holm | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for claim in told["claims"]:
        chance = claim["chance"]
        by_chance = "–"
        if chance["mean"] is not None:
            by_chance = f"{chance['mean']:+.2g} ({chance['low']:+.2g} to {chance['high']:+.2g})"
        rows.append(
            f"| {claim['says']} | {claim['axis'] or '–'} | {claim['statistic']} | {estimated(claim, 3)} | "
            f"{by_chance} | {claim['agree']} of {len(claim['worlds'])} | "
            f"{claim['p_value']:.2g}, {claim['p_adjusted']:.2g} | **{claim['verdict']}** |"
        )
    return "\n".join(rows) + "\n"


def estimated(claim: Mapping[str, Any], digits: int) -> str:
    """Write the estimate of a claim with its interval; where there is none, how many worlds could not decide.

    >>> estimated({"estimate": 0.25, "interval": [0.125, 0.5], "worlds": []}, 2)
    '+0.25 [+0.12, +0.5]'
    >>> none = {"estimate": None, "interval": [None, None], "worlds": [{"estimate": 0.1}, {"estimate": None}]}
    >>> estimated(none, 2)
    '1 of 2 worlds could not decide'
    """
    low, high = claim["interval"]
    if claim["estimate"] is None:
        mute = sum(world["estimate"] is None for world in claim["worlds"])
        return f"{mute} of {len(claim['worlds'])} worlds could not decide"
    if low is None or high is None:
        return f"{claim['estimate']:+.{digits}g}, no interval"
    return f"{claim['estimate']:+.{digits}g} [{low:+.{digits}g}, {high:+.{digits}g}]"
