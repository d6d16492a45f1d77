"""A run: learns, repeats itself bit for bit, and goes on after a kill as if nothing had been."""

import json
import threading

import numpy as np
import pytest
from safetensors.numpy import load_file

from embedlab.extract.compact import WEIGHTS, CompactEncoder
from embedlab.train.config import TrainConfig
from embedlab.train.loop import run
from embedlab.train.sampling import Endless, Photos
from embedlab.train.saved import METRICS, STATE, Paused, kept_lines

CONFIG = TrainConfig(
    species=8, images=8, world_species=8, size=16, steps=24, batch=32, log_every=4, save_every=8
)


def blobs(each=8, seed=0):
    """Eight species: four colours, high or low in the picture (left and right would be lost to mirroring)."""
    rng = np.random.default_rng(seed)
    species = np.repeat(np.arange(8), each)
    pixels = rng.integers(60, 120, (len(species), 16, 16, 3))
    for i, s in enumerate(species):
        channels = ([0], [1], [2], [0, 1, 2])[s >> 1]
        down = 2 + 7 * (s & 1)
        pixels[i, down : down + 5, 5:11, channels] += 110
    captions = [[f"Kingdom Genus{s // 2} epithet{s}", f"Genus{s // 2} epithet{s}"] for s in range(8)]
    return Photos(
        pixels=pixels.astype(np.uint8),
        rows=np.arange(len(species)),
        species=species,
        captions=captions,
        forms=np.array([0.6, 0.4]),
    )


def weights(folder):
    return (folder / WEIGHTS).read_bytes()


def test_learns_eight_species_from_sixty_four_images(tmp_path):
    config = TrainConfig(**{**vars(CONFIG), "steps": 120, "log_every": 40})
    out = run(config, blobs(), tmp_path, test=blobs(4, seed=1))
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [line["step"] for line in lines] == [40, 80, 120]
    assert out["metrics"]["zero_shot"] > 0.9 and out["metrics"]["chance"] == 1 / 8
    assert lines[-1]["excess"] < 0.3 < lines[0]["excess"]  # in nats; a guess at random would have about 2
    assert out["images_seen"] == 120 * 32 == lines[-1]["images_seen"]
    card = CompactEncoder.load(tmp_path).card
    assert card["training"]["images"] == 64 and card["training"]["images_seen"] == 3840
    assert {"species", "steps", "seed", "world"} <= set(card["training"])


def test_same_seed_same_weights_other_seed_others(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        run(TrainConfig(**{**vars(CONFIG), "seed": seed}), blobs(), tmp_path / name)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def curve(folder):
    lines = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    assert all(line.pop("images_per_second") > 0 for line in lines)  # all but the speed must be the same again
    return lines


class Killed(Exception):
    pass


def stop_after(images):
    def tick(n, before=False, seen=[0]):  # noqa: B006  a counter of its own
        seen[0] += n
        if seen[0] >= images:
            raise Killed

    return tick


@pytest.mark.parametrize("steps_before_the_kill", [3, 8, 13, 23])
def test_a_killed_run_goes_on_to_the_same_weights_and_the_same_curve(tmp_path, steps_before_the_kill):
    run(CONFIG, blobs(), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(CONFIG, blobs(), tmp_path / "killed", tick=stop_after(32 * steps_before_the_kill))
    assert (tmp_path / "killed" / STATE).exists() == (steps_before_the_kill >= 8)
    ticks = []
    run(CONFIG, blobs(), tmp_path / "killed", tick=lambda n, before=False: ticks.append(n))
    assert sum(ticks) == 32 * 24
    assert weights(tmp_path / "killed") == weights(tmp_path / "unbroken")
    assert curve(tmp_path / "killed") == curve(tmp_path / "unbroken")
    assert not (tmp_path / "killed" / STATE).exists()


SETTINGS = {
    "transformers, replay, parts": {
        "tower": "vit", "text": "causal", "patch": 4, "width": 8, "heads": 2, "depth": 1,
        "objective": "clip", "replay": 0.5, "replay_batch": 8, "accumulate": 2,
    },
    "a bias": {"objective": "siglip", "replay": 1.0, "replay_batch": 8},
    "heads": {"objective": "multirank", "head": "unit"},
    "heads beside replay": {"objective": "ce", "tower": "pixels", "replay": 1.0, "replay_batch": 8},
    "species in turns": {"objective": "supcon", "precision": "bf16"},
    "one caption a batch": {"objective": "taxonomic", "caption_per": "batch", "snapshots": "powers"},
}  # fmt: skip


@pytest.mark.parametrize("setting", list(SETTINGS))
def test_every_objective_and_tower_goes_on_exactly(tmp_path, setting):
    config = TrainConfig(**{**vars(CONFIG), **SETTINGS[setting], "steps": 12, "batch": 16, "save_every": 4})
    done = run(config, blobs(), tmp_path / "unbroken", test=blobs(2, seed=1))
    with pytest.raises(Killed):
        run(config, blobs(), tmp_path / "killed", tick=stop_after(16 * 9))
    assert (tmp_path / "killed" / STATE).exists()
    again = run(config, blobs(), tmp_path / "killed", test=blobs(2, seed=1))
    assert again["metrics"] == done["metrics"] and ("replay_excess" in done["metrics"]) == (config.replay > 0)
    assert curve(tmp_path / "killed") == curve(tmp_path / "unbroken")
    for path in (tmp_path / "unbroken").rglob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / "killed" / path.relative_to(tmp_path / "unbroken")).read_bytes()


def test_snapshots_at_powers_of_two_are_encoders(tmp_path):
    run(TrainConfig(**{**vars(CONFIG), "steps": 9, "snapshots": "powers"}), blobs(), tmp_path / "a")
    run(TrainConfig(**{**vars(CONFIG), "steps": 9}), blobs(), tmp_path / "b")
    assert sorted(p.name for p in (tmp_path / "a").glob("step-*")) == [f"step-{s:06d}" for s in (1, 2, 4, 8)]
    told = CompactEncoder.load(tmp_path / "a" / "step-000004").card["training"]
    assert told["images_seen"] == 4 * 32 and told["steps"] == 4
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "a" / "step-000008")


def test_a_run_out_of_time_pauses_at_a_line_and_goes_on(tmp_path):
    run(CONFIG, blobs(), tmp_path / "unbroken")
    for done in (4, 8):
        with pytest.raises(Paused, match=f"is saved after {done} of 24 steps"):
            run(CONFIG, blobs(), tmp_path / "paused", until=0)
    run(CONFIG, blobs(), tmp_path / "paused")
    assert weights(tmp_path / "paused") == weights(tmp_path / "unbroken")
    assert curve(tmp_path / "paused") == curve(tmp_path / "unbroken")


class Levels:
    """Paints image p in one grey level, without end."""

    def __getitem__(self, places):
        return np.broadcast_to((places % 251).astype(np.uint8)[:, None, None, None], (len(places), 16, 16, 3)).copy()


def test_an_endless_run_goes_on_exactly_and_tells_its_pace(tmp_path):
    config = TrainConfig(**{**vars(CONFIG), "pool": "endless", "steps": 12, "batch": 16, "save_every": 4})
    photos = Endless(Levels(), blobs().captions, blobs().forms, images=12 * 16)
    pace = run(config, photos, tmp_path / "unbroken")["pace"]
    assert pace["painting"] > 0 < pace["training"] and pace[pace["slower"]] == min(pace["painting"], pace["training"])
    with pytest.raises(Killed):
        run(config, photos, tmp_path / "killed", tick=stop_after(16 * 7))
    run(config, photos, tmp_path / "killed")
    assert weights(tmp_path / "killed") == weights(tmp_path / "unbroken")


def test_a_failure_while_a_batch_is_made_arrives_and_leaves_no_thread(tmp_path):
    photos = blobs()
    photos.rows[:] = 10_000  # no such image
    before = set(threading.enumerate())
    with pytest.raises(IndexError):
        run(CONFIG, photos, tmp_path)
    assert set(threading.enumerate()) <= before


def test_a_line_cut_short_by_a_kill_is_written_again(tmp_path):
    path = tmp_path / METRICS
    path.write_text('{"step": 4}\n{"step": 8}\n{"step": 12}\n{"st')
    assert kept_lines(path, 8) == [{"step": 4}, {"step": 8}] and kept_lines(path, 0) == []


def test_a_state_of_another_configuration_or_cut_short_is_not_taken_up(tmp_path):
    run(CONFIG, blobs(), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(TrainConfig(**{**vars(CONFIG), "lr": 1e-3}), blobs(), tmp_path / "b", tick=stop_after(32 * 13))
    run(CONFIG, blobs(), tmp_path / "b")
    with pytest.raises(Killed):
        run(CONFIG, blobs(), tmp_path / "c", tick=stop_after(32 * 13))
    state = tmp_path / "c" / STATE
    state.write_bytes(state.read_bytes()[:5000])
    run(CONFIG, blobs(), tmp_path / "c")
    assert weights(tmp_path / "unbroken") == weights(tmp_path / "b") == weights(tmp_path / "c")


def test_weights_are_finite_and_float32(tmp_path):
    run(CONFIG, blobs(), tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    assert all(np.isfinite(t).all() for t in tensors.values())
    assert {str(t.dtype) for t in tensors.values()} == {"float32", "int64"}


def test_a_loss_that_is_lost_says_what_to_lower(tmp_path, monkeypatch):
    import embedlab.train.loop as loop

    # a rate that overflows float32 in one step, past what the configuration allows
    monkeypatch.setattr(loop, "learning_rate", lambda config, step: 1e30)
    with pytest.raises(ValueError, match="the loss is nan after 4 steps: lower lr"):
        run(CONFIG, blobs(), tmp_path)
