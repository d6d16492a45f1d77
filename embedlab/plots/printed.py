"""A matplotlib Figure that is saved as it was drawn: fonts embedded as TrueType, words in SVG as words."""

import matplotlib
from matplotlib.figure import Figure

from embedlab.plots import theme


class Printed(Figure):
    """A Figure with the house's settings of print, whoever saves it and whatever matplotlib's own settings are."""

    scale = 1.0  # of type and lines

    def savefig(self, *where, **how):
        """Save as matplotlib does, with fonts of Type 42 and 300 dots per inch."""
        with matplotlib.rc_context(theme.rc(self.scale)):
            super().savefig(*where, **{"dpi": 300, **how})
