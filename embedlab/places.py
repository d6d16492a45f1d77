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


def config_file(name_or_path: str | Path) -> Path:
    """Give the path of a configuration: one of ours by name (smoke, small, medium, full), or a file that exists.

    >>> config_file("smoke").name
    'smoke.toml'
    """
    path = Path(name_or_path)
    ours = analyses_folder() / "configs" / f"{name_or_path}.toml"
    if path.suffix != ".toml" and ours.is_file():
        return ours
    if path.is_file():
        return path
    known = ", ".join(sorted(p.stem for p in (analyses_folder() / "configs").glob("*.toml")))
    raise ValueError(f"there is no configuration {str(name_or_path)!r}: give the path of a .toml file, or {known}")
