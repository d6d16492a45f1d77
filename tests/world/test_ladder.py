"""A simulated encoder sees what was planted, and says so: rungs, dials, and the truth in its card."""

import numpy as np
import pytest

from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.separation import separation
from embedlab.world import World
from embedlab.world.characters import columns
from embedlab.world.ladder import RUNGS, simulated_encoder
from embedlab.world.traits import FUNCTIONAL, Evolution

SEX = ("sex", "female", "male")
SPECIES = 16
WORLD = World(5, SPECIES)


def met(each=12, world=WORLD, **how):
    return world.plan(np.arange(len(world)), each, balanced=True, background_bias=0.0, **how)


def space(seed=0, world=WORLD, specimens=None, **how):
    return simulated_encoder(world, met() if specimens is None else specimens, np.random.default_rng(seed), **how)


@pytest.mark.parametrize("rung", RUNGS)
def test_rows_and_vectors_go_together(rung):
    emb = space(rung=rung, d=40)
    assert emb.n == SPECIES * 12 and emb.d == (9 + 12 + 24 if rung == "features" else 40)
    assert emb.column("species").to_list() == [WORLD.names[s] for s in met().species]
    assert set(emb.column("life_stage")) == {"juvenile", "subadult", "adult"}
    assert emb.card["model"] == f"simulated:{rung}" and emb.card["truth"]["world"] == 5
    again = space(rung=rung, d=40)
    assert (again.x == emb.x).all() and not np.allclose(space(1, rung=rung, d=40).x, emb.x)


def test_first_rung_shows_the_traits_and_nothing_else():
    bare = space(rung="features", noise=0, camera=0, variant_size=0, hidden=0, cone=0)
    x = bare.x.reshape(SPECIES, 12, -1)
    assert np.allclose(x, x[:, :1]), "without noise and variants all images of a species are one"
    drawn = WORLD.evolved.drawn[:, columns(FUNCTIONAL)]
    assert np.allclose(x[:, 0, :9], (drawn - drawn.mean(0)) / drawn.std(0) / 3, atol=1e-5)
    assert not x[:, 0, 9:].any(), "no species differ on private axes"
    assert np.isclose(x[:, 0].var(axis=0).sum(), 1, atol=1e-5)


def test_a_trait_that_is_not_drawn_does_not_reach_the_space():
    hidden = World(5, SPECIES, Evolution(drawn={"elongation": 0.0}))
    at = list(FUNCTIONAL).index("elongation")
    shown = space(world=WORLD, rung="features", noise=0, camera=0, variant_size=0)
    without = space(world=hidden, rung="features", noise=0, camera=0, variant_size=0)
    assert (hidden.evolved["elongation"] == WORLD.evolved["elongation"]).all()
    same = np.isclose(shown.x, without.x, atol=1e-5).all(axis=0)
    assert not same[at] and same.sum() == shown.d - 1
    assert without.card["truth"]["trait_share"]["elongation"] == 0
    assert np.isclose(shown.card["truth"]["trait_share"]["elongation"], 0.5 / 9)


def test_fisher_ratio_is_linear_in_the_square_of_the_size():
    """On the linear rungs; truth and estimate agree where the cone is narrow, so that unit length bends nothing."""
    sizes = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    specimens = met(90)
    for rung in ("features", "linear"):
        spaces = [
            space(3, specimens=specimens, rung=rung, variant_size={"sex": s, "life_stage": 0}, cone=10, camera=0)
            for s in sizes
        ]
        planted = np.array([emb.card["truth"]["reached"]["sex"]["fisher"] for emb in spaces])
        found = np.array([separation(emb, SEX, permutations=1, rng=0).evidence.estimate for emb in spaces])
        assert np.allclose(planted, planted[-1] * sizes**2, rtol=1e-6)
        if rung == "features":
            assert np.allclose(planted, sizes**2 / 2, rtol=0.1)  # the scatter is told of 16 × 64 draws
        # 45 of each sex in 16 species: a species' ratio errs by √(8/90 · FDR/d) with about 10 dimensions that count
        assert np.abs(found - planted).max() < 5 * np.sqrt(8 / 90 * planted[-1] / 10 / SPECIES)
        assert np.isclose(np.polyfit(sizes**2, found, 1)[0], planted[-1], rtol=0.1)


def test_planted_share_is_found_inside_the_species_axes():
    told, found = [], []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        emb = space(2, specimens=met(48), rung="features", variant_share=share, variant_size=1.0, uneven=False)
        told.append(emb.card["truth"]["reached"]["sex"]["share_inside"])
        found.append(orthogonality(emb, SEX, permutations=9, compare=False, rng=0).share)
    assert np.allclose(told, [0.0, 0.25, 0.5, 0.75, 1.0], atol=0.05)  # axes of 64 individuals
    assert np.abs(np.subtract(found, told)).max() < 0.1 and (np.diff(found) > 0.1).all()


def test_contrasts_drawn_from_the_scatter_lie_inside_as_it_does():
    """Over worlds, since what species share of a contrast is one draw a world."""
    inside, chance = [], []
    for seed in range(40):
        reached = space(seed, specimens=met(1), rung="linear").card["truth"]["reached"]
        inside.append(reached["sex"]["share_inside"])
        chance.append(reached["chance_inside"])
    error = np.std(inside) / np.sqrt(40)
    assert abs(np.mean(inside) - np.mean(chance)) < 4 * error < 0.1


def test_photographs_of_one_individual_share_what_is_its_own():
    emb = space(rung="features", specimens=met(12, photos=6), camera=0.0, variant_size=0.0)
    x = emb.x.reshape(SPECIES, 2, 6, -1)
    assert np.allclose(x, x[:, :, :1]) and not np.allclose(x[:, 0], x[:, 1])
    moved = space(rung="features", specimens=met(12, photos=6), camera=0.5, variant_size=0.0)
    assert np.allclose((moved.x - emb.x)[:, :21], 0, atol=1e-5), "the camera stays on private axes"


def test_dials_of_the_world_are_heeded():
    plain = World(5, SPECIES, Evolution(sex_size=0.0))
    reached = space(world=plain).card["truth"]["reached"]
    assert reached["sex"] == {"fisher": 0.0, "share_inside": None} and reached["life_stage"]["fisher"] > 0
    one_place = met().replace(background=0)
    moved = space(place=0.5, specimens=one_place).x - space(specimens=one_place).x
    assert np.allclose(moved, moved[0], atol=1e-5) and np.linalg.norm(moved[0]) > 0.05


def test_what_is_no_choice_is_refused():
    with pytest.raises(ValueError, match=r"rung is one of .*'network'.*, not 'deep'"):
        space(rung="deep")
    with pytest.raises(ValueError, match=r"share from 0 to 1 or None, not 1.5"):
        space(variant_share=1.5)
    with pytest.raises(ValueError, match="'flat' or 'power', not 'pink'"):
        space(spectrum="pink")
    with pytest.raises(KeyError, match=r"no traits \['horn'\]"):
        space(traits=("horn",))
    with pytest.raises(ValueError, match="nothing to see"):
        space(private=0)
