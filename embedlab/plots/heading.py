"""What stands over a panel: its title, and a note that says n, beside it where there is room and else below it."""

from dataclasses import dataclass

from embedlab.plots.letters import em, lines

GAP = 1.5  # type sizes between a title and the note on its line


@dataclass(frozen=True)
class Heading:
    """Lines of the title, lines of the note, and whether the note stands at the right end of the title's line."""

    title: tuple[str, ...]
    note: tuple[str, ...]
    beside: bool

    @property
    def below(self) -> tuple[str, ...]:
        """The lines that the note takes for itself."""
        return () if self.beside and self.title else self.note


def heading(title: str, note: str, room: float, *, bold: float, small: float, apart: bool = False) -> Heading:
    """Break title and note so that both fit into `room`; `bold` and `small` are the type sizes of either.

    `apart` keeps the note off the title's line, for panels that may turn out narrower than their room.

    >>> heading("Each species", "n = 24 species", 20, bold=1, small=0.8).beside
    True
    >>> heading("Each species", "n = 24 species", 10, bold=1, small=0.8).below
    ('n = 24 species',)
    """
    above = tuple(lines(title, room / bold, bold=True)) if title else ()
    told = tuple(lines(note, room / small)) if note else ()
    end = em(title, bold=True) * bold
    fits = len(above) < 2 and len(told) == 1 and end + (GAP + em(note)) * small <= room
    return Heading(above, told, fits and not apart)
