"""Species that have a vector, a value of a trait and a tip in the tree, all in one order; and their covariates."""

from dataclasses import dataclass

import numpy as np

from embedlab.data.taxonomy import RANKS, Taxonomy
from embedlab.data.tree import a_tree

LEAST_SPECIES = 8
LEAST_PER_KIND = 3
IMAGES = "images"  # the covariate that is always there: log number of images of a species
MOST_LEVELS = 6  # kinds of a text column that become covariates of their own; the rest stand together


@dataclass(frozen=True, kw_only=True, eq=False)
class Joined:
    """What a test of a trait starts from: `names`, their mean vectors of length 1, counts, values, and the trees.

    `structures` are the trees given, pruned to the species in this order; `covariates` `(s, q)` and the
    `covariate_names`; `taxa` maps genus, family, order to that of each species, where rows tell it of all.
    """

    trait: str
    kind: str
    names: tuple[str, ...]
    means: np.ndarray
    counts: np.ndarray
    value: np.ndarray
    structures: tuple
    covariance: np.ndarray
    covariates: np.ndarray
    covariate_names: tuple[str, ...]
    taxa: dict
    left_out: tuple[str, ...]

    @property
    def extra(self) -> np.ndarray | None:
        """The covariates, or None where there are none."""
        return self.covariates if self.covariates.shape[1] else None


def joined(unit, trait, trees, by: str, covariates, left_out: list[str]) -> Joined:
    """Join the species of unit vectors to a trait and to trees by name; who is left out is said.

    `covariates` are names of columns of the rows, averaged over a species' images (of text: the share of images that
    bear each value), "images" for their log number, or columns of `Traits`.
    """
    species = unit.per_species(by)
    value, name, kind, notes = _values(trait, species.names)
    left_out = left_out + notes
    have = [s for s, v in zip(species.names, value, strict=True) if v is not None]
    reports = [a_tree(tree).match(have)[1] for tree in trees]
    left_out += [line for line in dict.fromkeys(line for r in reports for line in r.remarks)]
    keep = [i for i, s in enumerate(species.names) if all(s in r.used for r in reports)]
    if kind == "categorical":
        keep, notes = _common_kinds(keep, value)
        left_out += notes
    columns, titles = _covariates(unit, by, species, covariates)
    if missing := [species.names[i] for i in keep if not np.isfinite(columns[i]).all()]:
        left_out.append(f"{len(missing)} species without a value of a covariate ({', '.join(missing[:5])})")
        keep = [i for i in keep if np.isfinite(columns[i]).all()]
    names = tuple(species.names[i] for i in keep)
    if len(names) < LEAST_SPECIES:
        raise ValueError(
            f"{name}: {len(names)} species have a vector, a value and a tip in the tree; at least "
            f"{LEAST_SPECIES} are needed. "
            f"Nothing computed ({'; '.join(left_out) or 'none left out'})"
        )
    if len({value[i] for i in keep}) == 1:
        raise ValueError(
            f"{name}: the trait is the same in all species that can be asked, {len(names)} of {value[keep[0]]!r}: "
            f"nothing can go along with it ({'; '.join(left_out) or 'none left out'})"
        )
    columns = columns[keep]
    varies = np.ptp(columns, axis=0) > 0 if columns.size else np.zeros(0, bool)
    left_out += [f"covariate {t} is the same in all species" for t, v in zip(titles, varies, strict=True) if not v]
    tips = [[r.used[s] for s in names] for r in reports]
    return Joined(
        trait=name, kind=kind, names=names, means=_directions(species.means[keep]), counts=species.counts[keep],
        value=np.array([value[i] for i in keep], float if kind == "numeric" else str),
        structures=tuple(tree.structure(t) for tree, t in zip(trees, tips, strict=True)),
        covariance=trees[0].covariance(tips[0]), covariates=columns[:, varies],
        covariate_names=tuple(t for t, v in zip(titles, varies, strict=True) if v),
        taxa=_taxa(unit.rows, by, names), left_out=tuple(left_out),
    )  # fmt: skip


def _directions(means: np.ndarray) -> np.ndarray:
    """Means scaled to length 1: the mean of unit vectors is the shorter the more they scatter, and the fewer they are.

    Where scatter went along with the trait, and directions did not, 48 % of empty worlds were called aligned; of
    means scaled again 9 %.
    """
    length = np.linalg.norm(means, axis=1, keepdims=True)
    return means / np.where(length > 0, length, 1.0)


def _covariates(unit, by: str, species, wanted) -> tuple[np.ndarray, list[str]]:
    found, titles = [], []
    for item in wanted:
        if item == IMAGES:
            found.append(np.log(species.counts))
            titles.append("log number of images")
        elif isinstance(item, str):
            parts, levels = _of_rows(unit, by, item, len(species))
            found += parts
            titles += levels
        else:
            value, name, kind, _ = _values(item, species.names)
            if kind == "numeric":
                found.append(np.array([np.nan if v is None else v for v in value], float))
                titles.append(name)
                continue
            levels = sorted({v for v in value if v is not None})
            found += [np.array([np.nan if v is None else float(v == k) for v in value]) for k in levels[1:]]
            titles += [f"{name} = {k}" for k in levels[1:]]
    return (np.column_stack(found) if found else np.zeros((len(species), 0))), titles


def _of_rows(unit, by: str, column: str, s: int) -> tuple[list, list[str]]:
    """A column of the rows by species: its mean, or the share of images that bear each of its commoner values."""
    codes = unit.codes(by)[0]
    values = unit.column(column)
    if values.dtype.is_numeric():
        number = values.cast(float).to_numpy()
        known = np.isfinite(number)
        total = np.bincount(codes[known], number[known], minlength=s)
        with np.errstate(invalid="ignore"):
            return [total / np.bincount(codes[known], minlength=s)], [column]
    kinds, levels = unit.codes(column)
    order = np.argsort(-np.bincount(kinds[kinds >= 0], minlength=len(levels)), kind="stable")[1:MOST_LEVELS]
    size = np.bincount(codes[kinds >= 0], minlength=s)
    with np.errstate(invalid="ignore"):
        parts = [np.bincount(codes[kinds == k], minlength=s) / size for k in order]
    return parts, [f"{column} = {levels[k]}" for k in order]


def _taxa(rows, by: str, names) -> dict:
    """Taxa of each species, coarse to fine: ranks known of all, with more than one taxon and fewer than species."""
    if by != "species":
        return {}
    known = Taxonomy.from_rows(rows).rows
    place = {name: i for i, name in enumerate(known["species"].to_list())}
    at = [place[name] for name in names]
    found, path = {}, [""] * len(names)
    for rank in RANKS[3:-1]:  # order, family, genus
        values = known[rank].to_list()
        own = [values[i] for i in at]
        if any(v is None for v in own):
            continue
        path = [f"{above}/{v}" for above, v in zip(path, own, strict=True)]  # nested, whatever names are shared
        if 1 < len(set(path)) < len(names):
            found[rank] = path
    return found


def _values(trait, names):
    """The trait's value for each species (None where missing), the name it goes by, its kind, and notes."""
    if not all(hasattr(trait, part) for part in ("name", "kind", "species", "values")):
        raise TypeError(f"a trait is one column, as in el.Traits.read(FILE)['Mass']; saw {trait!r:.80}")
    notes = []
    lookup = dict(zip(trait.species, trait.values, strict=True))
    value = [lookup.get(n) for n in names]
    value = [None if v is None or (isinstance(v, float) and not np.isfinite(v)) else v for v in value]
    if missing := sum(v is None for v in value):
        notes.append(f"{missing} species without a value of {trait.name}")
    if trait.kind in ("numeric", "ordered") and not isinstance(next((v for v in value if v is not None), ""), str):
        known = [float(v) for v in value if v is not None]
        if trait.kind == "numeric" and known and min(known) > 0 and max(known) > 10 * min(known):
            return [None if v is None else float(np.log10(v)) for v in value], f"log10 {trait.name}", "numeric", notes
        return [None if v is None else float(v) for v in value], trait.name, "numeric", notes
    return [None if v is None else str(v) for v in value], trait.name, "categorical", notes


def _common_kinds(keep, value):
    kinds = [value[i] for i in keep]
    rare = sorted({k for k in kinds if kinds.count(k) < LEAST_PER_KIND})
    if not rare:
        return keep, []
    kept = [i for i in keep if value[i] not in rare]
    return kept, [f"{len(keep) - len(kept)} species of kinds with fewer than {LEAST_PER_KIND} ({', '.join(rare[:5])})"]
