"""A series of stores: where each run stands, what it is called, and what its species contribute."""

import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from embedlab.data.report import few


def asking(measure: Callable, asked: tuple) -> Callable:
    """Give a measure as a function of (embeddings, rng).

    A verb, which takes `rng` by name alone, is called as a verb is, with what was `asked` behind the embeddings.
    """
    try:
        rng = inspect.signature(measure).parameters.get("rng")
    except (TypeError, ValueError):  # a callable that tells nothing of itself
        rng = None
    if not asked and (rng is None or rng.kind is not inspect.Parameter.KEYWORD_ONLY):
        return measure

    def of_verb(emb, rng):
        found = measure(emb, *asked, rng=rng)
        if isinstance(found.evidence, Mapping):
            raise TypeError(
                f"{measure.__name__} gives evidence of several kinds, {few(found.evidence)}: follow one of them by a "
                "function of (embeddings, rng), as embedlab.measures.followed.of_recognition makes one"
            )
        return found

    return of_verb


def position(store, x: str) -> float:
    """Where a store stands on the scale `x`, as its training or its card says."""
    card = store.card
    training = card.get("training") or {}
    for place in (training, card):
        if x in place and place[x] is not None:
            return float(place[x])
    known = sorted({k for p in (training, card) for k, v in p.items() if isinstance(v, int | float)})
    raise KeyError(
        f"the store of {card.get('model', 'an unnamed model')!r} does not say its {x!r}; its card has the "
        f"numbers {', '.join(known[:8]) or '(none)'}"
    )


def same_species(results) -> None:
    """Refuse a series in which a run has other species: a trend could then be one of species, not of training."""
    first = set(results[0].species)
    for i, r in enumerate(results[1:], start=2):
        if other := sorted(first ^ set(r.species)):
            raise ValueError(
                f"runs 1 and {i} do not hold the same species ({len(first)} and {len(r.species)}; in one only: "
                f"{', '.join(other[:5])}): use the same images at every scale"
            )


def run_name(store, i: int) -> str:
    """What to call a run: its model, and its seed where one is known and the name does not say it already."""
    name = str(store.card.get("name", store.card.get("model", f"run {i}")))
    seed = (store.card.get("training") or {}).get("seed")
    return name if seed is None or name.endswith((f"seed{seed}", f"seed {seed}")) else f"{name} seed {seed}"


def side_by_side(stores: Sequence, x: str | None, most: int = 5) -> tuple[list, list[str], list[str]]:
    """The stores to set beside each other in one figure, their names, and what was left out, in words.

    Along a scale `x`: one store a place, the first that was given, from the smallest to the largest. Of more than
    `most` both ends stay and those between are taken evenly. Names differ from each other.
    """
    said = []
    if x is None or len(stores) == 1:
        chosen, names = list(stores), [run_name(s, i) for i, s in enumerate(stores, start=1)]
    else:
        first: dict = {}
        for store in stores:
            first.setdefault(position(store, x), store)
        places = sorted(first)
        chosen, names = [first[at] for at in places], [f"{at:,.6g} {x.replace('_', ' ')}" for at in places]
        if len(first) < len(stores):
            said.append(f"one store is shown of each {x}, the first that was given: {len(first)} of {len(stores)}")
    if len(chosen) > most:
        keep = np.unique(np.linspace(0, len(chosen) - 1, most).round().astype(int))
        said.append(f"{most} of {len(chosen)} spaces are shown: {', '.join(names[i] for i in keep)}")
        chosen, names = [chosen[i] for i in keep], [names[i] for i in keep]
    if len(set(names)) < len(names):
        names = [f"{name} ({i})" for i, name in enumerate(names, start=1)]
    return chosen, names, said


def contributions(results) -> tuple[tuple[str, ...], np.ndarray]:
    """What each species adds to the estimate at each run, so that the mean over species is the estimate.

    Names `(s,)` and values `(m, s)`, the same species in one column whatever order a run has them in; nan where a run
    has no estimate. A ratio of sums is linearised about its value.
    """
    names, rows = tuple(results[0].species), []
    for r in results:
        part, total = (np.asarray(v, float) for v in r.parts)
        if not total.sum() > 0:
            rows.append(np.full(part.size, np.nan))
            continue
        value = part.sum() / total.sum()
        own = value + (part - value * total) * part.size / total.sum()
        rows.append(own[[list(r.species).index(n) for n in names]] if len(names) == part.size else own)
    values = np.array(rows)
    return (names if len(names) == values.shape[1] else tuple(f"group {i + 1}" for i in range(values.shape[1]))), values


def images_seen(names, exposure: Mapping[str, float]) -> np.ndarray:
    """log10(1 + images seen) of each species `(s,)`; a species that is not told of is refused."""
    missing = [n for n in names if n not in exposure]
    if missing:
        raise KeyError(f"exposure lacks {missing[:5]}: say of each species how many images were seen, 0 included")
    counts = np.array([float(exposure[n]) for n in names])
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("exposure counts images: 0 or more of each species")
    return np.log10(1 + counts)
