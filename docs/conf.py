"""How Sphinx builds the docs: `make docs`, or `python -m sphinx docs build/docs`. No network, nothing is executed."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from maker import setup  # noqa: E402, F401  (Sphinx looks for it here)

from embedlab import __version__  # noqa: E402

project, author = "EmbedLab", "The EmbedLab authors"
copyright = f"{author}. MIT licence"
version = release = __version__
root_doc = "index"
extensions = ["myst_nb"]
exclude_patterns = ["medium", "maker"]
needs_sphinx = "8.2"

# Markdown: notebooks are shown as they are kept, without outputs; the tests execute them.
nb_execution_mode = "off"
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
# a shell's transcript is no program; types in signatures may be called alike in two rooms (our own links say which)
suppress_warnings = ["misc.highlighting_failure", "ref.python"]

# References: those of our own words are all checked. Types of other packages (np.ndarray) have no page here.
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*"), ("py:data", ".*")]
add_module_names = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "EmbedLab"
html_context = {"default_mode": "auto"}
html_static_path = ["maker/static"]
html_css_files = ["embedlab.css"]
html_copy_source = html_show_sourcelink = False
html_show_search_summary = False  # excerpts are fetched, which a page opened from disk may not
html_permalinks_icon = "#"
html_sidebars = {"index": [], "made/gallery/index": [], "made/changelog": [], "made/citation": [], "made/verdicts": []}
html_theme_options = {
    "logo": {"text": "EmbedLab"},
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "made/gallery/index": [], "made/verdicts": []},
    "navbar_align": "left",
    "navbar_center": ["navbar-nav"],
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
