"""A scene in three dimensions: planes, arrows and points, and how a fixed camera sees them on paper.

The page draws the same scene on a canvas that can be turned (`assets/scene.js`), with the same projection.
"""

from dataclasses import asdict, dataclass, field

import numpy as np

from embedlab.plots.marks import Area, Axis, Dots, Panel, Path, Words
from embedlab.plots.theme import FRAME, INK, SOFT

PLANE = "#eef4f9"  # has a twin in the dark
WIDE, LOWEST, HIGHEST = 46.0, 15.0, 32.0  # mm: a scene's width in a row of two, and the heights that it may have
WORDS = 15.0  # mm that the name of the plane takes
CAMERA = (-62.0, 18.0)  # degrees: azimuth, and elevation above the plane


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Points at `at` `(n, 3)`; `label` is what hover says of each."""

    at: np.ndarray
    colour: str
    shape: str = "circle"
    hollow: bool = False
    size: float = 2.1
    label: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrow:
    """An arrow from `start` to `end` `(3,)`, to scale; `label` is what hover says, `key` its entry in the key.

    From the middle of a `named` one a dotted line drops to the plane.
    """

    start: np.ndarray
    end: np.ndarray
    colour: str
    width: float = 1.0
    label: str = ""
    named: bool = False
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Arrows and points over a plane at height 0, which reaches from `low` to `high` `(2,)`.

    `reach` is how far anything lies from the middle along the plane: the barbs of arrows are a share of it. `upright`
    says what the third dimension is, and `unit` what the tripod is one of.
    """

    title: str
    low: np.ndarray
    high: np.ndarray
    reach: float
    upright: str
    unit: str
    arrows: tuple[Arrow, ...]
    points: tuple[Points, ...]
    note: str = ""
    camera: tuple[float, float] = field(default=CAMERA)


def seen_from(at, camera=CAMERA) -> np.ndarray:
    """Give places `(n, 3)` as an orthographic camera sees them: `(n, 3)` of right, up, and towards the viewer.

    >>> seen_from([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], (0.0, 0.0)).round(6).tolist()  # from the first axis, level
    [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    a, e = np.radians(camera)
    frame = np.array([
        [-np.sin(a), np.cos(a), 0],
        [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)],
        [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)],
    ])  # fmt: skip
    return np.asarray(at, float).reshape(-1, 3) @ frame.T + 0.0


def tripod(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Give the foot `(3,)` and the three ends `(3, 3)` of the tripod that shows the unit each way."""
    foot = np.array([scene.low[0], scene.low[1], 0.0])
    return foot, foot + np.eye(3)


def panels(scenes: list[Scene]) -> tuple[Panel, ...]:
    """Give the panels that print and notebooks show: scenes as their own cameras see them, to one scale."""
    low, high = _extent(scenes)
    room = 0.03 * (high - low).max()
    across, up = ((float(low[k] - room), float(high[k] + room)) for k in (0, 1))
    up = (up[0] - room, up[1] + room)  # for the words on the tripod and under the plane
    height = float(np.clip(WIDE * (up[1] - up[0]) / (across[1] - across[0]), LOWEST, HIGHEST))
    return tuple(_panel(s, across, up, height) for s in scenes)


def aspect(scenes: list[Scene]) -> float:
    """Give the width over the height of all that scenes show as they open: a canvas of that shape is filled."""
    low, high = _extent(scenes)
    return float((high[0] - low[0]) / (high[1] - low[1]))


def _extent(scenes: list[Scene]) -> tuple[np.ndarray, np.ndarray]:
    every = np.vstack([_flat(_everything(s), s.camera) for s in scenes])
    return every.min(axis=0), every.max(axis=0)


def _flat(at, camera) -> np.ndarray:
    return seen_from(at, camera)[:, :2]


def _lowest(at: np.ndarray, x: float, near: float) -> float:
    """How low anything reaches around `x`: words stand below it."""
    return float(at[np.abs(at[:, 0] - x) <= near, 1].min(initial=np.inf))


def _corners(scene: Scene) -> np.ndarray:
    (x0, y0), (x1, y1) = scene.low, scene.high
    return np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]])


def _everything(scene: Scene) -> np.ndarray:
    ends = [v for a in scene.arrows for v in (a.start, a.end)]
    return np.vstack([_corners(scene), tripod(scene)[1], *ends, *(p.at for p in scene.points)])


def _panel(scene: Scene, across: tuple[float, float], height_range: tuple[float, float], height: float) -> Panel:
    def flat(at):
        return _flat(at, scene.camera)

    corners = flat(_corners(scene))
    marks = [Area(x=corners[:, 0], y=corners[:, 1], colour=PLANE)]
    edges = (corners + np.roll(corners, 1, axis=0)) / 2
    x, y = edges[edges[:, 1].argmin()]
    y = min(y, _lowest(flat(_everything(scene)), x, 0.5 * WORDS / WIDE * (across[1] - across[0])))
    marks.append(Words(x=float(x), y=float(y), text="species span", colour=SOFT, anchor="center", dy=-5))
    foot, ends = tripod(scene)
    for end in ends:
        line = flat([foot, end])
        marks.append(Path(x=line[:, 0], y=line[:, 1], colour=INK, width=0.8))
    top = flat(ends[2:])[0]
    marks.append(Words(x=float(top[0]), y=float(top[1]), text=scene.unit, colour=SOFT, dy=5, anchor="center"))
    for arrow in scene.arrows:
        line = head(flat([arrow.start, arrow.end]), scene.reach)
        marks.append(Path(x=line[:, 0], y=line[:, 1], colour=arrow.colour, width=arrow.width, key=arrow.key))
    for p in scene.points:
        at = flat(p.at)
        marks.append(
            Dots(x=at[:, 0], y=at[:, 1], colour=p.colour, shape=p.shape, hollow=p.hollow, size=p.size, label=p.label,
                 key=p.key)
        )  # fmt: skip
    drop = [np.array([(a.start + a.end) / 2]) for a in scene.arrows if a.named]
    for at in drop:
        line = flat(np.vstack([at, at * [1, 1, 0]]))
        marks.append(Path(x=line[:, 0], y=line[:, 1], colour=FRAME, dash="dot", width=0.6))
    return Panel(
        marks=tuple(marks), title=scene.title, note=scene.note, height=height, scene=scene,
        x=Axis(shown=False, range=across), y=Axis(shown=False, range=height_range), equal=True,
    )  # fmt: skip


def head(line: np.ndarray, reach: float) -> np.ndarray:
    """Give an arrow drawn in one stroke `(7, 2)`: shaft, then both barbs; a short one has short barbs."""
    start, end = line
    along = end - start
    length = float(np.linalg.norm(along))
    if length == 0:
        return line
    barb = min(0.035 * reach, 0.45 * length) * along / length
    side = np.array([-barb[1], barb[0]]) * 0.55
    return np.array([start, end, end - barb + side, end, end - barb - side])


def as_json(scene: Scene) -> dict:
    """Give the scene as plain JSON values, rounded to what a screen can show."""

    def told(value):
        if isinstance(value, np.ndarray):
            return np.round(value.astype(float), 4).tolist()
        if isinstance(value, dict):
            return {k: told(v) for k, v in value.items()}
        return [told(v) for v in value] if isinstance(value, tuple | list) else value

    return told(asdict(scene))
