"""Spans, the share of a direction that lies inside one, and what chance gives for that share."""

import numpy as np

from embedlab.stats.vectors import checked


def span(means, k: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal axes `(d, r)` of the differences among `means` `(s, d)`, largest first, and their variances `(r,)`.

    At most s − 1 axes, or the first `k`. The cut-off for rank scales with the data *before* centring: means far
    from the origin would otherwise count dust as a direction. Signs of axes are arbitrary. Errors: NaN, means that
    coincide.

    >>> axes, variances = span([[1.0, 5.0], [3.0, 5.0]])
    >>> abs(axes).round(6).tolist(), variances.round(6).tolist()
    ([[1.0], [0.0]], [2.0])
    """
    means = checked(means, "means")
    if k is not None and k < 1:
        raise ValueError(f"k = {k} axes: give at least 1, or leave it out for all")
    centred = means - means.mean(axis=0)
    _, singular, vt = np.linalg.svd(centred, full_matrices=False)
    cut = max(means.shape) * np.finfo(float).eps * np.linalg.norm(means)
    r = int(min((singular > cut).sum(), means.shape[0] - 1))
    if r == 0:
        raise ValueError(f"the {means.shape[0]} means coincide: they span no direction")
    r = r if k is None else min(k, r)
    return vt[:r].T, singular[:r] ** 2 / (means.shape[0] - 1)


def explained_share(contrasts, basis) -> np.ndarray:
    """Share of each row's squared length inside the span of `basis`: 0 is orthogonal, 1 is contained.

    `contrasts` is `(s, d)`, `basis` `(d, r)` with orthonormal columns; the answer is `(s,)`. A random direction
    has an expected share of r / d if the space is isotropic, and more if it is not. embedlab's rho_E.

    >>> explained_share([[3.0, 4.0]], np.array([[1.0], [0.0]]))
    array([0.36])
    """
    contrasts, basis = checked(contrasts, "contrasts", least=1), checked(basis, "basis", least=1)
    if basis.shape[0] != contrasts.shape[1]:
        raise ValueError(f"contrasts of shape {contrasts.shape}, basis of {basis.shape}: both must live in one space")
    if not np.allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-6):
        raise ValueError("the columns of basis are not orthonormal: use span() or numpy.linalg.qr first")
    length = (contrasts**2).sum(axis=1)
    if (length == 0).any():
        at = np.flatnonzero(length == 0)[:5].tolist()
        raise ValueError(f"contrasts {at} have length zero and point nowhere: leave them out first")
    return ((contrasts @ basis) ** 2).sum(axis=1) / length


def principal_angles(a, b) -> np.ndarray:
    """Principal angles in radians between the column spaces of `a` `(d, p)` and `b` `(d, q)`: 0 to π/2, ascending.

    Small angles are read from the sine, so that a shared direction gives 0 to rounding (Björck & Golub 1973).
    Symmetric in its arguments, unchanged by a rotation of both. Errors: NaN, spaces of different dimension, columns
    that are linearly dependent.

    >>> principal_angles(np.eye(3)[:, :1], np.eye(3)[:, 1:2]).round(6)
    array([1.570796])
    """
    qa, qb = orthonormal(a, "a"), orthonormal(b, "b")
    if qa.shape[0] != qb.shape[0]:
        raise ValueError(f"a has {qa.shape[0]} dimensions and b has {qb.shape[0]}: both must live in one space")
    if qb.shape[1] > qa.shape[1]:
        qa, qb = qb, qa
    u, cosine, vt = np.linalg.svd(qa.T @ qb)
    k = qb.shape[1]
    left, right = qa @ u[:, :k], qb @ vt.T
    sine = np.linalg.norm(right - left * cosine, axis=0)
    return np.sort(np.arctan2(sine, cosine))


def orthonormal(a, name: str) -> np.ndarray:
    """Orthonormal axes `(d, p)` of the column space of `a`; columns that do not span p dimensions are refused."""
    a = checked(a, name, least=1)
    q, triangle = np.linalg.qr(a)
    own = np.abs(np.diag(triangle))
    # QR answers dependent columns too, with axes of its own making
    if a.shape[1] > a.shape[0] or (own <= 1e-10 * np.linalg.norm(a, axis=0)).any():
        raise ValueError(f"the {a.shape[1]} columns of {name} are linearly dependent: use span() first")
    return q


def isotropic_shares(r: int, d: int, b: int, rng: np.random.Generator) -> np.ndarray:
    """Shares that random directions of an isotropic space have inside an r-dimensional span: `(b,)` Beta draws."""
    return rng.beta(r / 2, (d - r) / 2, b) if r < d else np.ones(b)


def matched_energies(gram, onto, variances, b: int, rng: np.random.Generator, *, away=None):
    """Energies along the axes of a span `(f, b, r)`, and whole `(f, b)`, of random contrasts that point as noise does.

    The random contrasts are as long, and as alike among themselves, as the observed: each of the `f` Gram matrices
    `(f, s, s)` of observed contrasts is kept in expectation, so that a direction shared by all species is one draw
    and not s of them, and agreement among species is not mistaken for evidence. `variances` `(m,)` is the
    within-group spectrum, `onto` `(f, m, r)` turns its axes onto the span. The same draw serves all `f`: they are
    views (folds) of the same contrasts, and averaging independent draws would make chance look too narrow.

    `away` `(s, m)` are unit vectors, one a contrast, to which draws are orthogonal, as differences of direction are to
    the mean direction.
    """
    gram, onto = np.asarray(gram, float), np.asarray(onto, float)
    scale = np.sqrt(np.asarray(variances, float) / np.sum(variances))
    inside, whole = np.empty((len(gram), b, onto.shape[2])), np.empty((len(gram), b))
    for i in range(b):
        drawn = rng.standard_normal((gram.shape[1], scale.size)) * scale
        if away is not None:
            drawn -= away * (drawn * away).sum(axis=1, keepdims=True)
        along = drawn @ onto
        whole[:, i] = (gram * (drawn @ drawn.T)).sum(axis=(1, 2))
        inside[:, i] = (gram @ along * along).sum(axis=1)
    return inside, whole
