"""Shuffle the labels of a report's stores and judge its whole family of claims again: how often is any supported?

Run as a command: `python tests/calibration/family.py figures/demo --shuffles 200`. Resumable: each shuffle is a line of
`FOLDER/label-shuffles.jsonl`, and a second call goes on after the last one.
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from embedlab.data import Embeddings, Traits, Tree
from embedlab.demo import SETTINGS
from embedlab.io.store import open_store
from embedlab.lab import Lab, judged_together
from embedlab.progress import Progress
from embedlab.study import ask, list_analyses


@lru_cache(maxsize=1)
def opened(folder: str):
    """Stores, traits and tree of a demo folder, vectors in memory."""
    root = Path(folder)
    stores = [open_store(p) for p in sorted((root / "stores").iterdir()) if p.is_dir()]
    ids = stores[0].rows["image_id"].to_list()
    if any(s.rows["image_id"].to_list() != ids for s in stores):
        raise ValueError("the stores hold different images: one shuffle could not serve them all")
    return stores, Traits.read(root / "world" / "traits.csv"), Tree.read(root / "world" / "tree.nwk")


def shuffled(folder: str, shuffle: int) -> dict:
    """Judge the whole family after giving every image the labels of another; the same shuffle in every store."""
    stores, traits, tree = opened(folder)
    order = np.random.default_rng([20261120, shuffle]).permutation(stores[0].n)
    moved = [Embeddings(np.asarray(s.x)[order], s.rows, s.card) for s in stores]

    def lab_of(name, question):
        return Lab(name=name, question=question, stores=moved, traits=traits, tree=tree, seed=shuffle, x="images")

    # which need runs of several, three models or more, and a genus of eight species
    names = [a["name"] for a in list_analyses() if a["name"] not in ("objectives", "agreements", "finches")]
    outcomes = [ask(name, lab_of, settings=SETTINGS.get(name)) for name in names]
    verdicts = [v for o in judged_together(outcomes) for v in o.verdicts]
    return {
        "shuffle": shuffle,
        "claims": len(verdicts),
        "supported": [v.claim.id for v in verdicts if v.word == "supported"],
        "contradicted": [v.claim.id for v in verdicts if v.word == "contradicted"],
        "p": {v.claim.id: round(v.p_value, 4) for v in verdicts},
    }


def judged(folder: str, shuffles: int, workers: int = 2) -> list[dict]:
    """The results of the first `shuffles` shuffles; those already in the file are not repeated."""
    path = Path(folder) / "label-shuffles.jsonl"
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    left = [i for i in range(shuffles) if i not in {d["shuffle"] for d in done}]
    with (
        ProcessPoolExecutor(workers, get_context("spawn")) as pool,
        path.open("a") as log,
        Progress("label shuffles", len(left), "shuffles") as line,
    ):
        for result in pool.map(shuffled, [folder] * len(left), left):
            log.write(json.dumps(result) + "\n")
            log.flush()
            done.append(result)
            line.add()
    return [d for d in done if d["shuffle"] < shuffles]


def main() -> None:
    """Print how many shuffles gave any `supported`, beside what the level of the family allows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a folder that `embedlab demo` wrote")
    parser.add_argument("--shuffles", type=int, default=200)
    asked = parser.parse_args()
    done = judged(asked.folder, asked.shuffles)
    any_supported = [d for d in done if d["supported"]]
    ids = sorted({i for d in done for i in d["p"]})
    print(f"{len(done)} label shuffles, {done[0]['claims']} claims judged together each time")
    print(f"any supported: {len(any_supported)} (level .05 allows {0.05 * len(done):.0f} on average)")
    print(f"any contradicted: {sum(bool(d['contradicted']) for d in done)}")
    for i in ids:
        p = np.array([d["p"].get(i, np.nan) for d in done])
        print(f"  {i}: p <= .05 in {np.mean(p <= 0.05):.3f}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
