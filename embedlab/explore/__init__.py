"""Look around a space by hand: linked maps, the photographs behind them, and what chance would look like.

One script and one bundle (docs/bundle.md), three hosts: a file, a cell of a notebook, a server on this machine.
"""

from embedlab.explore.assets import script, style
from embedlab.explore.bundle import bundle
from embedlab.explore.page import html

__all__ = ["bundle", "html", "script", "style"]
