"""The configuration for a GPU, as far as a laptop can take it: its towers and its world, three steps of eight."""

import dataclasses
import json
import math

import pytest

from embedlab.extract.compact import CompactEncoder, save_checkpoint
from embedlab.places import config_file
from embedlab.train import read_configs, train


@pytest.mark.slow
def test_the_first_steps_of_the_full_configuration_run_on_a_cpu(tmp_path):
    runs = read_configs(config_file("full"))
    assert max(run.total for run in runs) >= 1_000_000, "a million photographs at the largest scale"
    assert max(run.total for run in runs) >= 1000 * min(run.total for run in runs), "three decades"
    largest = max(runs, key=lambda run: run.total)
    short = dataclasses.replace(largest, device="cpu", steps=3, batch=8, species=24, images=2, log_every=1)
    assert (short.tower, short.depth, short.world_species) == (largest.tower, largest.depth, largest.world_species)
    done = train(short, out=tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3] and all(math.isfinite(line["loss"]) for line in lines)
    # untrained, a batch of eight is told apart no better than chance: the loss starts near log 8
    assert lines[0]["loss"] == pytest.approx(math.log(8), abs=0.7)
    encoder = CompactEncoder.load(done["checkpoint"])
    learner_weights = (tmp_path / "run" / "model.safetensors").stat().st_size
    save_checkpoint(
        tmp_path / "half", encoder.model, encoder.shape, encoder.vocabulary, name="half", training={}, half=True
    )
    assert (tmp_path / "half" / "model.safetensors").stat().st_size < min(0.6 * learner_weights, 16 * 2**20)
    assert encoder.dim == largest.dim
