"""Where a figure came from, in one line at its foot: model, key of its store, seed, what was left out."""

from collections.abc import Mapping, Sequence

MOST, LETTERS = 3, 40  # models, keys or exclusions that are spelt out: so many, or the first few of so many letters
LONGEST = 90  # characters of an exclusion


def origin(provenance: Mapping) -> str:
    """Give the line that a printed figure carries under its numbers; empty where nothing is known.

    `provenance` is what `plots.save` takes: `models` and `keys` of the stores (or `stores`, a list of both), `seed`,
    `left_out`. A list that was given and is empty says that nothing was left out.

    >>> origin({"models": ["beta"], "keys": ["0f" * 16], "seed": 7, "left_out": []})
    'model beta\xa0· key 0f0f0f0f\xa0· seed 7\xa0· nothing left out'
    """
    stores = provenance.get("stores")
    stores = stores if isinstance(stores, Sequence) and not isinstance(stores, str) else ()
    models = provenance.get("models") or [s.get("model") for s in stores]
    keys = provenance.get("keys") or [s.get("key") for s in stores] or [provenance.get("card")]
    models, keys = (list(dict.fromkeys(str(v) for v in values if v)) for values in (models, keys))
    parts = []
    if models:
        parts.append(("model " if len(models) == 1 else "models ") + _some(models))
    if keys:
        parts.append(("key " if len(keys) == 1 else "keys ") + _some([key[:8] for key in keys]))
    if "seed" in provenance:
        seeds = provenance["seed"] if isinstance(provenance["seed"], list | tuple) else [provenance["seed"]]
        parts.append(("seed " if len(seeds) == 1 else "seeds ") + _some([str(s) for s in seeds]))
    if "left_out" in provenance:
        left = [line if len(line) <= LONGEST else line[: LONGEST - 1] + "…" for line in provenance["left_out"]]
        parts.append("left out: " + _some(left, "; ") if left else "nothing left out")
    return "\u00a0· ".join(parts)


def _some(values: Sequence[str], between: str = ", ") -> str:
    """The first values, and how many more there are."""
    shown = 1
    while shown < min(MOST, len(values)) and len(between.join(values[: shown + 1])) <= LETTERS:
        shown += 1
    shown = 2 if len(values) == 2 else shown  # "and 1 more" would be as long
    shown = shown if between == ", " else min(MOST, len(values))  # of what was left out, all that there is room for
    return between.join(values[:shown]) + (f" and {len(values) - shown} more" if len(values) > shown else "")
