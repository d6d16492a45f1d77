"""The words that a compact text tower knows: captions cut into words, words turned into numbers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TEMPLATE = re.compile(
    r"\ba photo of\b|\bwith common name\b"
)  # as in BioCLIP's captions; says nothing of a species


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
    """

    words: tuple[str, ...]

    def __post_init__(self):
        if len(set(self.words)) != len(self.words):
            twice = [word for word in self.words if self.words.count(word) > 1]
            raise ValueError(f"{twice[:5]} stand twice in the vocabulary: each word needs one number")
        object.__setattr__(self, "_number", {word: i for i, word in enumerate(self.words, start=1)})

    @classmethod
    def of(cls, captions: Iterable[str]) -> "Vocabulary":
        """Collect every word of these captions, in alphabetical order."""
        return cls(tuple(sorted({word for caption in captions for word in words_of(caption)})))

    def __len__(self) -> int:
        return len(self.words)

    def unknown(self, captions: Iterable[str]) -> list[str]:
        """List the words that no training caption held, each once, in alphabetical order."""
        return sorted({word for caption in captions for word in words_of(caption)} - self._number.keys())

    def numbers(self, captions: Sequence[str]) -> Int[np.ndarray, "n k"]:
        """Turn captions into rows of word numbers, 0 where a row is shorter than the longest.

        Unknown words are left out, since a vector made up for them would mean nothing; a caption of
        nothing but unknown words is refused.
        """
        rows = [[self._number[w] for w in words_of(caption) if w in self._number] for caption in captions]
        silent = [caption for caption, row in zip(captions, rows, strict=True) if not row]
        if silent:
            raise ValueError(
                f"{silent[:5]} ({len(silent)} in all) hold no word that this model was trained on: "
                f"it knows {len(self)} words, such as {list(self.words[:5])}"
            )
        table = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.int64)
        for i, row in enumerate(rows):
            table[i, : len(row)] = row
        return table


def words_of(caption: str) -> list[str]:
    """Cut a caption into words: lower case, without punctuation and without the template's own words.

    >>> words_of("a photo of Astur gentilis with common name Hen-hawk.")
    ['astur', 'gentilis', 'hen-hawk']
    """
    return _WORD.findall(_TEMPLATE.sub(" ", caption.casefold()))
