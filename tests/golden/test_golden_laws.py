"""Scaling laws beside the re-analysis of Chinchilla and the one-break law of its own script."""

import numpy as np
import polars as pl
import pytest

from embedlab.stats.trend.laws import compare_laws, fit_power


def test_chinchilla_as_re_analysed(golden):
    case = golden("analyzing-chinchilla", "chinchilla_parametric_fit")
    table = pl.read_csv(case.path("csv"))
    size, loss = table["Model Size"].to_numpy(), table["loss"].to_numpy()
    tokens = table["Training FLOP"].to_numpy() / (6 * size)
    keep = loss < np.sort(loss)[-5]
    assert keep.sum() == case.inputs["n_used"]
    found, huber_sum = fit_power(np.c_[size, tokens][keep], loss[keep])
    assert huber_sum <= case.expected["reproduced"]["huber_sum"] + 1e-12 <= 0.00101828
    assert found["exponent_1"] == pytest.approx(0.3475, abs=0.003)
    assert found["exponent_2"] == pytest.approx(0.3667, abs=0.006)
    assert found["offset"] == pytest.approx(case.expected["reproduced"]["E"], abs=1e-4)


def test_one_break_as_by_its_script(golden):
    case = golden("broken-neural-scaling-laws", "bnsl_4digit_addition")
    x, y = (np.array(case.inputs[k]) for k in "xy")
    first = case.inputs["fit_on_first"]
    fit = compare_laws(x[:first], y[:first] + 1, names=["broken"], delta=np.inf).best  # they fit log(y + 1)
    rmsle = np.sqrt(np.square(np.log(fit.predict(x[:first])) - np.log(y[:first] + 1)).mean())
    assert rmsle <= case.expected["rmsle_train"] * (1 + 1e-6)
    assert fit.predict(x[first:]) - 1 == pytest.approx(case.expected["pred_extrapolated"], rel=1e-6)
    wrong = np.log(fit.predict(x[first:]) - 1) - np.log(y[first:])  # here they do not add 1
    assert np.sqrt(np.square(wrong).mean()) == pytest.approx(case.expected["rmsle_test"], rel=1e-4)
    named, theirs = fit.parameters, case.expected["params"]
    for ours, name in [("exponent", "c0"), ("exponent_change", "c1"), ("break_at", "d1"), ("break_width", "f1")]:
        # where the sum of squares is flat to 1e-11, a parameter is sure to about the root of that
        assert named[ours] == pytest.approx(theirs[name], rel=5e-6)
    assert named["offset"] - 1 == pytest.approx(theirs["a"], rel=5e-6)
