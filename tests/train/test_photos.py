"""What runs see: photographs of several worlds, endless ones, names and taxa, labels dealt anew."""

import numpy as np
import pytest

from embedlab.data.taxonomy import RANKS
from embedlab.train import TrainConfig
from embedlab.train.captions import FIVE, forms_of, taxa, told
from embedlab.train.photos import TEST_IMAGES, Pool, pools, refuse_without_room
from embedlab.train.species import grown, training_order

TINY = TrainConfig(world_species=24, species=8, images=3, size=16, steps=4, batch=12)


def like(config, **changes):
    return TrainConfig(**{**vars(config), **changes})


def filled(pool):
    aside = pool.create()
    for job in pool.renders(aside):
        job(lambda images: None)
    aside.replace(pool.path)
    return pool


def test_runs_of_one_world_dials_and_size_share_a_pool(tmp_path):
    configs = [TINY, like(TINY, world=8), like(TINY, dials="optima=0"), like(TINY, size=24), like(TINY, seed=1)]
    configs += [like(TINY, objective="ce"), like(TINY, steps=9, tower="pixels")]
    own = pools(configs, tmp_path)
    assert [own.index(pool) for pool in own] == [0, 1, 2, 3, 0, 0, 0]
    assert [len(pool.runs) for pool in own[:4]] == [2, 1, 1, 1]  # what differs in objective or steps sees the same
    assert len({pool.path for pool in own}) == 4
    with pytest.raises(ValueError, match=r"world differs among the runs \(\[7, 8\]\).*see `pools`"):
        Pool.of(configs[:2], tmp_path)


def test_a_disk_without_room_is_named_before_a_memory_map_meets_its_end(tmp_path):
    refuse_without_room(10, 16, tmp_path)
    said = "10,000,000,000,000 images of 40 px need 48,000,000.0 GB in .*make room, give another"
    with pytest.raises(ValueError, match=said):
        refuse_without_room(10**13, 40, tmp_path)


def test_dials_reach_the_world():
    assert grown(7, 24, "optima=0").strengths.optima == 0 != grown(7, 24).strengths.optima
    with pytest.raises(KeyError, match="optima"):
        grown(7, 24, "optimum=0")


def test_an_endless_run_paints_what_it_trains_on_and_is_tested_on_new_images(tmp_path):
    config = like(TINY, pool="endless", images=100)
    pool = filled(Pool.of([config], tmp_path))
    assert pool.images == 8 * TEST_IMAGES
    photos, test = pool.photos(config)
    assert len(photos) == 48 and len(test) == 8 * TEST_IMAGES
    world, order = grown(7, 24), training_order(grown(7, 24), 8, 0)
    picked = photos.picked(3, config)
    codes, number = photos.labels(picked), picked // 8
    start = photos.canvas.start
    index = (start + number) * len(world) + order[codes]
    np.testing.assert_array_equal(photos.shown(picked), world.render(world.at(index), 16))
    assert photos.captions == test.captions[:8]
    with pytest.raises(ValueError, match="would take more than 1,000,000 photographs of a species"):
        Pool.of([like(config, steps=10_000_000)], tmp_path)


def test_shuffled_labels_are_a_control_of_training_alone(tmp_path):
    pool = filled(Pool.of([TINY], tmp_path))
    (plain, test), (dealt, same_test) = pool.photos(TINY), pool.photos(like(TINY, shuffle=1))
    assert np.array_equal(plain.rows, dealt.rows) and not np.array_equal(plain.species, dealt.species)
    assert np.array_equal(np.bincount(plain.species), np.bincount(dealt.species))
    assert np.array_equal(test.species, same_test.species)


def test_backgrounds_follow_habitat_in_training_and_not_in_tests():
    world = grown(7, 24)
    everyone = np.arange(24)
    own = world.evolved.habitat[everyone].repeat(200)
    share = [(world.plan(everyone, 200, background_bias=b).background == own).mean() for b in (0.5, 0.0)]
    assert share[0] == pytest.approx(0.6, abs=0.03) and share[1] == pytest.approx(0.2, abs=0.03)


def test_forms_of_names():
    world, order = grown(7, 24), [3, 17, 20]
    names = [world.names[s] for s in order]
    forms, shares = forms_of(TINY)
    assert forms[0] == "taxonomic" and sum(shares) == pytest.approx(1)
    captions, _ = told(world, order, like(TINY, objective="flat"))
    assert captions == [[name.replace(" ", "-")] for name in names]
    captions, _ = told(world, order, like(TINY, objective="taxonomic"))
    assert [len(forms) for forms in captions] == [1, 1, 1] and len(captions[0][0].split()) == 7
    captions, shares = told(world, order, like(TINY, captions="five", caption_per="batch"))
    assert FIVE[0] == "taxonomic" and shares.tolist() == [0.2] * 5
    assert all(len(set(forms)) == 5 and forms[1] == name for forms, name in zip(captions, names, strict=True))


def test_a_flat_name_is_one_token_of_its_own():
    from embedlab.extract.words import words_of

    world = grown(7, 640)
    captions, _ = told(world, range(640), like(TINY, objective="flat"))
    assert len({tuple(words_of(form)) for [form] in captions}) == 640
    assert {len(words_of(form)) for [form] in captions} == {1}


def test_taxa_are_codes_of_the_ranks():
    world, order = grown(7, 24), np.array([5, 1, 20, 11, 2])
    codes = taxa(world, order)
    assert codes[:, 6].tolist() == [0, 1, 2, 3, 4]
    for rank, column in zip(RANKS, codes.T, strict=True):
        assert set(column) == set(range(column.max() + 1))
        names = np.array(world.columns[rank])[order]
        assert np.array_equal(column[:, None] == column, names[:, None] == names)
