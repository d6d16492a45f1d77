"""Worlds in which vectors and a trait evolved apart on one tree, and the p-value that alignment gives there."""

import numpy as np
import polars as pl
from scipy.stats import linregress

from embedlab.data import Embeddings, Traits, Tree
from embedlab.data.synthetic import brownian_traits, discrete_trait, random_tree, traits_in_space
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.stats.pairs.distances import mantel
from embedlab.stats.pairs.similarity import cka
from embedlab.stats.resample import p_value
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.trait.placebo import placebo_panel
from embedlab.stats.trait.prediction import predicted_beyond_tree
from embedlab.stats.trait.variance import by_rank
from embedlab.stats.tree.evolution import simulate
from tests.calibration.world import Power, World, told

N, D = 40, 16


def yule(rng, n=N):
    return random_tree(rng, n)


def few(n):
    return lambda rng: yule(rng, n)


def comb(rng, n=N):
    """A tree as unbalanced as can be: one species leaves the stem after the other, all live to the present."""
    text = "t0:1"
    for i in range(1, n):
        text = f"({text},t{i}:{i + 1}):1"
    tree = Tree.parse(text + ";")
    tree = tree.rename({t: f"Genus{i // 4} {t}" for i, t in enumerate(tree.names)})
    return tree.with_lengths(tree.length / tree.depth)


def brownian(lam):
    return lambda rng, tree: brownian_traits(rng, tree, lam=lam)[:, 0]


def pulled(rng, tree):
    """An Ornstein-Uhlenbeck trait that forgets half in a fifth of the tree."""
    alpha = np.log(2) / (0.2 * tree.depth)
    return simulate(tree.structure(tree.names), rng, model="ou", parameter=alpha)[0]


def threshold(rng, tree):
    """A habitat as biologists draw it: a hidden Brownian trait cut at thirds, so that no kind is rare."""
    hidden = brownian_traits(rng, tree)[:, 0]
    return np.array(["forest", "edge", "open"])[np.digitize(hidden, np.quantile(hidden, [1 / 3, 2 / 3]))]


def many_kinds(rng, tree):
    """A Brownian trait cut unevenly into six kinds: its 0/1 columns hardly follow the tree."""
    hidden = brownian_traits(rng, tree)[:, 0]
    return np.array(list("abcdef"))[np.digitize(hidden, np.quantile(hidden, [0.1, 0.2, 0.35, 0.5, 0.7]))]


def jumping(rng, tree):
    """A character of two states on the tree, drawn again until both are borne by a quarter of the species."""
    while True:
        state = discrete_trait(rng, tree, 2, rate=1.0)
        if 0.25 <= state.mean() <= 0.75:
            return np.array(["wet", "dry"])[state]


def plain(rng, tree):
    return traits_in_space(rng, tree, rng.normal(size=len(tree)), share=0.0, d=D, per_species=2, noise=0.2)


def of_lambda(lam):
    return lambda rng, tree: traits_in_space(
        rng, tree, rng.normal(size=len(tree)), share=0.0, lam=lam, d=D, per_species=2, noise=0.2
    )


def uneven(rng, tree):
    """Between one image and twelve of each species, and noise as large as the difference between species."""
    emb = traits_in_space(rng, tree, rng.normal(size=len(tree)), share=0.0, d=D, per_species=12, noise=1.0)
    keep = np.concatenate([12 * i + np.arange(rng.integers(1, 13)) for i in range(len(tree))])
    return emb.take(keep)


def mixed(rng, tree):
    """Half of the axes follow the tree, half do not, and are larger: no one λ fits all."""
    axes = np.hstack([brownian_traits(rng, tree, D // 2), 2 * rng.normal(size=(len(tree), D // 2))])
    x = np.repeat(axes, 2, axis=0) + 0.2 * rng.normal(size=(2 * len(tree), D))
    of = [s for s in tree.names for _ in range(2)]
    return Embeddings(x.astype(np.float32), {"image_id": [str(i) for i in range(len(of))], "species": of}, {})


def anisotropic(rng, tree, d=64):
    """Unit vectors crowded about one direction, variance falling as 1/rank: as embeddings are."""
    scale = np.sqrt(1 / np.arange(1, d + 1))
    means = brownian_traits(rng, tree, d) * scale + 3 * np.eye(d)[0]
    x = np.repeat(means, 3, axis=0) + 0.3 * scale * rng.normal(size=(3 * len(tree), d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    of = [s for s in tree.names for _ in range(3)]
    rows = {"image_id": [str(i) for i in range(len(of))], "species": of, "genus": [s.split()[0] for s in of]}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {})


# --- tests


def world(rng, trait, space=plain, grown=yule):
    tree = grown(rng)
    emb = space(rng, tree)
    return emb, Traits(pl.DataFrame({"species": tree.names, "t": trait(rng, tree)}))["t"], tree


def _alignment(trait, space=plain, grown=yule, **how):
    def draw(rng, permutations):
        emb, values, tree = world(rng, trait, space, grown)
        return told(trait_alignment(emb, values, tree, permutations=permutations, rng=rng, **how).evidence)

    return draw


def _free(trait, space=plain, grown=yule):
    draw = _alignment(trait, space, grown, null="free")
    return lambda rng, permutations: draw(rng, permutations)["p"]


def _arrays(rng, trait=None):
    tree, trait = yule(rng), trait or brownian(1.0)
    return brownian_traits(rng, tree, D), trait(rng, tree), tree


def _forecast(trait):
    def draw(rng, permutations):
        x, y, tree = _arrays(rng, trait)
        found = predicted_beyond_tree(x, y, tree.covariance(), permutations=permutations, rng=rng)
        return {"p": found.p_value}

    return draw


def _rank(which):
    def draw(rng, permutations):
        x, y, tree = _arrays(rng)
        genus = [s.split()[0] for s in tree.names]
        found = by_rank(x, y, tree.covariance(), {"genus": genus}, permutations=permutations, rng=rng)
        return {"p": next(r.p_value for r in found if r.rank == which)}

    return draw


def _covariate(rng, permutations):
    """A covariate that drives the trait and the space: with it taken out nothing is left."""
    x, y, tree = _arrays(rng)
    z = brownian_traits(rng, tree)
    found = aligned_beyond_phylogeny(x + 2 * z, y + 2 * z[:, 0], tree.covariance(), covariates=z, lam="full",
                                     null="lambda", permutations=permutations, rng=rng)  # fmt: skip
    return {"p": found.p_value}


def _without_covariate(rng, permutations):
    x, y, tree = _arrays(rng)
    z = brownian_traits(rng, tree)
    return aligned_beyond_phylogeny(
        x + 2 * z, y + 2 * z[:, 0], tree.covariance(), permutations=permutations, rng=rng
    ).p_value


def _panel(null, lam="ml"):
    """A panel is a statement about a test: 1 where it stamps, which it must not do to an honest one."""

    def draw(rng, permutations):
        x, y, tree = _arrays(rng)
        found = placebo_panel(x, y, tree.covariance(), null=null, lam=lam, placebos=100, permutations=39, rng=rng)
        return {"p": 1.0 if found.calibrated else 0.01}

    return draw


# --- tests that are known to be wrong here


def _mantel(rng, permutations):
    x, y, _ = _arrays(rng)
    far = [np.sqrt(np.square(v[:, None] - v[None]).sum(axis=2)) for v in (x, y[:, None])]
    return mantel(*far, permutations=permutations, alternative="greater", rng=rng).p_value


def _cka(rng, permutations):
    x, y, _ = _arrays(rng)
    null = [cka(x, y[rng.permutation(N), None]) for _ in range(permutations)]
    return p_value(cka(x, y[:, None]), null)


def _ordinary(rng, permutations):
    """Ordinary least squares of the trait on the first axis of the space."""
    x, y, _ = _arrays(rng)
    return float(linregress(np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0][:, 0], y).pvalue)


WRONG = "residuals whitened at the λ of the space are permuted wrongly where the trait, or some axes, have another"
bm = brownian(1.0)
WORLDS = (
    World("trait: Brownian", _alignment(bm), _free(bm), exact=False),
    World("trait: lambda .5", _alignment(brownian(0.5)), _free(brownian(0.5)), exact=False),
    World("trait: lambda 0", _alignment(brownian(0.0)), exact=False),
    World("trait: Ornstein-Uhlenbeck", _alignment(pulled), _free(pulled), exact=False),
    World("trait: threshold habitat", _alignment(threshold), _free(threshold), exact=False),
    World("trait: two states (Mk)", _alignment(jumping), _free(jumping), exact=False),
    World("trait: comb-like tree", _alignment(bm, grown=comb), _free(bm, grown=comb), exact=False),
    World("trait: uneven numbers of images", _alignment(bm, uneven), exact=False),
    World("trait: anisotropic unit vectors", _alignment(bm, anisotropic), _free(bm, anisotropic), exact=False),
    World("trait: space of lambda .5", _alignment(bm, of_lambda(0.5)), exact=False),
    World("trait: space and trait of lambda .5", _alignment(brownian(0.5), of_lambda(0.5)), exact=False),
    World("trait: axes of different λ", _alignment(bm, mixed), _free(bm, mixed), exact=False),
    World("trait: uneven images, Ornstein-Uhlenbeck", _alignment(pulled, uneven), exact=False),
    World("trait: six kinds, axes of different λ", _alignment(many_kinds, mixed), exact=False),
    World("trait: two states (Mk), axes of different λ", _alignment(jumping, mixed), exact=False),
    *(World(f"trait: {n} species, {name}", _alignment(t, s, few(n)), exact=False) for n, name, t, s in (
        (15, "Brownian", bm, plain), (15, "uneven images", bm, uneven), (18, "axes of different λ", bm, mixed),
        (20, "habitat", threshold, plain),
    )),
    *(World(f"trait: RRPP, {name}", _alignment(t, s, null="rrpp"), exact=False) for name, t, s in (
        ("Brownian", bm, plain), ("trait of lambda .5", brownian(0.5), plain),
        ("trait of lambda 0", brownian(0.0), plain), ("Ornstein-Uhlenbeck", pulled, plain),
        ("threshold habitat", threshold, plain), ("uneven images", bm, uneven),
        ("anisotropic unit vectors", bm, anisotropic), ("axes of different λ", bm, mixed),
    )),
    *(World(f"trait: RRPP with λ of the full model, {name}", _alignment(t, s, null="rrpp", lam="full"), naive,
            exact=False, weak=weak)
      for name, t, s, naive, weak in (
        ("Brownian", bm, plain, _mantel, ""), ("uneven images", bm, uneven, None, ""),
        ("trait of lambda .5", brownian(0.5), plain, None, WRONG), ("axes of different λ", bm, mixed, None, WRONG),
    )),
    World("trait: null bm", _alignment(bm, null="bm"), _cka, exact=False),
    World(
        "trait: null bm, trait of lambda .5",
        _alignment(brownian(0.5), null="bm"),
        exact=False,
        weak="the null supposes Brownian motion, and this trait did not evolve so: null='lambda' fits it",
    ),
    World("trait: null lambda at λ of the trait", _alignment(brownian(0.5), null="lambda", lam="ml"), exact=False),
    World("trait: null ou", _alignment(pulled, null="ou"), exact=False),
    World("trait: null bm, habitat", _alignment(threshold, null="bm"), exact=False),
    World("trait: null mk, two states", _alignment(jumping, null="mk"), exact=False),
    World("trait: null phylo_perm", _alignment(bm, null="phylo_perm"), _ordinary, exact=False),
    World("trait: null msr", _alignment(bm, null="msr"), exact=False),
    World("trait: null within_clade", _alignment(bm, null="within_clade"), exact=False),
    World("trait: a covariate behind both", _covariate, _without_covariate, exact=False),
    World("trait: held-out ΔR², Brownian", _forecast(bm), exact=False, worlds=200),
    World("trait: held-out ΔR², lambda .5", _forecast(brownian(0.5)), exact=False, worlds=200),
    World("trait: held-out ΔR², habitat", _forecast(threshold), exact=False, worlds=200),
    World("trait: by rank, genera", _rank("genus"), exact=False),
    World("trait: by rank, species in genera", _rank("species"), exact=False),
    World(
        "trait: placebo panel stamps",
        _panel("lambda", "full"),
        lambda rng, b: _panel("free")(rng, b)["p"],
        exact=False,
        worlds=100,
    ),
    World("trait: placebo panel stamps RRPP", _panel("rrpp"), exact=False, worlds=100),
)


def _planted(noise=0.2, **how):
    def draw(rng, size, permutations):
        tree = yule(rng)
        y = brownian_traits(rng, tree)[:, 0]
        emb = traits_in_space(rng, tree, y, share=size, d=D, per_species=2, noise=noise)
        value = Traits(pl.DataFrame({"species": tree.names, "t": y}))["t"]
        return trait_alignment(emb, value, tree, permutations=permutations, rng=rng, **how).evidence.p_more

    return draw


def _planted_forecast(rng, size, permutations):
    x, y, tree = _arrays(rng)
    x = np.sqrt(1 - size) * x
    x[:, 0] += np.sqrt(size * D) * y
    return predicted_beyond_tree(x, y, tree.covariance(), permutations=permutations, rng=rng).p_value


SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
POWER = (
    Power("trait: alignment", _planted(), SHARES, unit="share planted"),
    Power("trait: alignment (RRPP)", _planted(null="rrpp"), SHARES, unit="share planted"),
    Power("trait: alignment, noisy images", _planted(1.0), SHARES, unit="share planted"),
    Power("trait: alignment (RRPP), noisy images", _planted(1.0, null="rrpp"), SHARES, unit="share planted"),
    Power("trait: alignment, null bm", _planted(null="bm"), SHARES, unit="share planted"),
    Power("trait: held-out ΔR²", _planted_forecast, SHARES, worlds=100, unit="share planted"),
)
