"""A Chromium, and one report that the page tests share."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("EMBEDLAB_CHROMIUM", "/usr/bin/chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("no page tests: playwright is not installed (pip install 'embedlab[test]')")
    if not Path(path).exists():
        pytest.skip(
            f"no page tests: there is no Chromium at {path} "
            "(apt-get install chromium, or set EMBEDLAB_CHROMIUM)"
        )
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Path of the page, the space and the projections on it."""
    import pages

    return pages.write(tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def open_page(chromium):
    """Open a file with the network cut; what the page asks for or complains of is kept in `page.heard`."""
    contexts = []

    def opened(path, fragment="", **how):
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **how}
        )
        contexts.append(context)
        page = context.new_page()
        page.heard = []
        page.route(
            "**/*",
            lambda r: (
                r.continue_()
                if r.request.url.startswith("file:")
                else (page.heard.append(r.request.url), r.abort())
            ),
        )
        page.on("console", lambda m: page.heard.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: page.heard.append(str(e)))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else page.heard.append(r.url),
        )
        page.goto(f"file://{path}{fragment}")
        if how.get("java_script_enabled", True):
            page.evaluate("window.embedlab.ready")
        return page

    yield opened
    for context in contexts:
        context.close()
