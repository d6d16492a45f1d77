"""The place of scenes on a page: canvases side by side that turn together, buttons, and what they say in words."""

from html import escape

from embedlab.plots.marks import Picture
from embedlab.plots.scene import aspect

LOOKS = (
    ("home", "Reset"),
    ("above", "From above"),
    ("level", "Level with the plane"),
    ("nearer", "Nearer"),
    ("farther", "Farther"),
)
HOW = "Drag, or focus a scene and use the arrow keys, to turn all scenes together; + and − bring them nearer or away."


def scenes_html(picture: Picture, number: int) -> str:
    """Give the canvases of figure `number` of the page; nothing where the picture has no scene."""
    scenes = [p.scene for p in picture.panels if p.scene]
    if not scenes:
        return ""
    least = {1: "30rem", 2: "22rem", 4: "22rem"}.get(len(scenes), "17rem")
    each = "".join(
        f'<div class="scene"><p class="scene-title">{escape(s.title)} <small>{escape(s.note)}</small></p>'
        f'<canvas data-el="scene" '
        f'data-figure="{number}" data-scene="{k}" tabindex="0" role="img" '
        f'aria-label="{escape(_told(s))}"></canvas></div>'
        for k, s in enumerate(scenes)
    )
    buttons = "".join(f'<button type="button" data-el="look" data-look="{k}">{word}</button>' for k, word in LOOKS)
    return (
        f'<div class="scenes js" data-el="scenes" style="--aspect:{aspect(scenes):.3f}">'
        f'<div class="scene-row" style="--least:{least}">{each}</div>'
        f'{_walk(scenes, number)}<p class="looks">{buttons}</p>'
        f'<p class="note"><span class="how">{escape(HOW)}</span> <span data-el="camera" aria-live="polite"></span></p>'
        '<p class="under" data-el="under"></p></div>'
    )


def _walk(scenes, number: int) -> str:
    """A slider from the first space to the last, and the canvas that it fills; nothing for a single space."""
    if len(scenes) < 2:
        return ""
    words = f"Walk from {scenes[0].title} to {scenes[-1].title}"
    return (
        f'<div class="walk"><label>{escape(words)} <input type="range" data-el="walk" data-figure="{number}" min="0" '
        f'max="{len(scenes) - 1}" step="0.02" value="0"></label> <output data-el="walked"></output>'
        f'<canvas data-el="walk-scene" data-figure="{number}" tabindex="0" role="img" hidden '
        f'aria-label="{escape(words)}: the scenes, one turning into the next. Arrow keys turn it."></canvas></div>'
    )


def _told(scene) -> str:
    named = sum(a.named for a in scene.arrows)
    head = f"{scene.title}. " if scene.title else ""
    return (
        f"{head}{len(scene.arrows)} arrows over the plane of the species span, {named} of them in colour; upright: "
        f"{scene.upright}. Arrow keys turn it."
    )
