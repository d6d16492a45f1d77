"""Questions asked once: the evidence of an analysis is kept beside the study, and found again by what decides it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from embedlab.claims import Claim, Evidence
from embedlab.io.atomic import put_bytes
from embedlab.io.layout import CARD
from embedlab.places import analyses_folder
from embedlab.study import run_analysis

Found = list[tuple[Claim, Evidence, str]]  # a claim, its evidence, and the sentence on it


def asked(analysis: str, stores: Sequence[Path], out: Path, *, x: str | None, traits: Path, tree: Path,
          settings: Mapping | None = None, command: str = "") -> Found:  # fmt: skip
    """Give what an analysis finds in these stores: from `out/evidence.json` if that answers this question, or anew.

    Anew, it writes figures, `outcome.json` and `evidence.json` below `out`. What decides the answer is the analysis's
    file, the stores' keys, the settings, the axis, and the version of embedlab.
    """
    told = {
        "analysis": hashlib.sha256((analyses_folder() / f"{analysis}.py").read_bytes()).hexdigest(),
        "stores": [json.loads((store / CARD).read_bytes()).get("key") for store in stores],
        "settings": {k: str(v) for k, v in (settings or {}).items()},
        "x": x,
        "embedlab": version("embedlab"),
    }
    question = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    path = out / "evidence.json"
    if path.is_file():
        kept = json.loads(path.read_bytes())
        if kept.get("question") == question:
            return [_read(entry) for entry in kept["claims"]]
    outcome = run_analysis(
        analysis, stores=stores, x=x, traits=traits, tree=tree, settings=settings, out=out, command=command
    )
    found = [(claim, outcome.evidence[claim.id], outcome.sentences.get(claim.id, "")) for claim in outcome.claims]
    text = json.dumps({"question": question, "claims": [_told(*entry) for entry in found]})
    put_bytes(path, text.encode(), "evidence")
    return found


def _told(claim: Claim, evidence: Evidence, sentence: str) -> dict:
    plain = {k: v for k, v in asdict(evidence).items() if k != "null"}
    return {"claim": asdict(claim), "evidence": {**plain, "null": np.asarray(evidence.null).tolist()}, "says": sentence}


def _read(entry: dict) -> tuple[Claim, Evidence, str]:
    claim, evidence = dict(entry["claim"]), dict(entry["evidence"])
    claim["covariates"] = tuple(claim["covariates"])
    evidence["interval"], evidence["null"] = tuple(evidence["interval"]), np.array(evidence["null"], float)
    return Claim(**claim), Evidence(**evidence), entry["says"]
