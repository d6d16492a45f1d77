"""Captions cut into syllables by rule: what a text transformer reads, so that new names are no new words.

CLIP learns its sub-words from a corpus of the web (byte pairs, Sennrich et al. 2016). A few thousand names
are too few for that, and Latin-like names fall into syllables by themselves, as does what a family takes
over from its genus: `Cor-vus`, `Cor-vi-dae`.
"""

import re
from collections.abc import Container
from functools import lru_cache

TEMPLATE = "a photo of {}."
_WORD = re.compile(r"[^\W_]+")
_VOWELS = "aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüý"
# consonants that begin a syllable together; of any others, only the last goes with the vowel behind it
_ONSET = rf"[bcdfgkpt][lr]|[cpstk]h|s[ckpt]|[^{_VOWELS}]"
# what stands before the vowels, the vowels, and behind them what does not begin the next syllable
_SYLLABLE = re.compile(rf"[^{_VOWELS}]*[{_VOWELS}]+[^{_VOWELS}]*?(?=(?:{_ONSET})[{_VOWELS}]|$)|.+")
END = "_"  # marks the last syllable of a word, as in CLIP's sub-words: `us_` ends a name, `us` begins one


def templated(caption: str) -> str:
    """Put a name into BioCLIP's template, unless it already stands in it.

    >>> templated("Corvus corax"), templated("a photo of Corvus corax.")
    ('a photo of Corvus corax.', 'a photo of Corvus corax.')
    """
    return caption if caption.casefold().startswith("a photo of ") else TEMPLATE.format(caption.rstrip("."))


def syllables_of(caption: str, *, bare: bool = False) -> list[str]:
    """Cut a caption in its template (`bare`: as it is) into syllables, in lower case, without punctuation.

    >>> " ".join(syllables_of("Corvidae Plectrophenax nivalis"))
    'a_ pho to_ of_ cor vi dae_ plec tro phe nax_ ni va lis_'
    """
    said = caption if bare else templated(caption)
    return [part for word in _WORD.findall(said.casefold()) for part in _cut(word)]


@lru_cache(maxsize=65_536)  # a family's name stands in the captions of all its species
def _cut(word: str) -> tuple[str, ...]:
    *first, last = _SYLLABLE.findall(word)
    return (*first, last + END)


def pieces_of(part: str, known: Container[str]) -> list[str]:
    """Give a known syllable as it is, and an unknown one in its longest known pieces, from the left.

    Letters that no piece covers are left out.

    >>> pieces_of("plan", {"pla", "n", "an"}), pieces_of("xan_", {"an_", "a"})
    (['pla', 'n'], ['an_'])
    """
    pieces, start = [], 0
    while start < len(part):
        for end in range(len(part), start, -1):
            if part[start:end] in known:
                pieces.append(part[start:end])
                start = end
                break
        else:
            start += 1
    return pieces
