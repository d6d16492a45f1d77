"""Two processes are one: the loss over all their features has the gradient of the whole batch; so has one in parts."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from embedlab.train import train
from embedlab.train.parallel import Ranks

HERE = Path(__file__).parent
ONE = runpy.run_path(str(HERE / "gradients_of_ranks.py"))
gradients, SETTINGS = ONE["gradients"], ONE["SETTINGS"]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    out = tmp_path_factory.mktemp("ranks") / "gradients.safetensors"
    torchrun(HERE / "gradients_of_ranks.py", out)
    found = {}
    for name, tensor in load_file(out).items():
        setting, weight = name.split("/", 1)
        found.setdefault(setting, {})[weight] = tensor
    return found


def torchrun(*command):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", *command],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def apart(one: dict, other: dict) -> float:
    """The largest difference of any weight's gradient, in shares of the largest gradient of that weight."""
    assert one.keys() == other.keys()
    return max(float((one[k] - other[k]).abs().max() / (one[k].abs().max() + 1e-6)) for k in one)


@pytest.mark.parametrize("setting", list(SETTINGS))
def test_two_processes_have_the_gradient_of_one(two, setting):
    one = gradients(SETTINGS[setting], Ranks())
    # sums in another order: 32 bits keep seven digits, and some are lost where terms cancel
    torch.testing.assert_close(two[setting]["told"], one["told"], rtol=1e-5, atol=1e-5)
    largest = max(float(x.abs().max()) for k, x in one.items() if k != "told")
    worst = max(float((two[setting][k] - one[k]).abs().max()) for k in one)
    assert worst < 1e-5 * max(largest, 1.0) and len(one) > 10  # SigLIP's loss is a sum: its gradients are above 1
    assert largest > 1e-2, "nothing to compare"


def test_a_gathering_that_cuts_the_graph_gives_half_the_gradient(two):
    one = gradients(SETTINGS["transformers"], Ranks())
    towers = [k for k in one if k.startswith("model.image") or k.startswith("model.text")]
    assert len(towers) > 20
    for k in towers:
        torch.testing.assert_close(two["cut"][k], one[k] / 2, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("parts", [2, 4])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(parts):
    settings = {**SETTINGS["transformers"], "replay": 0.5, "replay_batch": 8}
    whole, cut = gradients(settings, Ranks()), gradients(settings, Ranks(), accumulate=parts)
    assert apart(whole, cut) < 1e-5
    heads = {**SETTINGS["heads"]}
    assert apart(gradients(heads, Ranks()), gradients(heads, Ranks(), accumulate=parts)) < 1e-5


def test_parts_of_a_batch_have_norm_statistics_of_their_own():
    whole, cut = gradients({}, Ranks()), gradients({}, Ranks(), accumulate=2)
    assert apart(whole, cut) > 1e-3, "the reason why accumulation with convolutions is another function"
    tracked = [k for k in whole if "running_mean" in k]
    assert tracked and all((cut[k] != 0).any() for k in tracked)


def test_ranks_share_a_batch_evenly():
    assert [Ranks(r, 3).part(12) for r in range(3)] == [slice(0, 4), slice(4, 8), slice(8, 12)]
    with pytest.raises(ValueError, match="a batch of 10 cannot be shared among 3 processes: give a multiple"):
        Ranks(0, 3).part(10)
    x = torch.ones(2, 3)
    assert Ranks().gather(x) is x and Ranks().told({"a": 1}) == {"a": 1}


TOML = """world_species = 24
species = 8
images = 4
size = 16
tower = "vit"
text = "causal"
width = 4
heads = 2
depth = 1
steps = 12
batch = 16
log_every = 2
save_every = 4
replay = 1.0
replay_batch = 8
"""


@pytest.mark.slow  # four fresh processes import torch and grow a world
def test_torchrun_trains_the_model_of_one_process_and_resumes(tmp_path):
    (tmp_path / "c.toml").write_text(TOML)
    train(tmp_path / "c.toml", out=tmp_path / "one", workers=1)
    told = torchrun("-m", "embedlab.train", tmp_path / "c.toml", "--out", tmp_path / "two", "--minutes", "0")
    assert told.count("is saved after 2 of 12 steps") == 1  # at its first line, and one process speaks for both
    torchrun("-m", "embedlab.train", tmp_path / "c.toml", "--out", tmp_path / "two")
    texts = [(tmp_path / side / "metrics.jsonl").read_text() for side in ("one", "two")]
    one, two = ([json.loads(line) for line in text.splitlines()] for text in texts)
    assert len(one) == len(two) == 6
    for a, b in zip(one, two, strict=True):
        # Not the weights: where a gradient is 0 but for rounding (a key's bias), Adam takes full steps by its sign.
        assert a["excess"] == pytest.approx(b["excess"], abs=1e-4)
        assert a["replay_excess"] == pytest.approx(b["replay_excess"], abs=1e-4)
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == sorted(p.name for p in (tmp_path / "one").iterdir())
