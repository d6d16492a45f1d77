"""The share of a contrast that lies inside a span, in the forms that go by one name in print."""

import numpy as np

from embedlab.stats.subspaces.subspace import explained_share
from embedlab.stats.vectors import checked


def energy_share(contrasts, basis, other=None) -> float:
    """Share of the summed squared length of the contrasts `(s, d)` inside the span of `basis` `(d, r)`.

    0 is orthogonal, 1 is contained; long contrasts count more. Noise in the contrasts draws it towards the share of
    the noise. With `other` `(s, d)`, the same contrasts from other images, products of the two take the place of
    squares, Σ aᵢ·P bᵢ / Σ aᵢ·bᵢ: then numerator and denominator are unbiased, and it can leave 0 to 1.
    embedlab's rho_E. Errors: a basis that is not orthonormal, contrasts whose products do not add up above 0.

    >>> basis = np.array([[1.0], [0.0]])
    >>> energy_share([[3.0, 4.0], [0.0, 5.0]], basis), energy_share([[3.0, 4.0]], basis, [[1.0, 1.0]])
    (0.18, 0.42857142857142855)
    """
    one, basis = checked(contrasts, "contrasts", least=1), _orthonormal(basis, contrasts)
    two = one if other is None else checked(other, "other", least=1)
    if one.shape != two.shape:
        raise ValueError(f"contrasts of shape {one.shape} but other of {two.shape}: one row a species in both")
    whole = (one * two).sum()
    if not whole > 0:
        raise ValueError("the two halves of the contrasts do not agree at all: there is no length to take a share of")
    return float(((one @ basis) * (two @ basis)).sum() / whole)


def norm_share(contrasts, basis) -> float:
    """Mean over contrasts `(s, d)` of ‖P δ‖ / ‖δ‖, the cosine of the angle with the span: 0 to 1, all counted alike.

    In an isotropic space its chance lies near √(r / d), far above the r / d of `energy_share`: the two must not be
    compared. Not free of noise. embedlab's rho_N.

    >>> norm_share([[3.0, 4.0], [0.0, 5.0]], np.array([[1.0], [0.0]]))
    0.3
    """
    return float(np.sqrt(explained_share(contrasts, basis)).mean())


def variance_share(deviations, basis) -> float:
    """Share of all variance within groups that lies inside the span, tr(Uᵀ W U) / tr W: 0 to 1.

    `deviations` `(n, d)` are rows less the mean of their group. It is what a contrast drawn from that variance has
    on average, and so the natural chance for `energy_share`. embedlab's rho_V.

    >>> variance_share([[3.0, 4.0], [-3.0, -4.0]], np.array([[1.0], [0.0]]))
    0.36
    """
    rows, basis = checked(deviations, "deviations"), _orthonormal(basis, deviations)
    whole = (rows**2).sum()
    if not whole > 0:
        raise ValueError("the deviations are all zero: nothing varies within the groups")
    return float(((rows @ basis) ** 2).sum() / whole)


def _orthonormal(basis, rows) -> np.ndarray:
    basis = checked(basis, "basis", least=1)
    if basis.shape[0] != np.shape(rows)[1]:
        raise ValueError(f"vectors of shape {np.shape(rows)}, basis of {basis.shape}: both must live in one space")
    if not np.allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-6):
        raise ValueError("the columns of basis are not orthonormal: use span() or numpy.linalg.qr first")
    return basis
