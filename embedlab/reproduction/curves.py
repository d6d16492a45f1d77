"""Curves of a study over its worlds: each world's own points, their mean with Student's t, and chance."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from embedlab.study import load_analysis

COLUMNS = ("value", "low", "high", "chance", "chance_low", "chance_high")


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One quantity along one axis in several worlds.

    `x` `(k,)` are the places on the axis. Each array of `worlds` is `(w, k)`: value, low and high (95 % over
    species, in that world), and the mean and 95 % range of chance; runs of one world that share a place are averaged.
    """

    quantity: str
    names: tuple[str, ...]
    x: np.ndarray
    worlds: Mapping[str, np.ndarray] = field(repr=False)
    controls: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def mean(self) -> np.ndarray:
        """Mean over worlds `(k,)`."""
        return self.worlds["value"].mean(axis=0)

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """95 % of the mean over worlds like these, by Student's t with w - 1 degrees of freedom; NaN for one world."""
        w = len(self.names)
        if w < 2:
            return np.full(self.x.shape, np.nan), np.full(self.x.shape, np.nan)
        half = stats.t.ppf(0.975, w - 1) * self.worlds["value"].std(axis=0, ddof=1) / np.sqrt(w)
        return self.mean - half, self.mean + half


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyCurves:
    """All quantities that a study followed along one axis; `verdicts` gives quantity → word."""

    axis: str
    x_name: str
    curves: tuple[Curve, ...]
    verdicts: Mapping[str, str]
    of: int

    @property
    def names(self) -> tuple[str, ...]:
        """The worlds that are in, in their order."""
        return max((c.names for c in self.curves), key=len)

    def __str__(self) -> str:
        said = ", ".join(f"{c.quantity} {self.verdicts.get(c.quantity, 'not judged')}" for c in self.curves)
        return f"along {self.axis}, {len(self.names)} of {self.of} worlds: {said}"

    @property
    def caption(self) -> str:
        """What is drawn, and of what."""
        return (
            f"Thin lines: {len(self.names)} simulated worlds, each with its own tree, species, photographs and models; "
            "diamonds: mean over worlds, with the 95 % interval of Student's t over worlds. Dotted: mean of chance, "
            "grey: the widest of the worlds' 95 % ranges of chance. Dashed: controls on the same photographs, mean "
            "over worlds. "
            "Verdicts are on the slope per tenfold, over worlds, adjusted with all claims of the study (Holm)."
        )

    def table(self) -> pl.DataFrame:
        """One row a quantity, world and place."""
        rows = []
        for c in self.curves:
            for i, world in enumerate(c.names):
                for j, x in enumerate(c.x):
                    cells = {name: float(c.worlds[name][i, j]) for name in COLUMNS}
                    rows.append({"quantity": c.quantity, "world": world, self.x_name: float(x), **cells})
        return pl.DataFrame(rows)


def study_curves(folder: str | Path, told: Mapping) -> list[StudyCurves]:
    """Read the curves of a study from its folder, one result an axis; `told` is its `outcome.json` as a mapping.

    Worlds in which an axis was not asked are left out, and places on it that some world lacks. Raises
    FileNotFoundError where no world has a curve.
    """
    folder = Path(folder)
    found: dict[str, dict[str, dict[str, pl.DataFrame]]] = defaultdict(lambda: defaultdict(dict))
    for path in sorted((folder / "figures").glob("world-*/scaling-*/*.csv")):
        found[path.parent.name.removeprefix("scaling-")][path.stem][path.parent.parent.name] = pl.read_csv(path)
    if not found:
        raise FileNotFoundError(f"{folder} holds no figures/world-*/scaling-*/*.csv: no world has been asked yet")
    beside = _controls(folder)
    # the analysis says which of its claims speaks of which quantity; what it names not is the one trait that it follows
    claims = {"trait-alignment": "trait-alignment-grows"}
    claims |= {quantity: claim for claim, quantity in load_analysis("scaling").FOLLOWS.items()}
    words = {c["id"]: c["verdict"] for c in told["claims"]}
    out = []
    for axis, quantities in found.items():
        curves = [_curve(name, tables, beside.get(name, {})) for name, tables in quantities.items()]
        table = next(iter(next(iter(quantities.values())).values()))
        verdicts = {c.quantity: words.get(f"scaling/{axis}/{claims.get(c.quantity, '')}", "not judged") for c in curves}
        out.append(
            StudyCurves(axis=axis, x_name=table.columns[1], curves=tuple(curves), verdicts=verdicts,
                        of=int(told.get("worlds_in_all", told["worlds"])))
        )  # fmt: skip
    return out


def _curve(name: str, tables: Mapping[str, pl.DataFrame], controls: Mapping[str, Mapping[str, float]]) -> Curve:
    x_name = next(iter(tables.values())).columns[1]
    means = [pl.col(c).mean() for c in COLUMNS]
    each = {world: t.group_by(x_name).agg(means).sort(x_name) for world, t in tables.items()}
    shared = sorted(set.intersection(*(set(t[x_name].to_list()) for t in each.values())))
    each = {world: t.filter(pl.col(x_name).is_in(shared)) for world, t in each.items()}
    return Curve(
        quantity=name, names=tuple(each), x=np.array(shared, float),
        worlds={c: np.array([t[c].to_list() for t in each.values()], float) for c in COLUMNS},
        controls={k: np.array([v[w] for w in each if w in v], float) for k, v in controls.items()},
    )  # fmt: skip


def _controls(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Quantity → control → world → value, from the question that set the model beside its controls."""
    out: dict = defaultdict(lambda: defaultdict(dict))
    for path in sorted((folder / "figures").glob("world-*/controls/*.csv")):
        table = pl.read_csv(path)
        if {"control", "value"} <= set(table.columns):
            for control, value in table.select("control", "value").iter_rows():
                out[path.stem][control][path.parent.parent.name] = value
    return out
