"""A finished store on disk from vectors and rows that a test made up."""

import numpy as np

from embedlab.io.store import StoreWriter


def write_store(path, x, rows, **card):
    facts = {"model": "planted", "seed": str(card)}
    with StoreWriter(path, facts=facts, card=card, plan=rows, dim=x.shape[1], dtype="float32") as writer:
        for part in writer.pending:
            start, stop = writer.span(part)
            writer.write_part(part, x[start:stop], np.ones(stop - start, bool))
        writer.finish()
    return path
