"""Dials of the ladder turned up: found is what ends in the word `supported`; and Fisher ratios beside their truth."""

from embedlab.measures.separation import separation
from embedlab.world.ladder import RUNGS
from tests.calibration.ladder import FEW_AXES, FEWER, MORE, aligned, grown, one_of, only, seen, variant
from tests.calibration.world import Coverage, Power

OF_A_SIZE = 100  # worlds: a rate errs by 5 % at most


def found(v) -> float:
    return 0.01 if v.word == "supported" else 1.0


def _drawn_share(rung):
    def draw(rng, size, permutations):
        trait = one_of(rng)
        world = grown(rng, drawn=only(trait, size))
        return found(aligned(seen(world, rng, rung=rung), world, rng, trait, permutations))

    return draw


def _convergence(rung):
    def draw(rng, size, permutations):
        world = grown(rng, optima=size)
        return found(aligned(seen(world, rng, rung=rung), world, rng, "habitat", permutations))

    return draw


def _count(rng, size, permutations):
    trait = one_of(rng)
    world = grown(rng, int(size), drawn=only(trait))
    return found(aligned(seen(world, rng), world, rng, trait, permutations))


def _outside(rung, column="life_stage"):
    def draw(rng, size, permutations):
        world = grown(rng, FEWER)
        emb = seen(world, rng, MORE, rung=rung, variant_share=1 - size, variant_size=1.0, **FEW_AXES)
        return found(variant(emb, world, rng, column, permutations))

    return draw


def _size(rung):
    def draw(rng, size, permutations):
        world = grown(rng, FEWER)
        emb = seen(world, rng, 16, rung=rung, variant_size=size, uneven=False)
        return found(variant(emb, world, rng, "sex", permutations, "separation"))

    return draw


def _fisher(rung, cone):
    """The Fisher ratio of sexes and what was planted: of even size, since species are not what should vary here."""

    def draw(rng):
        world = grown(rng, FEWER)
        size = {"sex": float(rng.uniform(0.2, 1.0)), "life_stage": 0.0}
        emb = seen(world, rng, 18, rung=rung, variant_size=size, uneven=False, cone=cone)
        # of these species, without their tree: what a claim asks with one is another thing, and covers 99 %
        low, high = separation(emb, ("sex", "female", "male"), permutations=9, rng=rng).evidence.interval
        return {"low": low, "high": high, "truth": emb.card["truth"]["reached"]["sex"]["fisher"]}

    return draw


def dial(name, draw, sizes, unit):
    return Power(f"ladder: {name}, supported", draw, sizes, worlds=OF_A_SIZE, unit=unit)


SHARE = (0.2, 0.4, 0.6, 0.8, 1.0)
OPTIMA = (0.4, 0.8, 1.3, 2.0, 3.0)
OUTSIDE = (0.7, 0.8, 0.9, 0.95, 1.0)
SIZES = (0.2, 0.3, 0.4, 0.5, 0.7)
MIXED = ("linear", "network")  # the first rung stands among the empty worlds and the Fisher ratios
POWER = (
    *(dial(f"drawn share of a trait, {rung}", _drawn_share(rung), SHARE, "share drawn") for rung in MIXED),
    dial("number of species, trait drawn, linear", _count, (16, 24, 32, 48, 72), "species"),
    *(dial(f"convergence, asked of habitat, {rung}", _convergence(rung), OPTIMA, "spread of optima") for rung in MIXED),
    *(dial(f"stages outside the species axes, {rung}", _outside(rung), OUTSIDE, "share outside") for rung in RUNGS),
    *(dial(f"size of sexes, {rung}", _size(rung), SIZES, "δ in sd of individuals") for rung in MIXED),
)  # fmt: skip

COVERAGE = (
    Coverage("ladder: Fisher ratio, features", _fisher("features", 8.0), worlds=200),
    Coverage("ladder: Fisher ratio, linear", _fisher("linear", 8.0), worlds=200),
    Coverage("ladder: Fisher ratio, linear, wide cone", _fisher("linear", 2.0), worlds=200, promised=False),
    Coverage("ladder: Fisher ratio, network", _fisher("network", 8.0), worlds=200, promised=False),
)
