"""What a calibration promises can be broken: curves that are none, weaknesses that grew; measured curves keep it."""

import pytest

from tests.calibration import table, verdicts
from tests.calibration.drawing import jobs
from tests.calibration.verdicts import ENOUGH, MEASURED, broken, highest, lame

JOBS = jobs()
WEAK = {job.cell.name: job for job in JOBS if job.kind == "ours" and job.cell.weak}
LADDER = (  # of LOG.md, 100 worlds a size
    (0.04, 0.30, 0.66, 0.81, 0.93), (0.06, 0.22, 0.51, 0.71, 0.89),
    (0.13, 0.54, 0.80, 0.90, 0.94), (0.15, 0.53, 0.84, 0.93, 0.96),
    (0.01, 0.06, 0.47, 0.88, 0.98), (0.01, 0.07, 0.37, 0.78, 0.99),
    (0.03, 0.27, 0.70, 0.93, 0.99), (0.02, 0.07, 0.38, 0.70, 0.89), (0.01, 0.26, 0.93, 1, 1),
    (0.16, 0.51, 0.72, 0.93, 0.99),
)  # fmt: skip
TRAITS = (  # of LOG.md, 60 worlds a size
    (0.47, 0.85, 0.98, 1, 1), (0.32, 0.75, 0.95, 0.98, 0.98), (0.18, 0.55, 0.87, 1, 1), (0.02, 0.13, 0.30, 0.50, 0.72),
    (0.30, 0.70, 0.93, 0.97, 0.98), (0.35, 0.88, 0.97, 1, 1), (0.37, 0.78, 0.93, 0.98, 1),
)  # fmt: skip
TABLE = (  # of docs/calibration.md, 200 worlds a size: early, late and even rises
    (0.34, 0.90, 1, 1, 1), (0.16, 0.34, 0.59, 0.81, 0.98), (0.04, 0.04, 0.17, 0.53, 0.87),
    (0.10, 0.24, 0.40, 0.74, 0.92), (0.01, 0.07, 0.47, 0.88, 0.98),
)  # fmt: skip
NO_CURVES = {
    (0.9, 0.65, 0.9, 0.65, 0.65): "falls from 0.90 to 0.65",
    (1, 0.9, 0.8, 0.72, 0.65): "falls from 1.00 to 0.90",
    (0.65,) * 5: "rises from 0.65 to 0.65 only",
    (0.95,) * 5: "rises from 0.95 to 0.95 only",
    (0.05, 0.2, 0.3, 0.4, 0.5): "power 0.50 at the largest effect",
    (0.2, 0.96, 0.91, 0.86, 0.81): "lies off any curve that rises",  # no step of it alone is a fall
    (0.47, 0.37, 0.27, 0.87, 0.97): "at the smallest effect is 0.47, and 0.27",
}


@pytest.mark.parametrize(("curve", "said"), NO_CURVES.items())
def test_what_is_no_curve_of_power_is_told(curve, said):
    assert said in lame(curve, ENOUGH)
    job = next(j for j in JOBS if j.kind == "power" and j.cell.name.startswith("ladder:"))
    found = [{"size": s, "p": 0.01 if i < r * ENOUGH else 1.0} for s, r in zip(job.cell.sizes, curve, strict=True)
             for i in range(ENOUGH)]  # fmt: skip
    assert said in broken(job, found)


@pytest.mark.parametrize(("curves", "worlds"), [(LADDER, 100), (TRAITS, 60), (TABLE, 200)])
def test_measured_curves_keep_the_promise(curves, worlds):
    assert not [said for curve in curves if (said := lame(curve, worlds))]


def test_few_worlds_are_held_to_less():
    assert not lame((0.125, 0.5, 0.875, 0.75, 1), 8) and "falls" in lame((0.125, 1, 0, 1, 1), 8)


def test_every_documented_weakness_has_a_ceiling_and_can_fail(monkeypatch):
    assert set(WEAK) == set(MEASURED)
    for name, job in WEAK.items():
        n, rates = job.worlds, MEASURED[name]

        def found(p, called, n=n, rates=rates):
            words = [{"word": "supported" if i < called else "not supported"} for i in range(n)]
            own = words if "supported" in rates else [{}] * n
            return [{"p": 0.01 if i < p else 0.9, **own[i]} for i in range(n)]

        p, called = round(rates["p"] * n), round(rates.get("supported", 0) * n)
        assert not broken(job, found(p, called))
        assert rates["p"] < highest(n, rates["p"]) < rates["p"] + 0.25
        assert "rejects p" in broken(job, found(int(highest(n, rates["p"]) * n) + 1, called))
        assert "rejects p" in broken(job, found(n, n))
        if "supported" in rates:
            most = int(highest(n, rates["supported"]) * n)
            assert "supported" in broken(job, found(p, most + 1)) and not broken(job, found(p, most))
    monkeypatch.setattr(verdicts, "MEASURED", {})
    assert "no rate of it" in broken(job, found(0, 0))


def test_the_table_says_what_power_leaves_out_and_which_acceptance_was_met():
    power = [j for j in JOBS if j.kind == "power"]
    have = [(j, [{"size": s, "p": 0.01} for s in j.cell.sizes]) for j in power]
    shown = "\n".join(table._power(have))
    assert "placebo traits are left out" in shown and "20 of 100 worlds are called supported" in shown
    others = [(j, found) for j, found in have if not j.cell.name.startswith("ladder:")]
    assert "Ladder" not in "\n".join(table._power(others))
    name = "ladder: trait not drawn, others are"
    line = table._errors([(WEAK[name], [{"p": 0.9, "word": "not supported"}] * 100)])[-1]
    assert "documented weakness, at most 0.5" in line
