"""How a result looks at the prompt: one that speaks, by its sentence; one of numbers, with arrays by what they hold."""

from dataclasses import fields

import numpy as np

MOST = 6  # values of an array that are written out


class Shown:
    """A result that names its fields, long arrays by how many values they hold and where 95 % of these lie.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, eq=False, repr=False)
    ... class Found(Shown):
    ...     statistic: float
    ...     null: np.ndarray
    >>> Found(0.51234567, np.linspace(-1, 1, 999))
    Found(statistic=0.5123, null=<999 values, 95 % within -0.95 to 0.95>)
    """

    def __repr__(self) -> str:
        told = ", ".join(f"{f.name}={_told(getattr(self, f.name))}" for f in fields(self))
        return f"{type(self).__name__}({told})"


class Spoken:
    """A result whose sentence is what it shows."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self}"


def _told(value) -> str:
    if isinstance(value, bool | np.bool_ | int | np.integer | str) or value is None:
        return repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, tuple | list) and len(value) <= MOST:
        inside = ", ".join(map(_told, value))
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    if isinstance(value, Shown):
        return repr(value)
    if isinstance(value, tuple | list | dict):
        return f"<{len(value)} values>"
    text = repr(value)
    return text if len(text) <= 60 else f"<{type(value).__name__}>"


def _array(value: np.ndarray) -> str:
    if value.ndim == 1 and value.size <= MOST:
        return f"[{', '.join(_told(v) for v in value.tolist())}]"
    if value.ndim != 1:
        return f"<array {' × '.join(map(str, value.shape))}>"
    if value.dtype.kind != "f" or not np.isfinite(value).any():
        return f"<{value.size:,} values>"
    low, high = np.quantile(value[np.isfinite(value)], [0.025, 0.975])
    return f"<{value.size:,} values, 95 % within {low:.2g} to {high:.2g}>"
