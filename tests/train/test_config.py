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
    ],
)
def test_refusals(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_configs(written(tmp_path, text))


def test_logging_does_not_change_what_a_run_is():
    assert TrainConfig(log_every=10).digest == TrainConfig().digest != TrainConfig(seed=1).digest


@pytest.mark.parametrize("name", ["smoke", "small"])
def test_committed_configurations_are_scales_of_one_world(name):
    runs = read_configs(CONFIGS / f"{name}.toml")
    assert len({(r.world, r.world_species, r.size, r.steps, r.batch) for r in runs}) == 1
    assert len({r.total for r in runs}) >= 2 and len({r.seed for r in runs}) == 2
