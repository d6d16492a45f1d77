"""Waits on a condition, for what a browser does in a later task than the press that asked for it."""

import io
import time

import numpy as np

PATIENCE_MS = 120_000  # a machine that is busy elsewhere opens the same page; what never comes true still fails
FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go, 0))))"


def settled(page):
    """Let two frames pass: scrolls are told, sizes observed and what waits for a frame is drawn; gives the page."""
    page.evaluate(FRAMES)
    return page


def until(page, true, given=None, seconds=PATIENCE_MS / 1000):
    """Wait until an expression or function of the page gives true; works where the page forbids eval, too."""
    end = time.monotonic() + seconds
    while not page.evaluate(true, given):
        assert time.monotonic() < end, f"never true: {true}; {getattr(page, 'heard', '')}"
        page.wait_for_timeout(50)


def shot(locator):
    """Red, green and blue of an element as it is painted: high × wide × 3."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"), float)


def has_colour(locator, wanted, within, middle=None, seconds=20):
    """Tell whether the middle of an element comes to be painted in a colour; pictures are unpacked in a later task.

    `middle` cuts the middle out of the shot, a third of each side unless given. Another colour stays another colour,
    so that a wrong picture fails, after `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        seen = shot(locator)
        high, wide = seen.shape[:2]
        part = middle(seen) if middle else seen[high // 3 : 2 * high // 3, wide // 3 : 2 * wide // 3]
        if np.abs(part.mean(axis=(0, 1)) - wanted).max() < within:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
