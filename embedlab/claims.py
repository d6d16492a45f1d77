"""Claims made before the numbers, the evidence for each, and the verdict on all of them together."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from embedlab.data.report import few
from embedlab.stats.multiplicity import holm

VERDICTS = ("supported", "too small to matter", "not supported", "contradicted", "cannot tell")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement about an embedding space, written down before anyone looks at the numbers.

    `at_least` is the smallest excess over chance that would matter, in the units of the statistic.
    `direction` is +1 when the claim says "more than chance" and -1 when it says "less".
    `says` is a full sentence; `source` names who claimed it first. `statistic`, `null`, `unit`, `covariates` and
    `exclusions` say in words how it will be asked; they enter its hash.
    """

    id: str
    says: str
    source: str
    at_least: float
    alpha: float = 0.05
    direction: int = 1
    statistic: str = ""
    null: str = ""
    unit: str = "species"
    covariates: tuple[str, ...] = ()
    exclusions: str = ""

    def __post_init__(self):
        """Refuse a claim that could not be judged."""
        if self.direction not in (-1, 1):
            raise ValueError(
                f"claim {self.id!r}: direction is {self.direction}; use 1 for more than chance, -1 for less"
            )
        if self.at_least < 0 or not 0 < self.alpha < 1:
            raise ValueError(
                f"claim {self.id!r}: at_least must be 0 or more and alpha within (0, 1); saw {self.at_least:g} "
                f"and {self.alpha:g}"
            )

    @property
    def hash(self) -> str:
        """Sixteen hex digits over every word and number of the claim: a later rewording shows."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """An estimate beside what chance would give, with its interval and its one-sided p-values.

    `estimate` and `interval` (95 %) are in the units of `statistic`. `null` holds the values that the statistic
    takes where nothing is going on, in the way `chance_kind` says. `p_more` and `p_less` are one-sided, lie in
    (0, 1] and are never 0. `p_floor` is the smallest value they could reach with these data. `n` counts the
    independent units, named by `unit`; `n_effective` is smaller where the units are related. A non-empty
    `cannot_tell` says why no data like these could decide, whatever the p-values. A non-empty `blind` says why such
    data could hardly have shown what there is: then that nothing was shown is *cannot tell*, not *not supported*.
    """

    statistic: str
    estimate: float
    interval: tuple[float, float]
    null: np.ndarray = field(repr=False)
    chance_kind: str
    p_more: float
    p_less: float
    p_floor: float
    n: int
    n_effective: float
    unit: str = "species"
    cannot_tell: str = ""
    blind: str = ""

    @property
    def chance(self) -> dict:
        """Mean and 95 % range of what chance gives, and its kind."""
        null = np.asarray(self.null, float)
        null = null[np.isfinite(null)]
        if not null.size:
            return {"mean": None, "low": None, "high": None, "kind": self.chance_kind}
        low, high = np.quantile(null, [0.025, 0.975])
        return {"mean": float(null.mean()), "low": float(low), "high": float(high), "kind": self.chance_kind}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A claim, its evidence in plain numbers, and one of the five words of `VERDICTS`."""

    claim: Claim
    word: str
    reason: str
    p_value: float
    p_adjusted: float
    family: int
    numbers: Mapping

    def __str__(self) -> str:
        return f"{self.claim.says} — {self.word}: {self.reason}"

    def to_dict(self, sentence: str = "") -> dict:
        """Give the entry that stands in `outcome.json`."""
        return {
            "id": self.claim.id,
            "says": self.claim.says,
            "source": self.claim.source,
            **self.numbers,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "family": self.family,
            "at_least": self.claim.at_least,
            "hash": self.claim.hash,
            "verdict": self.word,
            "reason": self.reason,
            "sentence": sentence or str(self),
        }


def judge(claims: Claim | Sequence[Claim], evidence: Mapping[str, Evidence]) -> list[Verdict]:
    """Judge all claims together: a claim once made is judged, whatever came of it.

    `evidence` holds, by the id of each claim, what a result keeps as `.evidence`, or the result itself; beside one
    claim alone it may stand without an id: `judge(claim, result)`.

    The one-sided p-values in the direction of each claim, and against it, are adjusted by Holm over the whole
    family. In words: *supported* when the adjusted p-value is at most alpha and the whole interval of the excess
    over chance lies beyond `at_least`; *too small to matter* when that whole interval stays short of it;
    *contradicted* when the opposite direction is established; *cannot tell* when the data could not have
    decided, or could hardly have shown it; *not supported* otherwise.
    """
    if isinstance(claims, Claim):
        claims = [claims]
        evidence = evidence if isinstance(evidence, Mapping) else {claims[0].id: evidence}
    ids = [claim.id for claim in claims]
    if len(set(ids)) < len(ids):
        raise ValueError(f"claim ids must be unique; these come twice: {sorted({i for i in ids if ids.count(i) > 1})}")
    missing = [i for i in ids if i not in evidence]
    if missing:
        raise KeyError(
            f"no evidence for {missing[:5]}: a claim once made is judged, whatever came of it. There is evidence for "
            f"{few(evidence) or 'none'}"
        )
    surplus = sorted(set(evidence) - set(ids))
    if surplus:
        raise KeyError(f"evidence for {surplus[:5]}, which no claim announced: declare the claim first")
    evidence = {name: _evidence(name, given) for name, given in evidence.items()}
    along = [_p(evidence[c.id], c.direction) for c in claims]
    against = [_p(evidence[c.id], -c.direction) for c in claims]
    rows = zip(claims, along, holm(along), holm(against), strict=True)
    return [_judge_one(c, evidence[c.id], p, adjusted, opposite, len(ids)) for c, p, adjusted, opposite in rows]


def _evidence(name: str, given) -> Evidence:
    """Take the evidence for one claim as it is, or from the result that holds it."""
    found = getattr(given, "evidence", given)
    if isinstance(found, Mapping) and found:
        if len(found) > 1:
            raise TypeError(
                f"claim {name!r}: this result has evidence of several kinds, {few(found)}: give one of them, as in "
                f"result.evidence[{next(iter(found))!r}]"
            )
        found = next(iter(found.values()))
    if not isinstance(found, Evidence):
        raise TypeError(
            f"claim {name!r}: evidence is what a result keeps as .evidence; saw a {type(given).__name__}. Ask first, "
            "as in el.phylogeny(birds, tree, rng=0).evidence"
        )
    return found


def _p(evidence: Evidence, direction: int) -> float:
    # A claim nobody can decide still counts in the family, at p = 1, so that it cannot help the others.
    if evidence.cannot_tell:
        return 1.0
    return evidence.p_more if direction > 0 else evidence.p_less


def _judge_one(claim: Claim, ev: Evidence, p: float, adjusted: float, opposite: float, family: int) -> Verdict:
    chance = ev.chance
    numbers = {
        "statistic": ev.statistic,
        "estimate": _plain(ev.estimate),
        "interval": [_plain(v) for v in ev.interval],
        "chance": chance,
        "n": int(ev.n),
        "n_effective": _plain(ev.n_effective),
        "unit": ev.unit,
    }

    def verdict(word: str, reason: str) -> Verdict:
        return Verdict(claim=claim, word=word, reason=reason, p_value=float(p), p_adjusted=float(adjusted),
                       family=family, numbers=numbers)  # fmt: skip

    if ev.cannot_tell:
        return verdict("cannot tell", ev.cannot_tell)
    if ev.p_floor > claim.alpha:
        drawn = np.size(ev.null) > 0 and ev.p_floor <= (1 + 1e-9) / (np.size(ev.null) + 1)  # not for want of units
        least = f"with {ev.n} {ev.unit} the smallest p-value that a claim across {ev.unit} can reach"
        if drawn:
            least = f"with {np.size(ev.null)} draws of chance (all there are, or as asked) the smallest p-value"
        return verdict("cannot tell", f"{least} is {ev.p_floor:.2g}, above {claim.alpha:g}")
    if not np.all(np.isfinite([ev.estimate, *ev.interval])) or chance["mean"] is None:
        return verdict("cannot tell", "the estimate or its interval is not a finite number")
    low, high = sorted(claim.direction * (v - chance["mean"]) for v in ev.interval)
    among = f", {adjusted:.2g} among {family} claims" if family > 1 else ""
    beyond = f"excess over chance {low:+.3g} to {high:+.3g}, p = {p:.2g}{among}"
    if opposite <= claim.alpha and high < 0:
        return verdict("contradicted", f"the opposite holds: {beyond}")
    if adjusted <= claim.alpha and low > claim.at_least:
        return verdict("supported", beyond)
    if adjusted > claim.alpha and p <= claim.alpha and p <= ev.p_floor * (1 + 1e-9):
        return verdict(
            "cannot tell",
            f"{beyond}: no more extreme result was possible, so {ev.n} {ev.unit} cannot decide"
            + (f" among {family} claims" if family > 1 else ""),
        )
    if high < claim.at_least:
        # "Too small" alone would puzzle beside an estimate that lies far off, on the other side of chance.
        turned = claim.direction * (ev.estimate - chance["mean"]) < 0
        other = "the estimate lies on the other side of chance, " if turned else ""
        return verdict("too small to matter", f"{other}{beyond}; {claim.at_least:g} would matter")
    if adjusted <= claim.alpha and low > 0:
        return verdict(
            "cannot tell", f"{beyond}; more than chance, but it may be less than the {claim.at_least:g} that matters"
        )
    if adjusted <= claim.alpha:
        return verdict(
            "not supported", f"{beyond}; rare under the null, but the interval over {ev.unit} still reaches chance"
        )
    return verdict("cannot tell", f"{beyond}: {ev.blind}") if ev.blind else verdict("not supported", beyond)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
