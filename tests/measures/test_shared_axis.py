"""One axis for all species, or one for each: planted both ways, with controls, clades and what must not matter."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.measures.shared_axis import shared_axis

SEX = ("sex", "female", "male")


def birds(rng, shared=1.0, species=12, per_cell=6, d=24, size=1.0, family=2, plain=()):
    """Species whose sexes differ along one axis, or (shared=0) each along its own; `plain` ones do not differ."""
    common, x, rows = rng.normal(size=d), [], {"species": [], "family": [], "sex": []}
    for i in range(species):
        own = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=d)
        own *= size * (i not in plain) * np.sqrt(d) / np.linalg.norm(own)
        mean = rng.normal(size=d)
        for side, sex in ((-0.5, "female"), (0.5, "male")):
            x.append(2 * mean + side * own + 0.5 * rng.normal(size=(per_cell, d)))
            rows["species"] += [f"s{i:02}"] * per_cell
            rows["family"] += [f"f{i // family}"] * per_cell
            rows["sex"] += [sex] * per_cell
    x = np.concatenate(x).astype(np.float32)
    return Embeddings(x, pl.DataFrame({"image_id": [str(i) for i in range(len(x))], **rows}), {})


def test_one_axis_is_found_and_own_axes_are_not(rng):
    one = shared_axis(birds(rng), SEX, permutations=199, rng=0)
    assert one.evidence.estimate > 0.7 and one.evidence.p_more == 1 / 200
    assert one.transfer.estimate > 0.9 and one.transfer.p_more == 1 / 200 and (one.told > 0.7).all()
    assert one.whitened[0] > 0.5 and one.whitened[1] == 1 / 200
    each = shared_axis(birds(rng, shared=0.0), SEX, permutations=199, rng=0)
    low, high = each.evidence.interval
    assert low < 0 < high and each.evidence.p_more > 0.05 and each.transfer.p_more > 0.05
    assert abs(each.evidence.estimate) < 0.2 and 0.2 < each.transfer.estimate < 0.8


def test_half_an_axis_is_half_agreement(rng):
    found = [shared_axis(birds(rng, shared=0.5, d=64, species=16), SEX, permutations=9, rng=0) for _ in range(4)]
    # vectors are scaled to length 1, which shortens the contrasts of some species more than of others
    assert np.mean([f.evidence.estimate for f in found]) == pytest.approx(0.5, abs=0.1)


def test_relatives_that_share_an_axis_by_descent_are_no_evidence(rng):
    emb = birds(rng, shared=0.0, species=12, family=2)
    x, of = emb.float64(), np.array(emb.column("family").to_list())
    for f in np.unique(of):  # one contrast for each family
        side = np.where(emb.column("sex").to_numpy()[of == f] == "male", 0.5, -0.5)
        x[of == f] += 3 * side[:, None] * rng.normal(size=24)
    emb = Embeddings(x.astype(np.float32), emb.rows, {})
    alone, families = (shared_axis(emb, SEX, clades=c, permutations=199, rng=0) for c in ("", "family"))
    assert alone.evidence.estimate > families.evidence.estimate + 0.03
    assert families.rank == "families" and families.evidence.n == 6 and families.evidence.unit == "families"
    assert len(families.evidence.null) == 31  # all there are: the first family stays as it is
    assert families.evidence.p_floor == 1 / 32


def test_controls_show_nothing_and_lend_nothing(rng):
    emb = birds(rng, plain=(3, 7, 9))
    named = ("s03", "s07", "s09")
    found = shared_axis(emb, SEX, controls=named, permutations=199, rng=0)
    assert found.control.sum() == 3 and found.control_p > 0.05 and np.isnan(found.agreement[found.control]).all()
    assert found.evidence.n == 9 and "3 control species differ by" in str(found)
    assert found.energy[~found.control].min() > 5 * np.abs(found.energy[found.control]).max()
    assert abs(found.told[found.control].mean() - 0.5) < 0.35
    # sexes of controls that do differ are seen
    seen = shared_axis(birds(rng), SEX, controls=named, permutations=199, rng=0)
    assert seen.control_p == 1 / 200 and "control" not in str(shared_axis(emb, SEX, permutations=9, rng=0))


def test_rotation_scale_names_and_order_do_not_matter(rng):
    emb = birds(rng, shared=0.5, species=7)
    base = shared_axis(emb, SEX, permutations=99, rng=0)
    turn = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    moved = Embeddings((7 * emb.float64() @ turn).astype(np.float32), emb.rows, {})
    for other in (moved, emb.take(rng.permutation(emb.n))):
        found = shared_axis(other, SEX, permutations=99, rng=0)
        assert found.evidence.estimate == pytest.approx(base.evidence.estimate, rel=1e-4)
        assert found.evidence.p_more == base.evidence.p_more  # all 63 flips: nothing is random
        assert found.told == pytest.approx(base.told, abs=1e-9)
        assert found.whitened == pytest.approx(base.whitened, rel=1e-3)
    turned = shared_axis(emb, ("sex", "male", "female"), permutations=99, rng=0)
    assert turned.evidence.estimate == pytest.approx(base.evidence.estimate)
    assert turned.told == pytest.approx(base.told)


def test_agreement_is_the_mean_over_pairs_less_noise(rng):
    emb = birds(rng, species=5, per_cell=3)
    found = shared_axis(emb, SEX, permutations=15, rng=0)
    x = emb.unit().float64()
    of, male = emb.column("species").to_numpy(), emb.column("sex").to_numpy() == "male"
    delta, length = [], []
    for s in np.unique(of):
        one, two = x[(of == s) & male], x[(of == s) & ~male]
        mean = x[of == s].mean(axis=0)
        flat = np.eye(24) - np.outer(mean, mean) / (mean @ mean)  # what lies along the species is no difference
        one, two = one @ flat, two @ flat
        delta.append(one.mean(axis=0) - two.mean(axis=0))
        noise = (one.var(axis=0, ddof=1).sum() + two.var(axis=0, ddof=1).sum()) / 3
        length.append(delta[-1] @ delta[-1] - noise)
    products = [a @ b for i, a in enumerate(delta) for j, b in enumerate(delta) if i != j]
    assert found.evidence.estimate == pytest.approx(np.mean(products) / np.mean(length), rel=1e-6)
    assert found.energy == pytest.approx(length, rel=1e-6)


def test_few_clades_cannot_tell_and_say_so(rng):
    found = shared_axis(birds(rng, species=8), SEX, clades="family", permutations=99, rng=0)
    assert (
        "4 families: at least 5 are needed" in found.evidence.cannot_tell and "p = 0.12" in found.evidence.cannot_tell
    )
    assert shared_axis(birds(rng, species=5), SEX, permutations=99, rng=0).evidence.cannot_tell == ""
    with pytest.raises(ValueError, match="belong to one family"):
        shared_axis(birds(rng, family=99), SEX, clades="family", permutations=9, rng=0)


def test_clades_that_are_not_known_or_double_are_refused(rng):
    emb = birds(rng, species=6)
    family = emb.column("family").to_list()
    lost = emb.rows.with_columns(family=pl.Series([None] * 12 + family[12:]))
    with pytest.raises(ValueError, match="no family is recorded for s00"):
        shared_axis(Embeddings(emb.x, lost, {}), SEX, clades="family", permutations=9, rng=0)
    double = emb.rows.with_columns(family=pl.Series(["f9", *family[1:]]))
    with pytest.raises(ValueError, match="s00 stand in more than one family"):
        shared_axis(Embeddings(emb.x, double, {}), SEX, clades="family", permutations=9, rng=0)


def test_results_say_what_they_are(rng):
    found = shared_axis(birds(rng, species=6), SEX, clades="family", permutations=99, rng=0)
    assert str(found).startswith("The axis female vs male agrees between families to")
    assert "Chance: the contrasts of whole families turned round" in found.caption
    assert found.table().columns[:3] == ["species", "clade", "agreement"] and found.table().height == 6


def test_scatter_alone_is_no_axis(rng):
    """Males scatter three times as far: their means are shorter, all along the direction that species share."""
    centre, x = 3 * rng.normal(size=24), []
    for _ in range(12):
        mean = centre + rng.normal(size=24)
        x += [mean + wide * rng.normal(size=(12, 24)) for wide in (0.7, 2.1)]
    rows = {"image_id": list(map(str, range(288))), "species": np.repeat([f"s{i:02}" for i in range(12)], 24).tolist(),
            "sex": (["female"] * 12 + ["male"] * 12) * 12}  # fmt: skip
    found = shared_axis(Embeddings(np.vstack(x).astype(np.float32), rows, {}), SEX, permutations=199, rng=0)
    assert found.evidence.p_more > 0.05 and found.transfer.p_more > 0.05
