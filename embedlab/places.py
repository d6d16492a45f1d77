"""Where things stand that travel with the package: one answer for a checkout and for an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def analyses_folder() -> Path:
    """Give the folder of the analyses and their `configs/`: inside the wheel, or at the top of a checkout.

    (An editable install leaves a copy in site-packages, which nobody reads: the checkout is the package.)

    >>> (analyses_folder() / "configs").is_dir()
    True
    """
    inside = _PACKAGE / "_analyses"
    return inside if inside.is_dir() else _PACKAGE.parent / "analyses"
