"""The page over all figures in a real browser: pictures load from disk, nothing runs over on a phone."""

import pytest
from waiting import PATIENCE_MS

from embedlab.plots.gallery import gallery
from tests.plots.test_gallery import figures

pytestmark = pytest.mark.browser
__all__ = ["figures"]


def test_the_pictures_load_in_a_browser_and_nothing_runs_over_on_a_phone(figures, chromium):
    page = chromium.new_context(viewport={"width": 375, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    heard = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.goto(f"file://{gallery(figures)}")
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth)")
    assert heard == [] and page.evaluate("document.documentElement.scrollWidth") <= 375
