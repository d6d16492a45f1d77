"""Invented names for all seven ranks: Latin in sound, unique, and telling of kinship alone.

A family is named after one of its genera and an order after one of its families, as in nature, so a syllable
shared by two names means a shared group and nothing else: no name tells a trait, a habitat, a sex or a life
stage.
"""

from __future__ import annotations

import numpy as np

_ONSETS = "b c d f g l m n p r s t v l m n r s t br cr dr gr pr tr cl gl pl st th ph".split()
_VOWELS = "a e i o u a e i o".split()
_CODAS = ["", "", "", "", "", "n", "r", "l"]
_GENUS_ENDINGS = (("us", "us"), ("a", "a"), ("ops", "us"), ("um", "um"), ("ella", "a"), ("odon", "us"))
_CLASSES = {
    "bird": ("ornes", "iformes"),
    "fish": ("ichthes", "oidei"),
    "beetle": ("optes", "omorpha"),
    "butterfly": ("psyches", "inales"),
}
_NOUN_ENDINGS = ("let", "ling", "kin", "ard", "ow", "ick", "el", "on", "ara", "ish")
_ALL_ENDINGS = (
    *(ending for pair in _GENUS_ENDINGS for ending in pair),
    *(ending for pair in _CLASSES.values() for ending in pair),
    *_NOUN_ENDINGS,
    *("idae", "alia", "ata", "opoda"),
)
# What a name must not say, not even by accident: captions carry kinship only.
TELLING = tuple(
    "male female sex juven adult egg larva wood forest silv marsh palu swamp wet desert deser arid sand "
    "tundr snow niv grass prat campe steppe aqua riv mont long brev rostr caud curv alb nig rub viri flav "
    "cyan red blue green brown black white yellow grey great small short big crest tail beak bill fin horn "
    "leg wing spot strip".split()
)


def _stem(rng: np.random.Generator, syllables: int) -> str:
    stem, coda = "", ""
    for k in range(syllables):
        onset = str(rng.choice(_ONSETS))
        if coda:  # one cluster at a time can be pronounced
            onset = onset[0]
        last = k == syllables - 1
        coda = str(rng.choice(["l", "n", "r", "t", "d", "m", "v", "c"] if last else _CODAS))
        stem += onset + str(rng.choice(_VOWELS)) + coda
    return stem


class _Coiner:
    def __init__(self, rng: np.random.Generator):
        self.rng, self.used = rng, set()

    def __call__(self, low: int, high: int) -> str:
        while True:
            stem = _stem(self.rng, int(self.rng.integers(low, high + 1)))
            said = " ".join(stem + ending for ending in _ALL_ENDINGS)
            if stem[:5] not in self.used and not any(word in said for word in TELLING):
                self.used.add(stem[:5])
                return stem


def coin(rng: np.random.Generator, ranks: dict[str, np.ndarray], plans: list[str]) -> dict[str, list[str]]:
    """Name every species: columns kingdom … genus, species ("Genus epithet") and common_name, one entry per
    species.
    """
    stem = _Coiner(rng)
    n = len(ranks["genus"])
    kingdom = stem(2, 2).capitalize() + "alia"
    phyla = [stem(2, 2).capitalize() + ending for ending in ("ata", "opoda")]
    classes = {plan: stem(1, 2).capitalize() + _CLASSES[plan][0] for plan in dict.fromkeys(plans)}
    genus_stems = {group: stem(2, 3) for group in dict.fromkeys(ranks["genus"])}
    endings = {group: _GENUS_ENDINGS[rng.integers(len(_GENUS_ENDINGS))] for group in genus_stems}
    nouns = {group: _noun(rng, stem) for group in dict.fromkeys(ranks["family"])}
    columns: dict[str, list[str]] = {
        rank: []
        for rank in ("kingdom", "phylum", "class", "order", "family", "genus", "species", "common_name")
    }
    type_of = {rank: {} for rank in ("order", "family")}  # the genus after which a group is named: its first
    for i in range(n):
        genus = ranks["genus"][i]
        for rank in type_of:
            type_of[rank].setdefault(ranks[rank][i], genus_stems[genus])
        name = genus_stems[genus].capitalize() + endings[genus][0]
        epithet = stem(2, 3) + endings[genus][1]
        columns["kingdom"].append(kingdom)
        columns["phylum"].append(phyla[ranks["phylum"][i]])
        columns["class"].append(classes[plans[i]])
        columns["order"].append(type_of["order"][ranks["order"][i]].capitalize() + _CLASSES[plans[i]][1])
        columns["family"].append(type_of["family"][ranks["family"][i]].capitalize() + "idae")
        columns["genus"].append(name)
        columns["species"].append(f"{name} {epithet}")
        columns["common_name"].append(f"{stem(1, 2).capitalize()}'s {nouns[ranks['family'][i]]}")
    return columns


def _noun(rng: np.random.Generator, stem: _Coiner) -> str:
    return stem(1, 2) + _NOUN_ENDINGS[rng.integers(len(_NOUN_ENDINGS))]
