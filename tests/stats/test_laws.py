"""Laws of scale: planted ones are found again, held-out scales rank them, and few scales are not over-fitted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from embedlab.stats.trend import laws
from embedlab.stats.trend.curves import BY_NAME, FORMS
from embedlab.stats.trend.huber import descend, huber
from embedlab.stats.trend.laws import compare_laws, fit_power

X = np.geomspace(1e3, 1e6, 7)


def test_huber_is_square_within_and_straight_beyond():
    by_hand = sum(r * r / 2 if abs(r) <= 0.3 else 0.3 * (abs(r) - 0.15) for r in (-0.1, 0.3, 0.5, -2.0))
    assert huber([-0.1, 0.3, 0.5, -2.0], 0.3) == pytest.approx(by_hand, rel=1e-14)
    assert huber([[1.0, 2.0], [3.0, 4.0]], np.inf).tolist() == [2.5, 12.5]


def test_descent_reaches_what_scipy_reaches(rng):
    x = rng.normal(size=20)
    y = 2 * np.exp(0.5 * x) + 0.3 * rng.standard_t(2, size=20)

    def residual(theta):
        return theta[:, :1] * np.exp(theta[:, 1:] * x) - y

    start = np.array([[0.5, 0.1], [-1.0, 0.4]])
    moved, loss = descend(residual, start, np.ones((2, 20)), 0.2)
    theirs = min(minimize(lambda t: huber(residual(t[None])[0], 0.2), s, tol=1e-12).fun for s in start)
    assert loss.min() <= theirs * (1 + 1e-9)
    best = moved[[np.argmin(loss)]]
    for step in (*np.eye(2) * 1e-4, *-np.eye(2) * 1e-4):  # a minimum in every direction
        assert huber(residual(best + step), 0.2)[0] > loss.min()
    assert huber(residual(moved), 0.2) == pytest.approx(loss)
    held = np.ones((2, 20))
    held[:, 3] = 0
    without = np.delete(np.arange(20), 3)
    _, less = descend(residual, start, held, 0.2)
    theirs = min(minimize(lambda t: huber(residual(t[None])[0, without], 0.2), s, tol=1e-12).fun for s in start)
    assert less.min() <= theirs * (1 + 1e-9)


@pytest.mark.parametrize(
    ("name", "curve", "truth"),
    [
        ("power", lambda x: 0.4 - 2 * x**-0.3, {"offset": 0.4, "factor": -2, "exponent": 0.3}),
        ("power", lambda x: 1.8 + 40 * x**-0.5, {"offset": 1.8, "factor": 40, "exponent": 0.5}),
        ("log-linear", lambda x: 0.1 + 0.05 * np.log10(x), {"level": 0.1, "per_tenfold": 0.05}),
        ("log-linear", lambda x: -0.5 + 0.1 * np.log10(x), {"level": -0.5, "per_tenfold": 0.1}),
        ("saturating", lambda x: 0.1 + 0.5 * x / (x + 2e4), {"start": 0.1, "rise": 0.5, "half_at": 2e4}),
        ("constant", lambda x: 0.3 + 0 * x, {"level": 0.3}),
    ],
)
def test_a_planted_law_is_found_and_foretells(name, curve, truth):
    found = compare_laws(X, curve(X))
    own = found[name]
    assert own.parameters == pytest.approx(truth, rel=1e-3, abs=1e-6)
    assert own.held_out < 1e-5 and abs(own.last) < 1e-5
    assert own.forecast == pytest.approx(curve(1e7), rel=1e-4)
    assert own.predict(X) == pytest.approx(curve(X), rel=1e-5)
    assert found.best.held_out == min(f.held_out for f in found.fits)
    assert found.residual == ("log" if (curve(X) > 0).all() else "difference")


def test_a_broken_law_is_tried_from_eight_scales_on():
    def curve(x):
        return 0.2 + 3 * x**-0.1 * (1 + (x / 2e4) ** (1 / 0.2)) ** (-0.6 * 0.2)

    assert "broken" not in compare_laws(X, curve(X))
    x = np.geomspace(1e3, 1e6, 12)
    found = compare_laws(x, curve(x))
    assert found.best.name == "broken"
    assert found["broken"].parameters["break_at"] == pytest.approx(2e4, rel=0.05)
    assert found["broken"].predict(x) == pytest.approx(curve(x), rel=1e-4)


def test_held_out_error_by_a_plain_loop():
    y = 0.1 + 0.05 * np.log10(X) + 0.01 * np.sin(np.arange(7))
    t = np.log10(X)
    left = []
    for k in range(7):
        keep = np.arange(7) != k
        b, a = np.polyfit(t[keep], y[keep], 1, w=1 / y[keep])
        best = minimize(
            lambda p, keep=keep: np.square(np.log((p[0] + p[1] * t[keep]) / y[keep])).sum(), [a, b], tol=1e-14,
            method="Nelder-Mead", options={"maxiter": 4000},
        ).x  # fmt: skip
        left.append(np.log((best[0] + best[1] * t[k]) / y[k]))
    found = compare_laws(X, y, delta=np.inf)["log-linear"]
    assert found.held_out == pytest.approx(np.sqrt(np.mean(np.square(left))), rel=1e-5)
    assert found.last == pytest.approx(left[-1], rel=1e-4)


def test_runs_of_one_scale_are_held_out_together():
    x = np.repeat([1.0, 10.0, 100.0], 2)
    y = np.array([1.0, 1.2, 2.0, 2.2, 3.0, 3.6])
    found = compare_laws(x, y, names=["constant"], delta=np.inf)["constant"]
    log = np.log(y)
    # on log residuals the level that is best is the geometric mean of the other two scales
    error = [log[[i for i in range(6) if i // 2 != k]].mean() - log[[2 * k, 2 * k + 1]] for k in range(3)]
    assert found.held_out == pytest.approx(np.sqrt(np.mean(np.square(error))), rel=1e-6)
    assert found.last == pytest.approx(np.mean(error[2]), rel=1e-6)
    assert found.parameters["level"] == pytest.approx(np.exp(log.mean()), rel=1e-6)


def test_three_scales_bear_a_line_and_four_a_curve():
    assert {f.name for f in compare_laws([1, 10, 100], [1.0, 2.0, 2.5]).fits} == {"constant", "log-linear"}
    four = compare_laws([1, 10, 100, 1000], [1.0, 2.0, 2.5, 2.6])
    assert {f.name for f in four.fits} == {"constant", "log-linear", "power", "saturating"}


def test_draws_give_intervals_and_say_how_sure_the_choice_is(rng):
    y = 0.4 - 1.5 * X**-0.3
    draws = y + rng.normal(0, 0.003, (60, 7))
    found = compare_laws(X, y, draws=draws)
    low, high = found["power"].intervals["exponent"]
    assert low < 0.3 < high and high - low < 0.3
    assert found["power"].forecast_interval[0] < 0.4 - 1.5 * 1e7**-0.3 < found["power"].forecast_interval[1]
    assert sum(f.wins for f in found.fits) == pytest.approx(1)
    assert found["constant"].wins == 0
    flat = compare_laws(X, np.full(7, 0.3), draws=0.3 + rng.normal(0, 0.01, (60, 7)))
    assert flat["constant"].wins > 0.3  # and no law is sure to win
    nothing = compare_laws(X, y)
    assert np.isnan(nothing.best.forecast_interval).all() and np.isnan(nothing["power"].intervals["offset"]).all()


@pytest.mark.parametrize("level", [0.3, 0.7, -0.2, 0.0])
def test_of_laws_that_foretell_equally_well_the_simplest_stands_first(level):
    found = compare_laws(X, np.full(7, level))  # in binary no mean of seven tenths is exact
    assert [f.name for f in found.fits][:2] == ["constant", "log-linear"]
    assert all(abs(f.held_out) < 1e-8 for f in found.fits[:2]), "rounding is no spread to count residuals in"


def test_a_law_better_by_rounding_alone_does_not_pass_a_simpler_one(monkeypatch):
    y = 0.4 - 1.5 * X**-0.3
    worse = {"constant": 1e-13, "log-linear": 5e-14, "power": 3e-14, "saturating": 0.0}  # beyond the 12th digit
    real = laws._told

    def told(form, *rest):
        return replace(real(form, *rest), held_out=0.04 + worse.get(form.name, 1.0))

    monkeypatch.setattr(laws, "_told", told)
    assert [f.name for f in compare_laws(X, y).fits][:4] == [f.name for f in FORMS if f.name in worse]


def test_units_of_scale_and_value_do_not_matter():
    y = 0.4 - 1.5 * X**-0.3 + 0.002 * np.cos(np.arange(7))
    one, other = compare_laws(X, y), compare_laws(1000 * X, 5 * y)
    for f in one.fits:
        assert other[f.name].held_out == pytest.approx(f.held_out, rel=1e-4, abs=1e-9)
        assert other[f.name].forecast == pytest.approx(5 * f.forecast, rel=1e-4)
    order = np.array([3, 0, 6, 2, 5, 1, 4])
    assert compare_laws(X[order], y[order])["power"].held_out == pytest.approx(one["power"].held_out, rel=1e-4)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="scales must be above 0"):
        compare_laws([0, 1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="finite"):
        compare_laws([1, 2, 3], [1, np.nan, 3])
    with pytest.raises(ValueError, match="give one value a scale"):
        compare_laws([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match=r"no law called \['cubic'\]; there are constant, log-linear"):
        compare_laws([1, 2, 3], [1, 2, 3], names=["cubic"])
    with pytest.raises(ValueError, match="7 different scales are too few for broken"):
        compare_laws(X, X, names=["broken"])
    with pytest.raises(ValueError, match=r"draws must be a finite \(b, 7\) array"):
        compare_laws(X, X, draws=np.ones((3, 6)))
    with pytest.raises(ValueError, match="values above 0"):
        fit_power(X, -X)
    with pytest.raises(KeyError, match="no law called 'cubic' was fitted; there are "):
        compare_laws(X, X)["cubic"]


def test_what_a_law_is_told_as_is_the_curve_that_was_fitted():
    """Each formula written out with its named parameters, at scales centred on their mean logarithm."""
    formulas = {
        "constant": lambda x, level: level + 0 * x,
        "log-linear": lambda x, level, per_tenfold: level + per_tenfold * np.log10(x),
        "power": lambda x, offset, factor, exponent: offset + factor * x**-exponent,
        "saturating": lambda x, start, rise, half_at: start + rise * x / (x + half_at),
        "broken": lambda x, offset, factor, exponent, exponent_change, break_at, break_width: (
            offset
            + factor * x**-exponent * (1 + (x / break_at) ** (1 / break_width)) ** (-exponent_change * break_width)
        ),
    }
    shift = np.log(X).mean(keepdims=True)
    thetas = {"constant": [2.0], "log-linear": [2.0, 0.3], "power": [2.0, -1.0, 0.5, 0.3],
              "saturating": [2.0, 0.5, 0.3], "broken": [2.0, 0.5, 0.3, 0.2, 0.4, -0.7]}  # fmt: skip
    for name, theta in thetas.items():
        told = BY_NAME[name].told(np.array(theta), shift)
        curve = BY_NAME[name].curve(np.array([theta]), np.log(X)[:, None] - shift)[0]
        assert formulas[name](X, **told) == pytest.approx(curve, rel=1e-12), name


def test_the_interval_of_a_forecast_holds_the_middle_95_percent_of_draws():
    levels = np.linspace(1, 3, 41)
    found = compare_laws(X, np.full(7, 2.0), draws=np.repeat(levels[:, None], 7, axis=1), names=["constant"])
    assert found.best.forecast_interval == pytest.approx((levels[1], levels[-2]), abs=1e-6)
    few, fewer = (compare_laws(X, np.full(7, 2.0), draws=np.full((b, 7), 2.0), names=["constant"]) for b in (20, 19))
    assert np.isfinite(few.best.forecast_interval).all() and np.isnan(fewer.best.forecast_interval).all()
    assert found.best.intervals["level"] == pytest.approx((levels[1], levels[-2]), abs=1e-6)


def test_values_below_0_are_judged_in_units_of_their_deviation():
    """One value far out, where Huber's loss is straight: the fit and its errors still do not hang on the unit."""
    y = np.array([-0.4, -0.1, 0.1, 0.9, 0.5, 0.7, 0.8])
    one, other = (compare_laws(X, unit * y, names=["constant", "log-linear"]) for unit in (1, 100))
    assert one.residual == "difference"
    for f in one.fits:
        assert other[f.name].held_out == pytest.approx(f.held_out, rel=1e-6)
        assert other[f.name].forecast == pytest.approx(100 * f.forecast, rel=1e-6)
    constant = compare_laws(X, y, names=["constant"], delta=np.inf).best  # means of the others, in deviations
    left = [(np.delete(y, i).mean() - y[i]) / y.std() for i in range(7)]
    assert constant.held_out == pytest.approx(np.sqrt(np.mean(np.square(left))), rel=1e-6)
    assert constant.last == pytest.approx(left[-1], rel=1e-6)
