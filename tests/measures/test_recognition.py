"""Naming unseen species: found where species differ, chance where they do not, by a plain loop, and refused."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import nothing
from embedlab.measures.episodes import Episodes, _turns, hits
from embedlab.measures.recognition import recognition

CLAIM = Claim(id="a", says="So.", source="-", at_least=0.01)


def world(seed=0, species=12, each=10, d=24, apart=1.0, noise=1.0):
    """Species whose means differ by `apart` in units of `noise`, with what their names say beside them."""
    rng = np.random.default_rng(seed)
    means = apart * rng.normal(size=(species, d))
    of = np.repeat(np.arange(species), each)
    x = means[of] + noise * rng.normal(size=(of.size, d))
    names = [f"Avis sp{i:02d}" for i in range(species)]
    rows = {"image_id": [str(i) for i in range(of.size)], "species": [names[i] for i in of]}
    rows["sex"] = [("female", "male")[i % 2] for i in range(of.size)]
    texts = Embeddings(means.astype(np.float32), {"image_id": names, "species": names}, {})
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), texts


def test_what_was_planted_is_found_and_more_images_help():
    emb, texts = world(apart=0.6)
    found = recognition(emb, prototypes=texts, episodes=40, permutations=99, rng=0)
    one, five, zero = (found.evidence[w].estimate for w in ("1-shot", "5-shot", "zero-shot"))
    assert 0.15 < one < five - 0.1 and five < zero + 0.1
    assert all(judge([CLAIM], {"a": e})[0].word == "supported" for e in found.evidence.values())
    assert "1-shot" in str(found) and "among 12" in str(found) and "1/K 8.3%" in str(found)
    assert found.table().columns == ["species", "images", "1-shot", "5-shot", "zero-shot"]


def test_species_far_apart_are_always_named():
    emb, texts = world(apart=20.0)
    found = recognition(emb, prototypes=texts, episodes=5, permutations=19, rng=0)
    assert all((own == 1.0).all() for own in found.accuracy.values())


def test_empty_worlds_are_at_chance_and_seldom_called():
    p = []
    for seed in range(60):
        emb = nothing(np.random.default_rng(seed), species=8, per_species=9, d=8)
        texts = Embeddings(np.random.default_rng([seed, 1]).normal(size=(8, 8)).astype(np.float32),
                           {"image_id": list("abcdefgh"), "species": emb.per_species().names}, {})  # fmt: skip
        found = recognition(emb, prototypes=texts, episodes=10, permutations=39, rng=seed)
        p.append([found.evidence[w].p_more for w in ("1-shot", "5-shot", "zero-shot")])
        if seed < 5:
            assert all(abs(e.chance["mean"] - 1 / 8) < 0.03 for e in found.evidence.values())
    rate = (np.array(p) <= 0.05).mean(axis=0)
    assert (rate <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)).all(), rate


def test_it_is_the_nearest_class_mean_by_a_plain_loop():
    emb, _ = world(species=4, each=7, apart=0.5)
    e, _ = Episodes.of(emb.unit(), "species", (), least=4)
    got = hits(e, (1, 3), [e.labels] * 2, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    for episode in got:
        photos, turn = e.photo(rng), _turns(e.labels, e.cells, rng)
        x = e.x[photos].astype(float)
        for j, k in enumerate((1, 3)):
            means = np.array([x[(e.labels == s) & (turn < k)].mean(axis=0) for s in range(4)])
            for s in range(4):
                asked = x[(e.labels == s) & (turn >= 3)]
                right = [np.linalg.norm(means - q, axis=1).argmin() == s for q in asked]
                assert len(asked) == 4 and episode[j, s] == pytest.approx(np.mean(right))


def test_photographs_of_one_animal_never_stand_on_both_sides():
    """Each animal has its quirk and species differ in nothing: an image finds its own animal, not its species."""
    rng = np.random.default_rng(1)
    animals = np.repeat(rng.normal(size=(18, 16)), 8, axis=0)
    rows = {"image_id": [str(i) for i in range(144)], "species": [f"s{i // 24}" for i in range(144)]}
    rows["individual"] = [str(i // 8) for i in range(144)]
    emb = Embeddings(animals + 0.01 * rng.normal(size=animals.shape), rows, {})
    honest = recognition(emb, shots=(1,), episodes=60, permutations=19, rng=0).evidence["1-shot"]
    apart = Embeddings(emb.x, emb.rows.drop("individual"), {})
    naive = recognition(apart, shots=(1,), episodes=60, permutations=19, rng=0).evidence["1-shot"]
    assert honest.n == naive.n == 6 and honest.estimate < 0.25 < 0.3 < naive.estimate


def test_balance_spreads_support_over_cells_and_averages_queries():
    emb, _ = world(species=5, each=12)
    rows = emb.rows.with_columns(sex=pl.Series(["male"] * 9 + ["female"] * 3).append(pl.Series(["male"] * 48)))
    e, _ = Episodes.of(world(species=5, each=12)[0].unit(), "species", ("sex",), least=5)
    for seed in range(5):
        turn = _turns(e.labels, e.cells, np.random.default_rng(seed))
        for s in range(5):
            shown = e.cells[(e.labels == s) & (turn < 4)]
            assert np.bincount(shown, minlength=2).tolist() == [2, 2]
    # queries: a male counts a third of a female where there are three times as many
    uneven, _ = Episodes.of(Embeddings(emb.x, rows, {}).unit(), "species", ("sex",), least=5)
    said = np.where(uneven.cells == 0, 0, 1)  # females are said to be species 0, males species 1
    own = uneven.confusion(said[np.argsort(uneven.order)], 2)
    assert own[0].tolist() == [0.5, 0.5] and own[1].tolist() == [0.0, 1.0]
    found = recognition(emb, balance=("sex",), episodes=5, permutations=9, rng=0)
    assert "within sex" in found.evidence["1-shot"].chance_kind and "Balanced over sex" in found.caption


def test_every_species_counts_alike():
    emb, _ = world(species=6, each=30)
    rows = np.concatenate([np.arange(30), *(np.arange(30 * s, 30 * s + 6) for s in range(1, 6))])
    found = recognition(emb.take(rows), episodes=4, permutations=9, rng=0)
    for way, e in found.evidence.items():
        assert e.estimate == pytest.approx(found.accuracy[way].mean())
    assert found.counts.tolist() == [30, 6, 6, 6, 6, 6]


def test_the_same_seed_gives_the_same_episodes_in_any_space():
    emb, _ = world()
    one, again = (recognition(emb, episodes=5, permutations=9, rng=3) for _ in range(2))
    assert all((one.accuracy[w] == again.accuracy[w]).all() for w in one.accuracy)
    far = Embeddings(2 * emb.x, emb.rows, {})  # lengths mean nothing
    assert (recognition(far, episodes=5, permutations=9, rng=3).accuracy["1-shot"] == one.accuracy["1-shot"]).all()
    part, total = one.parts_of("5-shot")
    assert part.sum() / total.sum() == pytest.approx(one.evidence["5-shot"].estimate)


def test_who_is_left_out_is_named_and_few_species_cannot_tell():
    emb, texts = world(species=7, each=6)
    short = emb.take(np.arange(2, emb.n))
    found = recognition(short, prototypes=texts.take(range(6)), episodes=3, permutations=9, rng=0)
    assert found.left_out == ("1 species with fewer than 6 images (Avis sp00)",
                              "1 species without a prototype (Avis sp06)")  # fmt: skip
    assert np.isnan(found.accuracy["zero-shot"][-1]) and found.candidates == {"1-shot": 6, "5-shot": 6, "zero-shot": 5}
    few = recognition(world(species=4)[0], episodes=3, permutations=9, rng=0)
    assert judge([CLAIM], {"a": few.evidence["1-shot"]})[0].word == "cannot tell"


@pytest.mark.parametrize(("change", "why"), [
    ({"shots": (0,)}, "each 1 or more"),
    ({"shots": ()}, "each 1 or more"),
    ({"shots": (1, 40)}, "species with 41 images or more: 0; naming"),
    ({"prototypes": Embeddings(np.ones((2, 3), np.float32), {"image_id": ["a", "b"], "species": ["a", "b"]}, {})},
     "prototypes have 3 numbers and images 24"),
    ({"prototypes": Embeddings(np.ones((2, 24), np.float32), {"image_id": ["a", "b"], "species": ["a", "b"]}, {})},
     "0 of 12 species have a prototype"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused(change, why):
    with pytest.raises(ValueError, match=why):
        recognition(world()[0], **{"episodes": 2, "permutations": 9, "rng": 0, **change})


def test_each_way_has_a_sentence_of_its_own(rng):
    found = recognition(nothing(rng, species=8, per_species=8), episodes=5, permutations=19, rng=0)
    assert found.sentence("1-shot").count("-shot") == 1 and "5-shot" in found.sentence("5-shot")
    assert str(found) == found.sentence(*found.evidence)


def test_one_number_of_shots_needs_no_brackets_and_too_few_images_name_the_way_out():
    emb, _ = world(each=3, species=6, apart=3.0)
    with pytest.raises(ValueError, match="6 images or more: 0; naming needs two at least. Take fewer shots than 5"):
        recognition(emb, rng=0)
    one = recognition(emb, shots=1, episodes=4, permutations=9, rng=0)
    assert str(one) == str(recognition(emb, shots=(1,), episodes=4, permutations=9, rng=0))
