"""Names of species: cleaned, taken apart, compared with care, and looked up through a small synonym table."""

import csv
import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_GENUS = re.compile(r"^[A-Z][a-zë-]+$")
_EPITHET = re.compile(r"^[a-zë][a-zëöïü-]+$")
# "sp." and its kin say that the species is NOT known; pooling them would make a species of ignorance
_UNKNOWN = {"sp", "sp.", "spp", "spp.", "cf.", "cf", "aff.", "aff", "nr.", "nr", "indet.", "indet", "gen."}
_BELOW = {"ssp.", "ssp", "subsp.", "subsp", "var.", "var", "f.", "fo.", "forma", "morph"}


def clean_name(text: str) -> str:
    """The name with single spaces instead of underscores, tabs and no-break spaces; letters stay as given.

    >>> clean_name("  Parus_major ")
    'Parus major'
    """
    text = unicodedata.normalize("NFC", text).replace("_", " ")
    return " ".join(text.split())


@dataclass(frozen=True, kw_only=True)
class Name:
    """A scientific name taken apart: `kind` is species, subspecies, hybrid, sp., genus or label.

    A *label* is anything that does not read as a scientific name, such as "BLUE MORPHO": it is kept as it
    is, for a label that tells groups apart is worth as much to a measure as a Latin one.
    """

    text: str
    kind: str
    species: str | None
    genus: str | None
    subspecies: str | None


def parse_name(text: str) -> Name:
    """Take a name apart; author and year are dropped, and a name without a species has `species` None.

    >>> parse_name("Parus major Linnaeus, 1758").species
    'Parus major'
    >>> parse_name("Motacilla alba subsp. yarrellii").subspecies
    'yarrellii'
    >>> parse_name("Anas platyrhynchos x rubripes").kind, parse_name("Parus sp.").kind
    ('hybrid', 'sp.')
    >>> parse_name("Parus sp.").species is None
    True
    """
    text = clean_name(text)
    words = text.split(" ")
    genus = words[0] if _GENUS.match(words[0]) else None
    if "×" in text or any(word in ("x", "X") for word in words[1:]):
        hybrid = " ".join("×" if word in ("x", "X") else word for word in words)
        return Name(text=text, kind="hybrid", species=hybrid, genus=genus, subspecies=None)
    if any(word.lower() in _UNKNOWN for word in words[:3]):
        return Name(text=text, kind="sp.", species=None, genus=genus, subspecies=None)
    if genus is None or len(words) == 1 or not _EPITHET.match(words[1]):
        kind = "genus" if genus is not None and len(words) == 1 else "label"
        return Name(text=text, kind=kind, species=text, genus=genus, subspecies=None)
    below = [word for word in words[2:4] if word not in _BELOW]
    third = below[0] if below and _EPITHET.match(below[0]) else None
    species = f"{words[0]} {words[1]}"
    kind = "species" if third is None else "subspecies"
    return Name(text=text, kind=kind, species=species, genus=genus, subspecies=third)


def binomial(text: str) -> str | None:
    """Genus and epithet alone, or None where the name does not hold both.

    >>> binomial("Corvus corone cornix"), binomial("Corvus sp."), binomial("ADONIS")
    ('Corvus corone', None, None)
    """
    name = parse_name(text)
    return name.species if name.kind in ("species", "subspecies") else None


def closest(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The likeliest meant names, nearest first, for an error that wants to help; case does not count.

    >>> closest("Species", ["genus", "species_name", "beak"])
    ['species_name']
    """
    lower: dict[str, str] = {}
    for candidate in names:
        lower.setdefault(candidate.lower(), candidate)
    near = difflib.get_close_matches(name.lower(), list(lower), n=most, cutoff=0.5)
    return [lower[match] for match in near]


@cache
def synonym_table() -> tuple[tuple[str, str], ...]:
    """The committed table as (name, accepted) pairs; each row also names its source in the file."""
    text = files("embedlab.data").joinpath("synonyms.csv").read_text(encoding="utf-8")
    return tuple((row["name"], row["accepted"]) for row in csv.DictReader(text.splitlines()))


def _equivalents(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Every name with the other names of its species, whichever of them is called accepted."""
    groups: dict[str, set[str]] = {}
    for name, accepted in pairs:
        group = groups.get(name, {name}) | groups.get(accepted, {accepted})
        for member in group:
            groups[member] = group
    return {name: group - {name} for name, group in groups.items()}


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """For each asked name the known name it stands for, or None; with what was done to find it."""

    used: list[str | None]
    synonyms: list[tuple[str, str]]
    notes: list[str]


def resolve(
    asked: Sequence[str], known: Sequence[str], synonyms: bool | Mapping[str, str] = True
) -> Resolution:
    """Find each asked name among the known: as it is, else cleaned and without case, else by synonym.

    `synonyms` may be a table of your own (name to accepted name), used besides the committed one, in both
    directions; False turns both off. Where several known names would do, none is taken and a note says so.

    >>> resolve(["Parus_major", "Bubulcus ibis"], ["Parus major", "Ardea ibis"]).used
    ['Parus major', 'Ardea ibis']
    """
    exact = set(known)
    folded: dict[str, set[str]] = {}
    for name in known:
        folded.setdefault(clean_name(name).casefold(), set()).add(name)
    pairs = list(synonym_table()) if synonyms is not False else []
    if isinstance(synonyms, Mapping):
        pairs += [(clean_name(name), clean_name(accepted)) for name, accepted in synonyms.items()]
    others = _equivalents(pairs)
    used: list[str | None] = []
    through: list[tuple[str, str]] = []
    notes: list[str] = []
    for name in asked:
        if name in exact:
            used.append(name)
            continue
        candidates = folded.get(clean_name(name).casefold(), set())
        if not candidates:
            for other in others.get(clean_name(name), ()):
                candidates = candidates | folded.get(other.casefold(), set())
            if len(candidates) == 1:
                through.append((name, next(iter(candidates))))
        if len(candidates) > 1:
            notes.append(f"{name!r} may be any of {sorted(candidates)[:5]}: none was taken")
        used.append(next(iter(candidates)) if len(candidates) == 1 else None)
    return Resolution(used=used, synonyms=through, notes=notes)
