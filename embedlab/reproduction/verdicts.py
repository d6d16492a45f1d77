"""The table of a study: each claim, what was measured over worlds, what chance gives, and our verdict."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from embedlab.claims import Claim, Evidence, judge
from embedlab.io.atomic import put_bytes
from embedlab.reproduction.over_worlds import over_worlds
from embedlab.reproduction.papers import papers_table
from embedlab.reproduction.tables import verdicts_table

SCHEMA = 1


@dataclass
class Line:
    """One claim along one axis, with its evidence in each world: (world, evidence, sentence)."""

    analysis: str
    axis: str
    claim: Claim
    worlds: list[tuple[str, Evidence, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """What the claim is called in the study: with its axis, where the same is asked along several."""
        return "/".join(part for part in (self.analysis, self.axis, self.claim.id) if part)

    @property
    def evidence(self) -> Evidence:
        """What the worlds asked so far say together: not kept, as a study adds its worlds one after the other."""
        return over_worlds([evidence for _, evidence, _ in self.worlds])

    def agreeing(self) -> int:
        """In how many worlds the estimate lies on the claim's side of chance."""
        side = [e.estimate - (e.chance["mean"] or 0.0) for _, e, _ in self.worlds]
        return sum(value * self.claim.direction > 0 for value in side)


def put_verdicts(
    lines: Sequence[Line], out: Path, *, worlds: int, of: int, command: str, unasked: Mapping[str, str],
    theorem: Mapping[str, str],
) -> dict[str, str]:  # fmt: skip
    """Judge all lines as one family and write `outcome.json`, `verdicts.md` and `papers.md`; give id → verdict.

    `worlds` were asked so far, `of` so many in all: a study that is not done says so.
    """
    # A claim that some world could not ask is no claim over worlds; it is named, with how many could.
    short = {line.id: f"asked in {len(line.worlds)} of {worlds} worlds" for line in lines if len(line.worlds) < worlds}
    unasked = {**unasked, **short}
    lines = [line for line in lines if line.id not in short]
    together = {line.id: line.evidence for line in lines}
    if worlds < of:  # no verdict before all worlds are in: else a study could be stopped where it pleases
        unfinished = f"{worlds} of {of} worlds are done"
        together = {name: replace(e, cannot_tell=unfinished) for name, e in together.items()}
    verdicts = judge([replace(line.claim, id=line.id) for line in lines], together)
    claims = [
        {
            **verdict.to_dict(),
            "axis": line.axis,
            "analysis": line.analysis,
            "agree": line.agreeing(),
            "worlds": [
                {"world": world, "estimate": _plain(e.estimate), "interval": [_plain(v) for v in e.interval],
                 "chance": e.chance, "p_more": _plain(e.p_more), "p_less": _plain(e.p_less), "sentence": sentence}
                for world, e, sentence in line.worlds
            ],
        }
        for line, verdict in zip(lines, verdicts, strict=True)
    ]  # fmt: skip
    told = {
        "schema": SCHEMA, "analysis": "reproduction", "command": command, "worlds": worlds,
        "worlds_in_all": of,
        "claims": claims, "unasked": dict(unasked), "theorem": dict(theorem),
        "versions": {"embedlab": version("embedlab")},
    }  # fmt: skip
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    put_bytes(out / "outcome.json", text.encode(), "outcome")
    put_tables(out)
    return {verdict.claim.id: verdict.word for verdict in verdicts}


def put_tables(out: Path) -> None:
    """Write `verdicts.md` and `papers.md` of a study from the `outcome.json` in its folder."""
    text = (out / "outcome.json").read_bytes()
    told = json.loads(text)
    so_far = f"; so far, {told['worlds']} of {told['worlds_in_all']} worlds" * (told["worlds"] < told["worlds_in_all"])
    end = f"outcome.json {hashlib.sha256(text).hexdigest()[:12]}{so_far}\n"
    family = f"All {len(told['claims'])} claims are judged as one family (Holm). "
    silent = "".join(f"- {name}: {why}\n" for name, why in told["unasked"].items())
    page = f"{verdicts_table(told)}\n{family}{end}" + (f"\nNot asked:\n\n{silent}" if silent else "")
    put_bytes(out / "verdicts.md", page.encode(), "verdicts")
    put_bytes(out / "papers.md", f"{papers_table(told)}\n{end}".encode(), "claims of the papers")


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None  # JSON knows no NaN
