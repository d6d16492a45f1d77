"""What a compact text tower knows: captions cut into words or into syllables, and these into numbers."""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from embedlab.extract.syllables import pieces_of, syllables_of

log = logging.getLogger(__name__)

CUTS = ("words", "syllables")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TEMPLATE = re.compile(r"\ba photo of\b|\bwith common name\b")  # as in BioCLIP's captions; says nothing of a species


@dataclass(frozen=True)
class Vocabulary:
    """The words that the text tower has a vector for, in the order of their numbers (from 1; 0 is padding).

    >>> known = Vocabulary.of(["Aves Corvus corax", "Aves Corvus corone"])
    >>> known.words
    ('aves', 'corax', 'corone', 'corvus')
    >>> known.numbers(["Corvus corax", "Aves"])
    array([[4, 2],
           [1, 0]])
    >>> known.unknown(["Corvus cornix"])
    ['cornix']

    Cut into "syllables", names that were never seen can be read in parts that were. Every caption then
    stands in BioCLIP's template, and ends with the end token, whose number is the highest.

    >>> known = Vocabulary.of(["Corvus corone", "Corvus rufus"], cut="syllables")
    >>> known.words
    ('a_', 'co', 'cor', 'fus_', 'ne_', 'of_', 'pho', 'ro', 'ru', 'to_', 'vus_')
    >>> known.numbers(["Rufus corone"])
    array([[ 1,  7, 10,  6,  9,  4,  2,  8,  5, 12]])
    """

    words: tuple[str, ...]
    cut: str = "words"
    context: int = 77  # most tokens of a caption, the end token included; for syllables alone

    def __post_init__(self):
        if self.cut not in CUTS:
            raise ValueError(f"captions are cut into one of {list(CUTS)}, not into {self.cut!r}")
        number = {word: i for i, word in enumerate(self.words, start=1)}
        if len(number) != len(self.words):
            twice = [word for i, word in enumerate(self.words, start=1) if number[word] != i]
            raise ValueError(f"{twice[:5]} stand twice in the vocabulary: each word needs one number")
        object.__setattr__(self, "_number", number)

    @classmethod
    def of(cls, captions: Iterable[str], *, cut: str = "words", context: int = 77) -> "Vocabulary":
        """Collect every word of these captions, or every syllable of them in their template; sorted."""
        parts = syllables_of if cut == "syllables" else words_of
        found: set[str] = set()
        for caption in dict.fromkeys(captions):
            found.update(parts(caption))
        return cls(tuple(sorted(found)), cut, context)

    def __len__(self) -> int:
        return len(self.words)

    def unknown(self, captions: Iterable[str]) -> list[str]:
        """List the words, or syllables, that no training caption held, each once, in alphabetical order."""
        parts = syllables_of if self.cut == "syllables" else words_of
        return sorted({part for caption in captions for part in parts(caption)} - self._number.keys())

    def numbers(self, captions: Sequence[str]) -> Int[np.ndarray, "n k"]:
        """Turn captions into rows of numbers, 0 where a row is shorter than the longest.

        Unknown words are left out, since a vector made up for them would mean nothing. An unknown syllable is
        read in the longest parts that are known. A caption of which nothing is known is refused. One
        that is longer than `context` loses what is behind, but not its end token, and the log says so.
        """
        rows = [self._row(caption) for caption in captions]
        silent = [caption for caption, row in zip(captions, rows, strict=True) if not row]
        if silent:
            raise ValueError(
                f"{silent[:5]} ({len(silent)} in all) hold no word that this model was trained on: "
                f"it knows {len(self)} words, such as {list(self.words[:5])}"
            )
        if self.cut == "syllables":
            long = [caption for caption, row in zip(captions, rows, strict=True) if len(row) >= self.context]
            if long:
                log.warning(
                    "%d captions are longer than %d tokens and lose their end: %s",
                    len(long), self.context, long[:5],
                )  # fmt: skip
            rows = [[*row[: self.context - 1], len(self) + 1] for row in rows]
        table = np.zeros((len(rows), max(map(len, rows), default=1)), dtype=np.int64)
        for i, row in enumerate(rows):
            table[i, : len(row)] = row
        return table

    def _row(self, caption: str) -> list[int]:
        if self.cut == "words":
            return [self._number[word] for word in words_of(caption) if word in self._number]
        # the template is known to every model, and says nothing: what counts is a name
        if not any(pieces_of(part, self._number) for part in syllables_of(_TEMPLATE.sub(" ", caption), bare=True)):
            return []
        return [self._number[piece] for part in syllables_of(caption) for piece in pieces_of(part, self._number)]


def words_of(caption: str) -> list[str]:
    """Cut a caption into words: lower case, without punctuation and without the template's own words.

    >>> words_of("a photo of Astur gentilis with common name Hen-hawk.")
    ['astur', 'gentilis', 'hen-hawk']
    """
    return _WORD.findall(_TEMPLATE.sub(" ", caption.casefold()))
