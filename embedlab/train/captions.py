"""What species are called while a model trains: forms of their names with shares, and codes of their taxa.

Ranks and an arbitrary common name only. Habitat, traits, sex and life stage are never told: what a caption says
cannot emerge.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from embedlab.data.taxonomy import RANKS
from embedlab.train.config import TrainConfig

# The five types of BioCLIP 2 in equal shares; the full taxonomic one first, by which species are named in tests.
FIVE = ("taxonomic", "scientific", "common", "scientific and common", "taxonomic and common")


def forms_of(config: TrainConfig) -> tuple[tuple[str, ...], Float[np.ndarray, " f"]]:
    """Give the forms of a name that a run reads, the one for tests first, and their shares, which sum to 1.

    >>> forms_of(TrainConfig(objective="taxonomic"))
    (('taxonomic',), array([1.]))
    """
    if config.objective in ("taxonomic", "flat"):
        return (config.objective,), np.ones(1)
    if config.captions == "five":
        return FIVE, np.full(len(FIVE), 1 / len(FIVE))
    from embedlab.world.world import CAPTIONS

    return tuple(form for form, _ in CAPTIONS), np.array([share for _, share in CAPTIONS])


def written(world, species: int, form: str) -> str:
    """Write one form of a species' name: those of `World.caption`, and "flat".

    That is genus and epithet joined to one word, so that it is a token which no other species shares.
    """
    return world.names[species].replace(" ", "-") if form == "flat" else world.caption(species, form)


def told(world, order: Sequence[int], config: TrainConfig) -> tuple[list[list[str]], Float[np.ndarray, " f"]]:
    """Give the captions of each species in this order, form by form, and the shares of the forms."""
    forms, shares = forms_of(config)
    return [[written(world, int(species), form) for form in forms] for species in order], shares


def taxa(world, order: Sequence[int]) -> Int[np.ndarray, "s 7"]:
    """Give the codes of these species at the seven ranks, kingdom first: within a rank from 0 without gaps.

    Species are numbered in the order given.
    """
    codes = [np.unique(np.array(world.columns[rank])[order], return_inverse=True)[1] for rank in RANKS[:-1]]
    return np.stack([*codes, np.arange(len(order))], axis=1).astype(np.int64)
