"""A run's configuration: what is read is what runs, and what is not understood is refused by name."""

from pathlib import Path

import pytest

from embedlab.train import TrainConfig, read_configs

CONFIGS = Path(__file__).parents[2] / "analyses" / "configs"


def written(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    return path


def test_toml_round_trip(tmp_path):
    config = TrainConfig(species=32, images=4, lr=1e-3, seed=5)
    assert read_configs(written(tmp_path, config.toml())) == [config]


def test_grid_gives_every_combination(tmp_path):
    runs = read_configs(written(tmp_path, 'steps = 9\n[grid]\ndata = ["8x2", "16x4"]\nseed = [0, 1]\n'))
    assert [(r.species, r.images, r.seed, r.steps) for r in runs] == [
        (8, 2, 0, 9),
        (8, 2, 1, 9),
        (16, 4, 0, 9),
        (16, 4, 1, 9),
    ]
    assert len({r.digest for r in runs}) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stepps = 3", "unknown keys.*stepps.*did you mean 'steps'"),
        ("steps = 0", "steps = 0: give 1 to"),
        ("steps = 1.5", "steps = 1.5: a whole number"),
        ("lr = true", "lr = True: a number"),
        ('lr = "fast"', "lr = 'fast': a number"),
        ("species = 700", "species = 700 are more than the world has, world_species = 640"),
        ("scale = 60.0", "starts above scale_max"),
        ('[grid]\ndata = ["64"]', "write species x images"),
        ("[grid]\nseed = 3", "should be a list"),
        ("seed = 3\n[grid]\nseed = [0, 1]", r"\['seed'\] are given twice"),
        ('species = 3\n[grid]\ndata = ["8x2"]', r"\['species'\] are given twice"),
        ("grid = 3", "should be a table"),
        ("steps = ", "is not TOML"),
        ('objective = "clipp"', "objective = 'clipp': give one of .*'hierarchical'"),
        ("objective = 3", "objective = 3: a word in quotes"),
        ('dials = "optima"', "dials = 'optima': write name=number"),
        ("batch = 10\naccumulate = 4", "batch = 10 cannot be cut into accumulate = 4 parts"),
        ('batch = 10\nobjective = "supcon"', "batch = 10 is no multiple of 4 images of each species"),
        ('tower = "vit"\npatch = 7', "patch 7 does not divide the image edge"),
        ('text = "none"', "objective = 'hierarchical' reads captions"),
        ('objective = "flat"\ntext = "causal"', "one token of its own: give text = 'bag'"),
        ("[arm]\nseed = [0]", r"should be tables, \[\[arm\]\]"),
        ("[[arm]]\nsed = [0]", r"\[\[arm\]\] number 1: unknown keys \['sed'\]"),
        ("[[arm]]\nseed = []", r"number 1: seed = \[\] should be a list with at least one"),
        ('[[arm]]\nspecies = [3]\ndata = ["8x2"]', r"\['species'\] are given twice"),
        ("[grid]\nlr = [1e-3, 2e-3]", r"two runs are named '128x16-1200-seed0'; they differ in \['lr'\]"),
    ],
)
def test_refusals(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_configs(written(tmp_path, text))


STAR = """
steps = 9
species = 8
images = 2
[grid]
world = [1, 2]
seed = [0, 1]
[[arm]]
images = [1, 2, 4]
[[arm]]
steps = [9, 30]
[[arm]]
objective = ["ce", "supcon"]
data = ["8x2", "16x4"]
seed = 3
"""


def test_a_star_has_arms_around_a_centre(tmp_path):
    runs = read_configs(written(tmp_path, STAR))
    told = [(r.world, r.seed, r.species, r.images, r.steps, r.objective) for r in runs]
    worlds = [(w, s) for w in (1, 2) for s in (0, 1)]
    assert told == [
        *[(w, s, 8, m, 9, "hierarchical") for w, s in worlds for m in (1, 2, 4)],
        *[(w, s, 8, 2, 30, "hierarchical") for w, s in worlds],  # 9 steps are the centre, trained above
        *[(w, 3, n, m, 9, o) for w in (1, 2) for o in ("ce", "supcon") for n, m in ((8, 2), (16, 4))],
    ]
    assert len({r.name for r in runs}) == len({r.digest for r in runs}) == len(runs)


def test_an_arm_is_heard_before_the_grid(tmp_path):
    text = "[grid]\nimages = [1, 2]\nseed = [0, 1]\n[[arm]]\n{}\n"
    for arm, scales in (('data = ["8x4"]', [(8, 4)]), ("species = [8, 9]\nimages = 4", [(8, 4), (9, 4)])):
        runs = read_configs(written(tmp_path, text.format(arm)))
        assert sorted((r.species, r.images, r.seed) for r in runs) == [(*scale, s) for scale in scales for s in (0, 1)]


def test_names_tell_what_is_not_as_usual():
    told = {"objective": "clip", "text": "causal", "caption_per": "batch", "captions": "five", "tower": "vit"}
    told |= {"dials": "optima=0,drawn.elongation=0.5", "pool": "endless", "shuffle": 1, "replay": 0.5, "world": 9}
    name = TrainConfig(**told).name
    assert name == (
        "128x16-1200-seed0-world9-optima0-drawn.elongation0.5-endless-shuffle1-vit-causal-clip-five-per-batch-"
        "replay0.5"
    )
    assert TrainConfig(lr=1e-4, size=64, device="cuda").name == TrainConfig().name


def test_runs_of_earlier_versions_are_recognised():
    # written down from the version that knew no objectives: finished runs are not trained again
    assert TrainConfig().digest == "d7d6a047f055" and TrainConfig(seed=3).digest == "dfdf6c3e9ece"
    assert TrainConfig(objective="ce").digest != TrainConfig().digest != TrainConfig(precision="bf16").digest


def test_what_an_objective_needs():
    assert [TrainConfig(objective=o).each for o in ("supcon", "ce", "hierarchical")] == [4, 1, 1]
    assert TrainConfig(objective="supcon", together=1).each == 1
    assert [TrainConfig(objective=o).listens for o in ("supcon", "clip")] == ["none", "bag"]
    assert TrainConfig(objective="ce", replay=1.0).listens == "bag"  # the scenes are captioned
    shape = TrainConfig(tower="vit", text="causal", patch=10, replay=1.0).shape
    assert (shape.tower, shape.text, shape.patch, shape.replay) == ("vit", "causal", 10, True)


def test_logging_does_not_change_what_a_run_is():
    assert TrainConfig(log_every=10).digest == TrainConfig().digest != TrainConfig(seed=1).digest


@pytest.mark.parametrize("name", ["smoke", "small"])
def test_committed_configurations_are_scales_of_one_world(name):
    runs = read_configs(CONFIGS / f"{name}.toml")
    assert len({(r.world, r.world_species, r.size, r.steps, r.batch) for r in runs}) == 1
    assert len({r.total for r in runs}) >= 2 and len({r.seed for r in runs}) == 2
