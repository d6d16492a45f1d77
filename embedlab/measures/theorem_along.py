"""What moving off a prototype costs as training goes on: the check of the theorem at snapshots of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.measures.theorem import Theorem
from embedlab.stats.shown import Spoken


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TheoremAlong(Spoken):
    """Costs in nats at each snapshot `(m,)`, for displacements of one length, after L2 normalisation.

    `inside` the span of the competitors' differences, `orthogonal` to it, and `isotropic` (any direction: chance); all
    with `k` prototypes, few enough to leave room. `exact` is the largest change that an orthogonal displacement
    brings before normalisation, 0 by the theorem. `soft_share` is how much of the steepest curvature of the loss the
    images' own deviations meet, with `every` prototype, beside `chance_soft` of random directions: it falls below
    chance where training moves variation out of the way. `cosine` is the mean of the prototypes' cosines, 0 where the
    theorem's assumption holds; `temperature` is what the run had learned by then.
    """

    steps: np.ndarray
    k: int
    every: int
    d: int
    inside: np.ndarray
    orthogonal: np.ndarray
    isotropic: np.ndarray
    exact: np.ndarray
    soft_share: np.ndarray
    chance_soft: np.ndarray
    cosine: np.ndarray
    temperature: np.ndarray

    @classmethod
    def of(cls, steps: Sequence[int], few: Sequence[Theorem], every: Sequence[Theorem]) -> "TheoremAlong":
        """Put snapshots together: at each of `steps` the check with few prototypes, and the one with all.

        Raises ValueError for lists of unequal length, or where prototypes change in number from step to step.
        """
        if not len(steps) == len(few) == len(every) > 0:
            raise ValueError(f"{len(steps)} steps, {len(few)} and {len(every)} checks: one of each for every step")
        if len({t.k for t in few}) > 1 or len({t.k for t in every}) > 1:
            raise ValueError("the number of prototypes differs from step to step: take the same species at each")
        return cls(
            steps=np.asarray(steps, float), k=few[0].k, every=every[0].k, d=few[0].d,
            inside=_of(few, "inside_l2"), orthogonal=_of(few, "orthogonal_l2"), isotropic=_of(few, "isotropic_l2"),
            exact=_of(few, "exact"), soft_share=_of(every, "soft_share"), chance_soft=_of(every, "chance_soft"),
            cosine=np.array([t.gram.mean for t in every]), temperature=_of(every, "temperature"),
        )  # fmt: skip

    def __str__(self) -> str:
        first, last = self.steps[0], self.steps[-1]
        times = self.inside[[0, -1]] / self.orthogonal[[0, -1]]
        soft = (self.soft_share / self.chance_soft)[[0, -1]]
        return (
            f"from step {first:,.0f} to {last:,.0f} moving inside the span of {self.k} prototypes goes from "
            f"{times[0]:.2g} to {times[1]:.2g} times the cost of moving orthogonally (L2; before it that changes the "
            f"loss by {np.nanmax(self.exact):.0e}); images deviate along the steepest curvature {soft[0]:.2g}, then "
            f"{soft[1]:.2g} times as much as random directions do"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in two sentences."""
        return (
            f"Mean excess loss of displacements off the species' mean images, {self.k} prototypes in {self.d} "
            f"dimensions, at {len(self.steps)} snapshots of one run; grey: any direction. Right: energy of the images' "
            f"own deviations under the softmax-weighted curvature of all {self.every} prototypes, as a share of its "
            "largest, beside random directions."
        )

    def table(self) -> pl.DataFrame:
        """One row a snapshot."""
        names = ("steps", "inside", "orthogonal", "isotropic", "exact", "soft_share", "chance_soft", "cosine",
                 "temperature")  # fmt: skip
        return pl.DataFrame({name: getattr(self, name) for name in names})


def _of(checks: Sequence[Theorem], name: str) -> np.ndarray:
    return np.array([getattr(check, name) for check in checks], float)
