"""Hypotheses written down before the numbers: what stands in a declaration is confirmed or not, all else explores."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from embedlab.claims import Claim
from embedlab.io.atomic import put_json

SCHEMA = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Specification:
    """All that decides how a claim will be judged: its words and bound, the analysis as code, settings and seed.

    `code` is a digest of the analysis file, and `version` that of embedlab: with them the statistic, its null, the
    exclusions and the order of draws are fixed, not only named. `settings` are those that differ from the file's own.
    """

    analysis: str
    code: str
    version: str
    claim: Claim
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    x: str | None = None

    def to_dict(self) -> dict:
        """Plain data, from which `hash` can be made again."""
        return json.loads(json.dumps({**asdict(self), "settings": dict(self.settings)}, default=str))

    @property
    def hash(self) -> str:
        """Sixteen hex digits over `to_dict()` as JSON with sorted keys: a change of any part shows."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]


def declare(specifications: Iterable[Specification], path: str | Path) -> dict:
    """Write specifications to a declaration, with the date; those that stand there already stay as they are.

    Gives what the file then holds. A claim that was declared otherwise before is refused: a declaration that could be
    changed after the fact would declare nothing.
    """
    path = Path(path)
    held = read(path) if path.exists() else {"schema": SCHEMA, "declared": []}
    known = {entry["hash"]: entry for entry in held["declared"]}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for spec in specifications:
        if spec.hash in known:
            continue
        for entry in known.values():
            said = entry["specification"]
            if (said["analysis"], said["claim"]["id"]) == (spec.analysis, spec.claim.id):
                other = ", ".join(differing(said, spec.to_dict()))
                raise ValueError(
                    f"{path}: the claim {spec.claim.id!r} of {spec.analysis} was declared on {entry['date']}; "
                    f"this differs in {other}. A declaration is not changed: name another file"
                )
        known[spec.hash] = {"hash": spec.hash, "date": now, "specification": spec.to_dict()}
    held = {"schema": SCHEMA, "declared": list(known.values())}
    put_json(path, held, "declaration")
    return held


def read(path: str | Path) -> dict:
    """What a declaration holds; one whose entries do not match their hashes is refused."""
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
        parts = [(e["hash"], e["date"], e["specification"]) for e in held["declared"]]
        entries = [(*part, part[2]["claim"]["id"]) for part in parts]
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no declaration {path}: write the claims down first, with embedlab run ANALYSIS … "
            f"--declare {path}"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is no declaration: make one with embedlab run ANALYSIS … --declare FILE") from None
    for said, date, specification, name in entries:
        whole = hashlib.sha256(json.dumps(specification, sort_keys=True).encode()).hexdigest()[:16]
        if whole != said:
            raise ValueError(f"{path}: the claim {name!r} of {date} does not match its hash {said}: it was changed")
    return held


def differing(declared: Mapping, used: Mapping, under: str = "") -> list[str]:
    """Names of the parts in which two specifications differ, as in `settings.axes`.

    >>> differing({"seed": 0, "settings": {"axes": 5}}, {"seed": 0, "settings": {"axes": 8}})
    ['settings.axes']
    """
    found = []
    for key in sorted({*declared, *used}):
        a, b = declared.get(key), used.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += differing(a, b, f"{under}{key}.")
        elif a != b:
            found.append(f"{under}{key}")
    return found


@dataclass(frozen=True)
class Standing:
    """A specification, whether its claim merely explores, and in words where it was or was not made beforehand."""

    specification: Specification
    exploratory: bool
    words: str

    def to_dict(self) -> dict:
        """What stands in `outcome.json` beside the verdict."""
        return {
            "hash": self.specification.hash,
            "exploratory": self.exploratory,
            "declared": self.words,
            "specification": self.specification.to_dict(),
        }


def standing(spec: Specification, declaration: Mapping | None, *, shipped: bool, fixed_by: str = "") -> Standing:
    """Say whether a claim was made beforehand, and where.

    Without a declaration only the claims of an analysis that ships with embedlab, with its own settings and seed,
    were made beforehand: they are older than the data at hand. With one, those that stand in it, to the last part.
    `fixed_by` names code of embedlab in which settings stand as constants (its demo).
    """
    return Standing(spec, *_standing(spec, declaration, shipped, fixed_by))


def _standing(spec: Specification, declaration: Mapping | None, shipped: bool, fixed_by: str) -> tuple[bool, str]:
    if declaration is None:
        if not shipped:
            return True, "the analysis is your own, and no declaration was given"
        if fixed_by:
            return False, f"settings as {fixed_by} of embedlab {spec.version} has them"
        changed = [f"--set {k}" for k in spec.settings] + (["--seed"] if spec.seed else [])
        if changed:
            differ = "differs" if len(changed) == 1 else "differ"
            return True, f"{', '.join(changed)} {differ} from the analysis as it ships, and no declaration was given"
        return False, f"as {spec.analysis} ships with embedlab {spec.version}"
    for entry in declaration["declared"]:
        if entry["hash"] == spec.hash:
            return False, f"declared on {entry['date']}, and run as declared"
    for entry in declaration["declared"]:
        said = entry["specification"]
        if (said["analysis"], said["claim"]["id"]) == (spec.analysis, spec.claim.id):
            return True, f"declared on {entry['date']}, and differs in {', '.join(differing(said, spec.to_dict()))}"
    return True, "not in the declaration"
