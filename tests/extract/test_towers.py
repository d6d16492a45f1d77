"""The towers: who sees what, what a seed decides, and shapes that cannot be."""

import pytest
import torch

from embedlab.extract.language import CausalText
from embedlab.extract.towers import TEXTS, TOWERS, CompactCLIP, Shape
from embedlab.extract.vision import VisionTransformer

EVERY = [(tower, text) for tower in TOWERS for text in TEXTS]
WORDS = 20  # numbers 1..20; the end token of a causal tower is 21


def shape_of(tower="vit", text="causal", **changes):
    return Shape(**{"size": 16, "width": 4, "dim": 6, "tower": tower, "text": text, "patch": 4, **changes})


def images(n=3, size=16, seed=0):
    return torch.randn(n, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("tower", "text"), EVERY)
def test_every_pair_gives_vectors_of_one_length_and_learns(tower, text):
    model = CompactCLIP.drawn(shape_of(tower, text), WORDS, seed=1)
    numbers = torch.tensor([[3, 9, WORDS + (text == "causal"), 0], [1, 2, 5, WORDS + (text == "causal")]])
    seen, read, log_scale = model(images(), numbers)
    assert seen.shape == (3, 6) and log_scale.exp().item() == pytest.approx(10.0)
    assert read is None if text == "none" else read.shape == (2, 6)
    (seen.square().sum() + (0 if read is None else read.square().sum()) + log_scale).backward()
    # of every weight, some number moves the loss
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


@pytest.mark.parametrize(("tower", "text"), EVERY)
def test_weights_depend_on_the_seed_alone(tower, text):
    torch.manual_seed(1)
    a = CompactCLIP.drawn(shape_of(tower, text), WORDS, seed=3).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    b = CompactCLIP.drawn(shape_of(tower, text), WORDS, seed=3).state_dict()
    other = CompactCLIP.drawn(shape_of(tower, text), WORDS, seed=4).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a[key], b[key]) for key in a) and all(torch.isfinite(v).all() for v in a.values())
    assert not torch.equal(a["image.project.weight"], other["image.project.weight"])


def test_the_defaults_draw_what_they_drew_before_there_were_others():
    # squared lengths of weights of the first version; 1e-4 allows for another CPU's vector unit
    weights = CompactCLIP.drawn(Shape(24, 16, 20), 50, seed=3).state_dict()
    drew = {"image.stack.0": 31.684946, "image.stack.12": 126.573747, "image.project": 39.240552}
    drew |= {"text.embed": 52.809841, "text.mlp.0": 83.216085, "text.mlp.2": 41.014641}
    for name, square in drew.items():
        assert weights[f"{name}.weight"].square().sum().item() == pytest.approx(square, rel=1e-4)


@torch.no_grad()
def test_a_later_token_leaves_earlier_states_as_they_are():
    tower = CompactCLIP.drawn(shape_of(text_depth=3), WORDS, seed=0).text
    before = torch.randint(1, WORDS + 1, (2, 9), generator=torch.Generator().manual_seed(0))
    for place in range(9):
        after = before.clone()
        after[:, place] = after[:, place] % WORDS + 1
        a, b = tower.states(before), tower.states(after)
        assert torch.equal(a[:, :place], b[:, :place])
        assert (a[:, place:] - b[:, place:]).abs().amax(2).min() > 1e-5  # all that stand behind have heard of it


@torch.no_grad()
def test_what_stands_behind_the_end_is_not_read():
    tower = CompactCLIP.drawn(shape_of(), WORDS, seed=0).text
    end = WORDS + 1
    alone = tower(torch.tensor([[4, 7, end]]))
    among = tower(torch.tensor([[4, 7, end, 0, 0, 0], [1, 2, 3, 4, 5, end]]))
    torch.testing.assert_close(alone[0], among[0], atol=1e-6, rtol=1e-6)  # other batch, other order of sums
    assert (alone[0] - tower(torch.tensor([[7, 4, end]]))[0]).abs().max() > 1e-3  # the order of words counts
    assert tower(torch.zeros(0, 1, dtype=torch.long)).shape == (0, 6)
    with pytest.raises(ValueError, match="captions of 78 tokens, and this tower reads 77"):
        tower(torch.full((1, 78), end))


def test_a_caption_that_stands_there_twice_is_read_once_and_taught_twice():
    end = WORDS + 1
    twice = torch.tensor([[4, 7, end, 0], [1, 2, 3, end], [4, 7, end, 0]])
    a, b = (CompactCLIP.drawn(shape_of(), WORDS, seed=0).text for _ in range(2))
    weigh = torch.tensor([[1.0], [2.0], [5.0]])
    (a(twice) * weigh).square().sum().backward()
    (b._read(twice) * weigh).square().sum().backward()  # every row by itself, as on a GPU
    torch.testing.assert_close(a(twice), b._read(twice), atol=1e-6, rtol=1e-6)
    for ours, theirs in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("tower", "text"), EVERY)
def test_sixteen_bits_are_enough_to_learn_in(tower, text):
    model = CompactCLIP.drawn(shape_of(tower, text), WORDS, seed=1)
    numbers = torch.tensor([[3, 9, WORDS + (text == "causal")]])
    whole = model(images(), numbers)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen, read, _ = model(images(), numbers)
    assert seen.dtype == torch.bfloat16
    torch.testing.assert_close(seen.float(), whole, atol=0.15, rtol=0.1)  # 8 binary digits, added up a few times
    (seen.float().square().sum() + (0 if read is None else read.float().square().sum())).backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())


@torch.no_grad()
def test_without_places_a_transformer_sees_patches_in_any_order():
    tower = CompactCLIP.drawn(shape_of(depth=2), WORDS, seed=0).image
    assert isinstance(tower, VisionTransformer)
    x = images()
    cells = x.unflatten(3, (4, 4)).unflatten(2, (4, 4))  # n, 3, gy, py, gx, px
    moved = cells[:, :, [2, 0, 3, 1]][:, :, :, :, [1, 3, 0, 2]].flatten(4).flatten(2, 3)
    assert (tower(moved) - tower(x)).abs().max() > 1e-2
    tower.places.zero_()
    torch.testing.assert_close(tower(moved), tower(x), atol=1e-5, rtol=1e-5)
    inside = cells[:, :, :, [1, 0, 2, 3]].flatten(4).flatten(2, 3)  # within a patch, order still counts
    assert (tower(inside) - tower(x)).abs().max() > 1e-2


@torch.no_grad()
def test_patches_are_squares_of_the_image():
    tower = CompactCLIP.drawn(shape_of(), WORDS, seed=0).image
    x = torch.zeros(1, 3, 16, 16)
    x[0, :, 4:8, 8:12] = torch.tensor([1.0, 2.0, 3.0])[:, None, None]  # second row, third column
    patches = tower.patches(x)
    assert patches.shape == (1, 16, 48) and patches[0].abs().sum(1).nonzero().tolist() == [[6]]
    assert patches[0, 6].reshape(4, 4, 3)[0, 0].tolist() == [1, 2, 3]
    same = tower.patches(x.contiguous(memory_format=torch.channels_last))  # memory order is no matter
    assert torch.equal(patches, same)


@torch.no_grad()
@pytest.mark.parametrize("tower", TOWERS)
def test_features_come_from_the_same_trunk(tower):
    shape = shape_of(tower, "none")
    model = CompactCLIP.drawn(shape, 0, seed=0).eval()
    x = images()
    trunk = model.image.trunk(x)
    features = model.image.features(trunk)
    assert features.shape == (3, shape.features) and torch.equal(model.image.project(trunk), model.image(x))
    if tower == "pixels":
        assert torch.equal(features, x.flatten(1))
        torch.testing.assert_close(model.image(x[:1] + x[1:2]), model.image(x[:1]) + model.image(x[1:2]))
    if tower == "conv":
        torch.testing.assert_close(features, model.image.stack(x).mean((2, 3)))


@pytest.mark.parametrize("tower", TOWERS)
def test_the_second_projection_begins_as_a_copy_and_learns_on_its_own(tower):
    model = CompactCLIP.drawn(shape_of(tower, replay=True), WORDS, seed=0)
    plain = CompactCLIP.drawn(shape_of(tower), WORDS, seed=0)
    assert torch.equal(model.image(images()), plain.image(images()))  # and it draws nothing: the rest is the same
    assert torch.equal(model.text.embed.weight, plain.text.embed.weight)
    replayed = model.image(images(), continual=True)
    assert torch.equal(replayed, model.image(images()))
    replayed.sum().backward()
    assert model.image.project.weight.grad is None and model.image.continual.weight.grad is not None
    with pytest.raises(ValueError, match="no second projection"):
        plain.image(images(), continual=True)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"tower": "resnet"}, r"tower is 'resnet': give one of \['conv', 'vit', 'pixels'\]"),
        ({"tower": "vit", "patch": 6}, r"patch 6 does not divide the image edge, 40 px.*5, 8, 10"),
        ({"tower": "vit", "heads": 5}, "5 heads cannot share the 64 channels"),
        ({"text": "causal", "heads": 7}, "7 heads cannot share"),
        ({"depth": 0}, "depth is 0: give a whole number from 1 to 32"),
        ({"depth": True}, "depth is True"),
        ({"text_depth": 33}, "text_depth is 33"),
        ({"heads": 10**9}, "heads is 1000000000"),
    ],
)
def test_shapes_that_cannot_be(told, words):
    with pytest.raises(ValueError, match=words):
        Shape(**told)


def test_what_a_tower_does_not_use_is_not_held_against_it():
    assert Shape(size=42, heads=5).features == 64  # neither patches nor heads in convolutions and a bag
    assert Shape(size=64, tower="vit", patch=16).tokens == 16
    assert isinstance(CompactCLIP.unset(shape_of(), 5).text, CausalText)


def test_the_weights_lie_on_no_device_before_they_are_filled():
    largest = Shape(512, 256, 4096, "vit", "causal", patch=1, depth=32, heads=64, text_depth=32, context=512)
    model = CompactCLIP.unset(largest, 10**6)  # some 10 GB if it were real
    assert {p.device.type for p in model.parameters()} == {"meta"}
