"""Each objective against its definition, open_clip, torch, and what theory says of free vectors."""

import json
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from embedlab.extract.compact import CompactEncoder
from embedlab.train.batches import Batch, Photos
from embedlab.train.config import WITHOUT_TEXT, TrainConfig
from embedlab.train.loop import METRICS, run
from embedlab.train.loss import contrastive, one_positive, sigmoid, supervised
from embedlab.train.objectives import objective

ALL = ("hierarchical", "taxonomic", "flat", "clip", "siglip", "ce", "multirank", "supcon")
SPECIES = torch.tensor([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 6])
# Seven species in three genera of two orders; one kingdom, phylum, class; families as orders.
RANKS = np.array([[0, 0, 0, s // 4, s // 4, s // 3, s] for s in range(7)])


def vectors(seed, n=12, d=7):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=random), torch.randn(n, d, generator=random)


def batch_of(species, words=None):
    words = torch.arange(len(species))[:, None] + 1 if words is None else words
    return Batch(torch.zeros(1, 3, 4, 4), words, species, torch.from_numpy(RANKS)[species])


def made(name, **changes):
    return objective(TrainConfig(objective=name, dim=7, **changes), RANKS)


def peers():
    from embedlab.extract.torchvision_shim import import_torchvision

    import_torchvision()  # open_clip needs it
    from open_clip import loss

    return loss


@pytest.mark.parametrize("species", [SPECIES, torch.arange(12)])
def test_clip_is_open_clips_loss(species):
    images, captions = vectors(1)
    theirs = peers().ClipLoss()(normalize(images, dim=1), normalize(captions, dim=1), torch.tensor(14.0))
    ours, _ = one_positive(images, captions, torch.tensor(14.0), species[:, None])
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)


def test_siglip_is_open_clips_loss_where_each_species_occurs_once():
    images, captions = vectors(2)
    scale, bias = torch.tensor(9.0), torch.tensor(-4.0)
    theirs = peers().SigLipLoss()(normalize(images, dim=1), normalize(captions, dim=1), scale, bias)
    ours, floor = sigmoid(images, captions, scale, bias, torch.arange(12))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6) and floor == 0
    # where species repeat, every pair of one species belongs together
    ours, _ = sigmoid(images, captions, scale, bias, SPECIES)
    logits = scale * normalize(images, dim=1) @ normalize(captions, dim=1).T + bias
    by_hand = sum(
        math.log1p(math.exp(-float(logits[i, j]) * (1 if SPECIES[i] == SPECIES[j] else -1)))
        for i in range(12)
        for j in range(12)
    )
    assert ours.item() == pytest.approx(by_hand / 12, rel=1e-5)
    assert made("siglip", batch=32768).bias.item() == pytest.approx(-10, abs=0.5)  # as in the paper


@pytest.mark.parametrize("head", ["raw", "unit"])
def test_cross_entropy_is_torchs(head):
    images, _ = vectors(3)
    log_scale = torch.tensor(1.3)
    x = images if head == "raw" else log_scale.exp() * normalize(images, dim=1)
    one, many = made("ce", head=head), made("multirank", head=head)
    rows = {rank: w if head == "raw" else normalize(w, dim=1) for rank, w in many.heads.items()}
    # kingdom, phylum and class tell nothing apart here
    assert {rank: len(w) for rank, w in rows.items()} == {"3": 2, "4": 2, "5": 3, "6": 7}
    each = [cross_entropy(x @ w.T, torch.from_numpy(RANKS)[SPECIES, int(rank)]) for rank, w in rows.items()]
    loss, floor = many(images, None, batch_of(SPECIES), log_scale)
    torch.testing.assert_close(loss, sum(each) / 4)
    assert floor == 0
    w = one.heads["6"] if head == "raw" else normalize(one.heads["6"], dim=1)
    torch.testing.assert_close(one(images, None, batch_of(SPECIES), log_scale)[0], cross_entropy(x @ w.T, SPECIES))
    # the prototypes name what the head would name
    names = one.prototypes(None, torch.zeros(7, 1, dtype=torch.long), torch.arange(7))
    assert torch.equal((images @ names.T).argmax(1), (x @ w.T).argmax(1))


def test_supcon_is_the_double_loop():
    images, _ = vectors(4)
    unit = normalize(images, dim=1).numpy()
    rows = []
    for i in range(12):
        others = [j for j in range(12) if j != i]
        fellows = [j for j in others if SPECIES[j] == SPECIES[i]]
        total = sum(math.exp(5 * float(unit[i] @ unit[j])) for j in others)
        if fellows:
            logs = [math.log(math.exp(5 * float(unit[i] @ unit[j])) / total) for j in fellows]
            rows.append((-sum(logs) / len(logs), math.log(len(fellows))))
    loss, floor = supervised(images, torch.tensor(5.0), SPECIES)
    assert (loss.item(), floor.item()) == pytest.approx(tuple(np.mean(rows, axis=0)), rel=1e-5)
    with pytest.raises(ValueError, match="no two of 12 images.*set `together`"):
        supervised(images, torch.tensor(5.0), torch.arange(12))


def test_hierarchical_is_clip_where_all_species_differ():
    images, captions = vectors(5)
    told, log_scale = batch_of(torch.arange(7)), torch.tensor(2.0)
    ours = made("hierarchical")(images[:7], captions[:7], told, log_scale)
    clips = made("clip")(images[:7], captions[:7], told, log_scale)
    torch.testing.assert_close(ours, clips)


def test_clip_is_hierarchical_where_a_species_has_one_caption():
    # BioCLIP 2's one caption type a batch: then images of a species do not repel each other, whatever the loss
    images, _ = vectors(6)
    captions = vectors(7)[0][SPECIES]
    told, log_scale = batch_of(SPECIES, words=SPECIES[:, None] + 1), torch.tensor(2.0)
    ours, clips = (made(name)(images, captions, told, log_scale) for name in ("hierarchical", "clip"))
    torch.testing.assert_close(ours, clips)
    assert ours[1] > 0
    apart = made("clip")(images, vectors(8)[0], batch_of(SPECIES), log_scale)
    assert apart[1] == 0  # with a caption of its own, each image could be told apart


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t, s: contrastive(x, t, s, SPECIES[:6])[0],
        lambda x, t, s: one_positive(x, t, s, SPECIES[:6, None])[0],
        lambda x, t, s: sigmoid(x, t, s, s - 4, SPECIES[:6])[0],
        lambda x, t, s: supervised(x, s, SPECIES[:6])[0] + 0 * t.sum(),
    ],
    ids=["contrastive", "one_positive", "sigmoid", "supervised"],
)
def test_gradients_are_those_of_finite_differences(loss):
    x, t = (v[:6, :4].double().requires_grad_() for v in vectors(9))
    assert torch.autograd.gradcheck(loss, (x, t, torch.tensor(3.0, dtype=torch.float64, requires_grad=True)))


@pytest.mark.parametrize("name", ALL)
def test_free_vectors_come_to_the_floor(name):
    """Everything that an objective has is trained: towers' vectors, heads, bias and scale."""
    images, _ = (v.requires_grad_() for v in vectors(10, d=7))
    words = vectors(11)[0][:7].requires_grad_()
    log_scale = torch.tensor(2.0, requires_grad=True)
    made_ = made(name)
    weights = [images, words, log_scale, *made_.parameters()]
    adam = torch.optim.Adam([w for w in weights if name != "supcon" or w is not words], lr=0.1)
    told, excess = batch_of(SPECIES, words=SPECIES[:, None]), []
    for _ in range(150):
        loss, floor = made_(images, words[SPECIES] if made_.needs_text else None, told, log_scale)
        adam.zero_grad()
        loss.backward()
        adam.step()
        excess.append((loss - floor).item())
        assert loss > floor - 1e-5
    assert excess[-1] < 0.05 < 0.3 < excess[0]
    assert all(w.grad is not None for w in made_.parameters())


def test_first_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    a, before = made("multirank", seed=3), torch.get_rng_state()
    assert torch.equal(torch.get_rng_state(), before)  # the global generator is left alone
    torch.manual_seed(2)
    b, other = made("multirank", seed=3), made("multirank", seed=4)
    for rank, rows in a.heads.items():
        assert torch.equal(rows, b.heads[rank]) and not torch.equal(rows, other.heads[rank])


def test_half_precision_features_are_compared_in_single():
    images, captions = vectors(12)
    told = batch_of(SPECIES)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, _ = made("hierarchical")(images, captions, told, torch.tensor(2.0))
    assert torch.equal(loss, made("hierarchical")(images, captions, told, torch.tensor(2.0))[0])


def shades(each=6):
    """Seven species, each a colour of its own, under noise."""
    random = np.random.default_rng(0)
    species = np.repeat(np.arange(7), each)
    light = np.array([[40 + 170 * (s >> c & 1) for c in range(3)] for s in range(7)])[species]
    return Photos(
        pixels=np.clip(light[:, None, None] + random.normal(0, 25, (7 * each, 16, 16, 3)), 0, 255).astype(np.uint8),
        rows=np.arange(7 * each),
        species=species,
        captions=[[f"Order{s // 4} Genus{s // 3} epithet{s}", f"epithet{s}"] for s in range(7)],
        forms=np.array([0.5, 0.5]),
        taxa=RANKS,
    )


@pytest.mark.parametrize("name", ["hierarchical", "clip", "siglip", "ce", "multirank", "supcon"])
def test_each_objective_trains_a_model_that_names_its_species(name, tmp_path):
    config = TrainConfig(
        objective=name, species=7, images=6, size=16, width=8, dim=16, steps=60, batch=24, log_every=20
    )
    metrics = run(config, shades(), tmp_path, test=shades())["metrics"]
    first = json.loads((tmp_path / METRICS).read_text().splitlines()[0])
    assert metrics["excess"] < 0.7 * first["excess"]
    if name == "supcon":
        assert "zero_shot" not in metrics  # it knows no names
    else:
        assert metrics["zero_shot"] > 0.8 > metrics["chance"]
    told = CompactEncoder.load(tmp_path).card["architecture"]["text"]
    assert told == ("none" if name in WITHOUT_TEXT else "bag")


# The free-feature simulation (worlds.md §10): 32 species in 96 dimensions, four images of each.
D, K, M = 96, 32, 4


def spread(z, prototypes):
    """Energy of images about their species' mean: inside the span of the prototypes, and outside it."""
    deviation = (z.view(K, M, D) - z.view(K, M, D).mean(1, keepdim=True)).reshape(K * M, D)
    inside = (deviation @ torch.linalg.qr(prototypes.T).Q).square().sum(1).mean().item()
    return np.array([inside, deviation.square().sum(1).mean().item() - inside])


def descended(name, rate, steps=300):
    """Let free image vectors descend the gradient of an objective; give their spread before and after."""
    random = torch.Generator().manual_seed(0)
    prototypes = normalize(torch.randn(K, D, generator=random), dim=1)
    species = torch.arange(K).repeat_interleave(M)
    z = prototypes[species] + torch.randn(K * M, D, generator=random) * math.sqrt(0.9 / D)
    ranks = np.repeat(np.arange(K)[:, None], 7, axis=1)
    lowered = objective(TrainConfig(objective=name), ranks).requires_grad_(False)
    if name == "ce":
        lowered.heads["6"].copy_(prototypes)
    told = Batch(torch.zeros(1, 3, 4, 4), species[:, None] + 1, species, torch.from_numpy(ranks)[species])
    before = spread(z, prototypes)
    for _ in range(steps):
        z.requires_grad_()
        loss, _ = lowered(z, prototypes[species], told, torch.tensor(10.0).log())
        z = (z - rate * torch.autograd.grad(loss, z)[0]).detach()
    return before, spread(z, prototypes)


def test_without_unit_length_what_is_orthogonal_to_the_prototypes_stays():
    before, after = descended("ce", rate=100.0)
    assert after[1] == pytest.approx(before[1], rel=1e-4)  # float32, 300 steps
    assert after[0] < 0.75 * before[0]


def test_with_unit_length_both_shrink_and_the_part_inside_shrinks_faster():
    before, after = descended("hierarchical", rate=10.0)
    assert (after < 0.4 * before).all()
    assert after[0] / after.sum() < 0.9 * before[0] / before.sum()
