"""The theorem along training: snapshots of one run, asked on new photographs of the species it is trained on."""

import re
from pathlib import Path

import numpy as np

from embedlab.measures.theorem import theorem
from embedlab.measures.theorem_along import TheoremAlong

FEW = 64  # prototypes, where fewer than dimensions: the span of all would leave nothing orthogonal to it
EACH = 12  # new photographs of each species
_START = 900_000  # numbers of photographs that no run trains on (photos._ROOM is above)


def snapshots(checkpoint: str | Path) -> list[tuple[int, Path]]:
    """List the snapshots of a run with their steps, the finished model last; empty where none were taken."""
    folder = Path(checkpoint)
    found = [(int(m[1]), p) for p in sorted(folder.glob("step-*")) if (m := re.fullmatch(r"step-(\d+)", p.name))]
    return found and [*found, (_steps(folder), folder)]


def theorem_along(config, checkpoint: str | Path) -> TheoremAlong | None:
    """Check the theorem at each snapshot of a run that reads captions; None where it took no snapshots.

    Prototypes are the run's own texts, each species in the first form of its name that the run reads (the full
    taxonomic one, or one token); images are new individuals of these
    species, all sexes and stages, in places that tell nothing. The temperature is what the run had learned by then.
    """
    from embedlab.data import Embeddings
    from embedlab.extract.compact import CompactEncoder, standardised
    from embedlab.train.captions import forms_of, written
    from embedlab.train.species import grown, training_order

    found = snapshots(checkpoint)
    if not found:
        return None
    world = grown(config.world, config.world_species, config.dials)
    order = training_order(world, config.species, config.seed)
    specimens = world.plan(order, EACH, balanced=True, background_bias=0.0, views="any", start=_START)
    x = standardised(world.render(specimens, config.size))
    names = [world.names[s] for s in order]
    form = forms_of(config)[0][0]
    captions = [written(world, int(s), form) for s in order]
    few, every = [], []
    for _, path in found:
        encoder = CompactEncoder.load(path)
        vectors = np.concatenate([encoder.encode(part) for part in np.array_split(x, max(1, len(x) // 256))])
        texts = encoder.encode_text(captions)
        temperature = float(np.exp(-encoder.model.log_scale.item()))
        for kept, into in ((min(FEW, config.dim // 2 + 1), few), (len(names), every)):
            rows = np.isin(specimens.species, order[:kept])
            images = Embeddings(
                vectors[rows],
                {"image_id": [str(i) for i in specimens.index[rows]],
                 "species": [world.names[s] for s in specimens.species[rows]]},
                {},
            )  # fmt: skip
            prototypes = Embeddings(texts[:kept], {"image_id": names[:kept], "species": names[:kept]}, {})
            into.append(theorem(images, prototypes, temperature=temperature, rng=0))
    return TheoremAlong.of([step for step, _ in found], few, every)


def _steps(folder: Path) -> int:
    import json

    return int(json.loads((folder / "model.json").read_bytes())["training"]["steps"])
