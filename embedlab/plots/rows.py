"""Which panels of a picture stand side by side: the same on paper and on the screen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Panels side by side, by their numbers, in `cells` of one width; the last cells may be empty."""

    panels: range
    cells: int

    def __iter__(self) -> Iterator[int]:
        return iter(self.panels)

    def __contains__(self, number: int) -> bool:
        return number in self.panels

    def share(self, number: int) -> float:
        """Where in the row a panel begins, from 0 at its left edge up to 1."""
        return (number - self.panels[0]) / self.cells


def rows(panels: Sequence, columns: int) -> list[Row]:
    """Give the rows of panels, `columns` in each: the last one shares the whole width, however few it has.

    A panel that stands `alone` has a row for itself; one that it cuts short keeps the cells of a full row.

    >>> from embedlab.plots.marks import Panel
    >>> maps, below = [Panel(marks=())] * 5, Panel(marks=(), alone=True)
    >>> [(list(r), r.cells) for r in rows([*maps, below], 4)]
    [([0, 1, 2, 3], 4), ([4], 4), ([5], 1)]
    """
    out, first = [], 0
    while first < len(panels):
        end = first + 1
        while end < min(first + columns, len(panels)) and not panels[first].alone and not panels[end].alone:
            end += 1
        cut = end < len(panels) and not panels[first].alone
        out.append(Row(range(first, end), columns if cut else end - first))
        first = end
    return out
