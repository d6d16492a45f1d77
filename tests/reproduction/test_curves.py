"""Curves over worlds: the numbers of each world's files, Student's t over worlds, one picture for both backends."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from embedlab.plots import picture
from embedlab.plots.paper import figure
from embedlab.plots.screen import as_json
from embedlab.reproduction.curves import study_curves


def folder(tmp_path, worlds=4, lacking=None):
    rng = np.random.default_rng(1)
    for w in range(worlds):
        for name in ("1-shot", "sex-separation", "trait-alignment"):
            x = [480, 1440, 4320, 12960, 12960]
            if lacking == w:
                x = x[1:]
            value = 0.1 + 0.05 * np.log10(np.array(x)) + rng.normal(0, 0.01, len(x))
            here = tmp_path / "figures" / f"world-{11 + w}" / "scaling-images"
            here.mkdir(parents=True, exist_ok=True)
            pl.DataFrame({
                "run": [f"r{i}" for i in range(len(x))], "images": x, "value": value, "low": value - 0.02,
                "high": value + 0.02, "chance": 0.05, "chance_low": 0.03, "chance_high": 0.07, "within": value,
            }).write_csv(here / f"{name}.csv")  # fmt: skip
            beside = tmp_path / "figures" / f"world-{11 + w}" / "controls"
            beside.mkdir(parents=True, exist_ok=True)
            pl.DataFrame({"control": ["pixel PCA", "random network"], "value": [0.06, 0.05 + w / 100]}).write_csv(
                beside / f"{name}.csv"
            )
    return tmp_path


TOLD = {
    "worlds": 4, "worlds_in_all": 6,
    "claims": [
        {"id": "scaling/images/one-shot-accuracy-grows", "verdict": "supported"},
        {"id": "scaling/images/sex-separation-grows", "verdict": "cannot tell"},
    ],
}  # fmt: skip


def test_the_mean_over_worlds_has_the_interval_of_students_t(tmp_path):
    [found] = study_curves(folder(tmp_path), TOLD)
    curve = next(c for c in found.curves if c.quantity == "1-shot")
    assert found.axis == "images" and found.x_name == "images"
    assert curve.names == ("world-11", "world-12", "world-13", "world-14")
    assert curve.x.tolist() == [480, 1440, 4320, 12960]
    at = curve.worlds["value"][:, 2]
    low, high = stats.t.interval(0.95, 3, loc=at.mean(), scale=stats.sem(at))
    assert np.allclose([curve.interval[0][2], curve.interval[1][2]], [low, high])
    # two runs at one place count as their mean
    first = pl.read_csv(tmp_path / "figures/world-11/scaling-images/1-shot.csv")
    assert np.isclose(curve.worlds["value"][0, 3], first["value"][3:].mean())
    assert found.verdicts == {"1-shot": "supported", "sex-separation": "cannot tell", "trait-alignment": "not judged"}
    assert np.allclose(curve.controls["random network"], [0.05, 0.06, 0.07, 0.08])


def test_places_that_a_world_lacks_are_left_out(tmp_path):
    [found] = study_curves(folder(tmp_path, lacking=2), TOLD)
    assert all(c.x.tolist() == [1440, 4320, 12960] for c in found.curves)


def test_one_world_has_no_interval(tmp_path):
    [found] = study_curves(folder(tmp_path, worlds=1), TOLD)
    assert np.isnan(found.curves[0].interval[0]).all() and "1 of 6 worlds" in str(found)


def test_a_folder_without_curves_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no figures/world-"):
        study_curves(tmp_path, TOLD)


def test_screen_and_print_show_the_same_curves(tmp_path):
    [found] = study_curves(folder(tmp_path), TOLD)
    drawn = picture(found)
    assert drawn.title == "3 quantities against images in 4 worlds of 6: no verdict before all are in"
    [whole] = study_curves(tmp_path, TOLD | {"worlds_in_all": 4})
    assert picture(whole).title == "Of 3 quantities 1 grows with images beyond chance in 4 worlds"
    figure(drawn, "nature-2col")
    means = [t for t in as_json(drawn)["data"] if t.get("name") == "mean over worlds, 95 %"]
    assert len(means) == 3
    assert np.allclose(np.asarray(means[0]["y"], float), found.curves[0].mean)
    assert len(found.table()) == 3 * 4 * 4
