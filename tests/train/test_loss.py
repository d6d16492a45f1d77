"""The loss against itself written out by hand, and against open_clip's."""

import math

import numpy as np
import pytest
import torch

from embedlab.train.loss import clamp_scale, contrastive


def vectors(seed, n=12, d=7):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=random), torch.randn(n, d, generator=random)


def by_hand(images, captions, scale, species):
    """The definition, one number at a time."""
    unit = lambda v: v / np.linalg.norm(v)  # noqa: E731
    images, captions = [unit(v) for v in images], [unit(v) for v in captions]
    n, total = len(species), 0.0
    for a, b in ((images, captions), (captions, images)):
        for i in range(n):
            logits = [scale * float(a[i] @ b[j]) for j in range(n)]
            partition = math.log(sum(map(math.exp, logits)))
            same = [j for j in range(n) if species[j] == species[i]]
            total += sum(partition - logits[j] for j in same) / len(same) / n / 2
    return total


def test_equals_the_definition_written_out():
    images, captions = vectors(0)
    species = torch.tensor([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 6])
    loss, _ = contrastive(images, captions, torch.tensor(9.0), species)
    # float32 sums of 12 terms
    assert loss.item() == pytest.approx(
        by_hand(images.numpy(), captions.numpy(), 9.0, species.tolist()), rel=1e-5
    )


def test_is_open_clips_loss_where_each_species_occurs_once():
    from embedlab.extract.torchvision_shim import import_torchvision

    import_torchvision()  # open_clip needs it
    from open_clip.loss import ClipLoss

    images, captions = vectors(1)
    scale = torch.tensor(14.0)
    ours, floor = contrastive(images, captions, scale, torch.arange(12))
    unit = torch.nn.functional.normalize
    theirs = ClipLoss()(unit(images, dim=1), unit(captions, dim=1), scale)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    assert floor.item() == 0.0


def test_floor_is_reached_when_every_species_sits_alone():
    # six species in orthogonal corners, at a scale so large that no other species counts
    species = torch.tensor([0, 0, 1, 2, 2, 2, 3, 4, 5])
    corners = torch.eye(6)[species]
    loss, floor = contrastive(corners, corners, torch.tensor(60.0), species)
    assert floor.item() == pytest.approx(np.log([2, 2, 1, 3, 3, 3, 1, 1, 1]).mean(), rel=1e-6)
    assert loss.item() == pytest.approx(floor.item(), abs=1e-6)


def test_no_vectors_go_below_the_floor():
    for seed in range(20):
        images, captions = vectors(seed)
        loss, floor = contrastive(images, captions, torch.tensor(30.0), torch.arange(12) // 3)
        assert loss >= floor


def test_images_of_one_species_are_not_pushed_apart():
    # plain CLIP would gain by separating the two images of species 0; here their gradients are alike
    images = torch.tensor([[1.0, 0.2], [1.0, 0.2], [-1.0, 0.5]], requires_grad=True)
    captions = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    loss, _ = contrastive(images, captions, torch.tensor(5.0), torch.tensor([0, 0, 1]))
    loss.backward()
    torch.testing.assert_close(images.grad[0], images.grad[1])


def test_scale_stays_between_one_and_its_cap():
    for start, end in ((9.0, math.log(50.0)), (-3.0, 0.0), (2.0, 2.0)):
        log_scale = torch.tensor(start)
        clamp_scale(log_scale, 50.0)
        assert log_scale.item() == pytest.approx(end, rel=1e-6)
