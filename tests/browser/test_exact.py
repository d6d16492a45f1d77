"""The explorer's own tests of counts and ranks, computed by the browser, beside SciPy's."""

from importlib import resources

import numpy as np
import pytest
from scipy import special, stats

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ask(chromium):
    """Call a function of exact.js in an empty page."""
    page = chromium.new_context().new_page()
    source = (resources.files("embedlab") / "explore" / "js" / "exact.js").read_text(encoding="utf-8")
    page.evaluate(f"() => {{ const EmbedLab = {{}};\n{source}\nwindow.exact = EmbedLab.exact; }}")
    yield lambda name, *given: page.evaluate("([name, given]) => window.exact[name](...given)", [name, list(given)])
    page.context.close()


def test_the_exact_test_is_fishers(ask):
    rng = np.random.default_rng(1)
    tried = [(3, 5, 4, 20), (0, 10, 10, 20), (10, 10, 10, 20), (5, 5, 5, 5), (0, 3, 0, 9), (1, 1, 1, 2)]
    for _ in range(150):
        total = int(rng.integers(2, 20_000))
        marked, chosen = int(rng.integers(0, total + 1)), int(rng.integers(0, total + 1))
        middle = chosen * marked / total
        hit = round(middle + rng.normal() * 3 * np.sqrt(middle + 1))
        tried.append((int(np.clip(hit, max(0, chosen + marked - total), min(chosen, marked))), chosen, marked, total))
    for hit, chosen, marked, total in tried:
        table = [[hit, chosen - hit], [marked - hit, total - marked - chosen + hit]]
        found = ask("hypergeometric", hit, chosen, marked, total)
        wanted = stats.fisher_exact(table).pvalue
        # SciPy tells ties to 1e-14 and we to 1e-7, as R does: no two counts of these tables lie between
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-290), (hit, chosen, marked, total)


def test_far_tails_keep_their_digits(ask):
    """Log-gamma would lose them: the p-value of a lasso around one of 400 species is about 1e-90."""
    for hit, chosen, marked, total in [(50, 60, 50, 20_000), (330, 1000, 2000, 10_000), (1400, 4000, 4000, 10_000)]:
        found = ask("hypergeometric", hit, chosen, marked, total)
        d = stats.hypergeom(total, marked, chosen)
        at = np.arange(max(0, chosen + marked - total), min(chosen, marked) + 1)
        weight = d.logpmf(at)
        wanted = special.logsumexp(weight[weight <= d.logpmf(hit) + 1e-9])
        # SciPy's log of the weights itself has but ten digits here
        assert np.log(found) == pytest.approx(wanted, rel=1e-9), (hit, found)


def test_within_groups_is_the_convolution(ask):
    rng = np.random.default_rng(2)
    groups = [[int(rng.integers(0, n + 1)), int(rng.integers(0, n + 1)), n] for n in (1, 6, 9, 12, 3, 20, 2)]
    parts = [stats.hypergeom(n, k, m).pmf(np.arange(m + 1)) for m, k, n in groups]
    whole = parts[0]
    for part in parts[1:]:
        whole = np.convolve(whole, part)
    possible = np.flatnonzero(whole > 0)
    for hit in possible.tolist():
        found = ask("within", hit, groups)
        assert found["p"] == pytest.approx(whole[whole <= whole[hit] * (1 + 1e-7)].sum(), rel=1e-9)
        assert found["expected"] == pytest.approx(sum(m * k / n for m, k, n in groups))
    one = ask("within", 4, [[6, 9, 20]])
    assert one["p"] == pytest.approx(ask("hypergeometric", 4, 6, 9, 20), rel=1e-12)


def test_the_error_function_is_scipys(ask):
    for x in np.r_[np.linspace(-3, 26, 140), 1.9999999, 2.0]:
        assert ask("erfc", float(x)) == pytest.approx(special.erfc(x), rel=1e-9), x


def test_ranks_are_mann_and_whitneys(ask):
    rng = np.random.default_rng(3)
    for n, m, digits in [(30, 50, 8), (30, 50, 0), (400, 900, 1), (2, 3, 8), (5, 1, 0), (20, 20, 0)]:
        a, b = (rng.normal(0.3, 2, n).round(digits), rng.normal(0, 1, m).round(digits))
        wanted = stats.mannwhitneyu(a, b, method="asymptotic")
        found = ask("ranks", a.tolist(), b.tolist())
        assert found["p"] == pytest.approx(wanted.pvalue, rel=1e-9)
        assert found["share"] == pytest.approx(wanted.statistic / (n * m), rel=1e-12)
    assert ask("ranks", [1, 1], [1, 1, 1])["p"] == 1


def test_holm_is_our_own(ask):
    from embedlab.stats.multiplicity import holm

    p = np.random.default_rng(4).random(30) ** 4
    assert ask("holm", p.tolist()) == pytest.approx(np.asarray(holm(p)).tolist(), rel=1e-12)
    assert ask("holm", []) == []


def test_the_median_is_numpys(ask):
    for values in ([3.0], [5, 1], [9, -2, 4], [1, 10, 2, 100]):
        assert ask("median", values) == np.median(values)


def test_what_is_less_probable_than_a_number_can_tell_is_zero(ask):
    assert ask("hypergeometric", 3, 4000, 4000, 10_000) == 0
