// Tests for the tables of the explorer: numbers in, numbers out, nothing of the page.
// The hypergeometric distribution is built by ratios from its mode and then divided by its sum, so that it needs no
// log-gamma: of 20,000 images the difference of four of those would leave nine digits, this way there are twelve.
"use strict";
EmbedLab.exact = (() => {
  // How probable each count of marked things is among `chosen` drawn blindly of `all`, `marked` of which are marked.
  const counts = (chosen, marked, all) => {
    const low = Math.max(0, chosen + marked - all), high = Math.min(chosen, marked);
    const weight = new Float64Array(high - low + 1);
    const mode = Math.min(high, Math.max(low, Math.floor(((chosen + 1) * (marked + 1)) / (all + 2))));
    const up = (k) => ((marked - k) * (chosen - k)) / ((k + 1) * (all - marked - chosen + k + 1));
    weight[mode - low] = 1;
    for (let k = mode; k < high; k += 1) weight[k + 1 - low] = weight[k - low] * up(k);
    for (let k = mode; k > low; k -= 1) weight[k - 1 - low] = weight[k - low] / up(k - 1);
    let sum = 0;
    for (const w of weight) sum += w;
    for (let k = 0; k < weight.length; k += 1) weight[k] /= sum;
    return { low, weight };
  };
  // Two-sided: all counts that are no more probable than the one seen; ties are told up to rounding, as in R.
  const twoSided = ({ low, weight }, hit) => {
    const limit = weight[hit - low] * (1 + 1e-7);
    let sum = 0;
    for (const w of weight) if (w <= limit) sum += w;
    return Math.min(1, sum);
  };
  const hypergeometric = (hit, chosen, marked, all) => twoSided(counts(chosen, marked, all), hit);

  // The same within groups: each `[chosen, marked, all]` is drawn by itself, and the hits of all are added up.
  const within = (hit, groups) => {
    let low = 0, weight = Float64Array.of(1), expected = 0;
    for (const [chosen, marked, all] of groups) {
      if (!all) continue;
      expected += (chosen * marked) / all;
      const one = counts(chosen, marked, all), both = new Float64Array(weight.length + one.weight.length - 1);
      low += one.low;
      if (one.weight.length === 1) continue;
      weight.forEach((a, i) => { if (a) one.weight.forEach((b, j) => { both[i + j] += a * b; }); });
      weight = both;
    }
    return { p: twoSided({ low, weight }, hit), expected };
  };

  // Upper tail of the error function: a series near 0, a continued fraction beyond, both to 13 digits.
  const erfc = (x) => {
    if (x < 0) return 2 - erfc(-x);
    if (x < 2) {
      let term = x, sum = x;
      for (let k = 1; Math.abs(term) > 1e-17 * sum && k < 200; k += 1) {
        term *= (-x * x) / k;
        sum += term / (2 * k + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * sum;
    }
    let fraction = 0;
    for (let k = 120; k > 0; k -= 1) fraction = k / 2 / (x + fraction);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  };

  // Mann and Whitney's U of two sets of numbers: share of pairs in which the first is larger (ties a half), and a
  // two-sided p by the normal approximation with ties and continuity, as SciPy's method="asymptotic".
  const ranks = (a, b) => {
    const every = [...a.map((v) => [v, 1]), ...b.map((v) => [v, 0])].sort((p, q) => p[0] - q[0]);
    const n = a.length, m = b.length, all = n + m;
    let sum = 0, ties = 0;
    for (let i = 0; i < all;) {
      let j = i, own = 0;
      while (j < all && every[j][0] === every[i][0]) { own += every[j][1]; j += 1; }
      sum += own * ((i + j + 1) / 2);
      ties += (j - i) ** 3 - (j - i);
      i = j;
    }
    if (!n || !m) return { share: NaN, p: NaN };
    const u = sum - (n * (n + 1)) / 2, mean = (n * m) / 2;
    const spread = Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))));
    const z = (Math.abs(u - mean) - 0.5) / spread;
    return { share: u / (n * m), p: spread > 0 ? Math.min(1, erfc(z / Math.SQRT2)) : 1 };
  };

  // Holm's correction: each p times the number of those not yet passed, never falling.
  const holm = (ps) => {
    const order = [...ps.keys()].sort((i, j) => ps[i] - ps[j]), out = new Array(ps.length);
    let worst = 0;
    order.forEach((i, k) => { worst = Math.max(worst, Math.min(1, ps[i] * (ps.length - k))); out[i] = worst; });
    return out;
  };
  const median = (values) => {
    const v = [...values].sort((p, q) => p - q), k = v.length >> 1;
    return v.length ? (v.length % 2 ? v[k] : (v[k - 1] + v[k]) / 2) : NaN;
  };
  return { counts, hypergeometric, within, erfc, ranks, holm, median };
})();
