"""A Chromium, and one report that the page tests share."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedlab import doctor

sys.path.insert(0, str(Path(__file__).parent))
from waiting import PATIENCE_MS


@pytest.fixture(scope="session")
def chromium():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("no page tests: playwright is not installed (pip install 'embedlab[test]')")
    path = doctor.browser()
    if path is None:
        pytest.skip("no page tests: there is no Chromium here (apt install chromium, or set EMBEDLAB_BROWSER)")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Path of the page, the space and the projections on it."""
    import pages

    return pages.write(tmp_path_factory.mktemp("report") / "report.html")


def opened(browser, path, fragment="", **how):
    """Open a file with the network cut; what the page asks for or complains of is kept in `page.heard`."""
    how = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **how}
    page = browser.new_context(**how).new_page()
    page.heard = []
    page.set_default_timeout(PATIENCE_MS)

    def cut(route):
        if route.request.url.startswith("file:"):
            return route.continue_()
        page.heard.append(route.request.url)
        return route.abort()

    def asked(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            page.heard.append(request.url)

    page.route("**/*", cut)
    page.on("console", lambda m: page.heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.heard.append(str(e)))
    page.on("request", asked)
    page.goto(f"file://{path}{fragment}")
    if how.get("java_script_enabled", True):
        page.evaluate("window.embedlab.ready")
    return page


@pytest.fixture(scope="module")
def desk(chromium, written):
    """One open page that reading tests of a file share."""
    page = opened(chromium, written[0])
    yield page
    page.context.close()


@contextmanager
def opening(browser, quiet):
    """Open pages as `opened` does and close them in the end; with `quiet`, none of them may have complained."""
    pages_open = []

    def one(path, fragment="", **how):
        pages_open.append(opened(browser, path, fragment, **how))
        return pages_open[-1]

    yield one
    for page in pages_open:
        assert not quiet or page.heard == []
        page.context.close()


@pytest.fixture(scope="module")
def keep_open(chromium):
    """Open pages for all tests of a file."""
    with opening(chromium, quiet=True) as one:
        yield one


@pytest.fixture
def open_page(chromium):
    """Open pages for one test, which looks at `page.heard` itself."""
    with opening(chromium, quiet=False) as one:
        yield one


@pytest.fixture(scope="session")
def explored(tmp_path_factory):
    """Path of a page of the explorer with every optional part, its space and its maps."""
    import parts_page

    return parts_page.write(tmp_path_factory.mktemp("parts") / "parts.html")


@pytest.fixture(scope="module")
def kept_page(keep_open, explored):
    return keep_open(explored[0])


@pytest.fixture
def page(kept_page):
    """That page as it opens, whatever an earlier test of the file left."""
    import parts_page

    return parts_page.fresh(kept_page)
