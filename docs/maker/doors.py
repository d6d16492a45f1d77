"""What the reference of the package holds: one page a room, and on it which names."""

import re
from pathlib import Path

from maker import source
from maker.links import MADE
from maker.render import Index, Told, object_of, prose

VERBS = {  # page -> title, verbs
    "look": ("Open, map, look around", "open extract world project kept show explore gallery"),
    "ask": ("Ask one space",
            "composition geometry separation orthogonality contrast_places contrast_scene shared_axis "
            "erasure phylogeny hierarchy rank_ladder neighbour_agreement "
            "recognition trait_alignment trait_axis trait_distances habitat theorem"),
    "ask-several": ("Ask several spaces", "scaling objectives beyond_controls agreement agreements"),
    "write": ("Judge, draw, write", "judge draw save export check report"),
}  # fmt: skip
ROOMS = {  # page -> title, what it is for, modules
    "claims": ("Claims, labs, studies", "How a question of your own becomes evidence and a verdict.",
               "claims declarations lab study fitness"),
    "figures": ("Figures", "What draws a result, on the screen and in print, and checks it.",
                "plots plots.marks:Picture plots.theme plots.check plots.colour_vision plots.gallery"),
    "explorer": ("Explorer", "Linked maps as a file, as a cell and as a live page.",
                 "explore.doors explore.notebook explore.bundle explore.page explore.live"),
    "stores": ("Stores and tables", "Reading and writing what is on disk, and sums that add up.",
               "io.here io.store io.imports io.sources io.exports io.join io.check stream.moments"),
    "encoders": ("Encoders", "Images and names in, vectors out.",
                 "extract.encoders extract.extract extract.texts extract.layers"),
    "simulated": ("Simulated life", "Worlds and vectors of which the truth is known.",
                  "world.world world.dials world.writer world.sheet data.synthetic data.evolution"),
    "training": ("Training and reproduction", "Compact models of the same kind, and the study over worlds.",
                 "train.config train.grid train.several train.loop train.controls reproduction.study"),
}  # fmt: skip
STATISTICS = {  # part of embedlab.stats -> title of its page
    "": "Vectors, p-values, intervals",
    "pairs": "Two spaces, distances, neighbours",
    "tree": "On a tree",
    "trait": "Traits",
    "subspaces": "Directions and subspaces",
    "trend": "Trends",
    "taxa": "Kinship and groups",
    "shape": "Shape of a cloud",
}
API = MADE / "api"
LEAD = (
    "After `import embedlab as el`: names load when they are first used, and the import brings no torch. Each result "
    "answers `str()`, `.table()` and `.caption`, and is drawn by `el.draw`."
)


class Room:
    """A page in the making: lines, and names whose words are set once all names are known."""

    def __init__(self, name: str, title: str, lead: str) -> None:
        self.page = API / f"{name}.md"
        self.parts: list[str | Told] = [f"# {title}\n", f"{lead}\n"]

    def say(self, text: str) -> None:
        """Add Markdown as it is."""
        self.parts.append(f"{text}\n")

    def tell(self, module: str, name: str, taken: set[str], full: str = "") -> None:
        """Add a function or a class unless a page has it; the class that a function gives follows it."""
        found = source.find(module, name)
        if found is None or f"{found[0]}.{found[1].name}" in taken:
            return
        home, node = found
        taken.add(f"{home}.{node.name}")
        self.parts.append(Told(home, node, full or f"{home}.{node.name}"))
        back = getattr(node, "returns", None)
        for given in re.findall(r"\b[A-Z]\w+", source.ast.unparse(back)) if back else ():
            if given in source.names_of(home):
                self.tell(home, given, taken)


def pages() -> dict[Path, str]:
    """Give the pages of `made/api/` and what they say."""
    taken: set[str] = set()
    rooms = [_nouns(taken), *_front_door(taken), *_statistics(taken)]
    rooms += [_room(name, *told, taken) for name, told in ROOMS.items()]
    index = Index()
    for room in rooms:
        for part in room.parts:
            if isinstance(part, Told):
                index.add(part)
    return {
        room.page: "\n".join(p if isinstance(p, str) else object_of(p, index, room.page) for p in room.parts)
        for room in rooms
    }


def _front_door(taken: set[str]) -> list[Room]:
    """Verbs of `import embedlab as el`, each with the result it gives; those that no page names come on the last."""
    where, called = source.literal("embedlab", "_WHERE"), source.literal("embedlab", "_CALLED")
    nouns = {name for name, place in where.items() if place.rpartition(":")[2][0].isupper()}
    rest = sorted({*where, *called} - nouns - {name for _, names in VERBS.values() for name in names.split()})
    rooms = []
    for page, (title, names) in VERBS.items():
        room = Room(page, f"Verbs: {title[0].lower()}{title[1:]}", LEAD)
        more = rest if page == [*VERBS][-1] else []
        for name in [*names.split(), *more]:
            if name not in where and name not in called:
                continue
            module, _, verb = _behind(name) if name in called else where[name].partition(":")
            room.tell(module, verb, taken, full=f"embedlab.{name}")
        rooms.append(room)
    return rooms


def _behind(name: str) -> tuple[str, str, str]:
    """Where the words of a verb stand that shares its name with a room: where its own docstring sends the reader."""
    stands_in = source.literal("embedlab", "_CALLED")[name]
    sent = re.search(r"as `(embedlab[\w.]*)\.(\w+)` does", source.doc(source.find("embedlab", stands_in)[1]))
    return (sent[1], "", sent[2]) if sent else ("embedlab", "", stands_in)


def _nouns(taken: set[str]) -> Room:
    room = Room("nouns", "Nouns", source.said_of("embedlab.data").split("\n\n")[0])
    where = source.literal("embedlab", "_WHERE")
    for name in source.literal("embedlab.data", "__all__"):
        room.tell("embedlab.data", name, taken, full=f"embedlab.{name}" if name in where else "")
    for name, place in where.items():  # nouns of the front door that live elsewhere
        module, _, noun = place.partition(":")
        if noun[0].isupper():
            room.tell(module, noun, taken, full=f"embedlab.{name}")
    return room


def _statistics(taken: set[str]) -> list[Room]:
    offered = source.literal("embedlab.stats", "_OFFERED")
    rooms = []
    for part, title in STATISTICS.items():
        lead = "Which to ask, and when each is valid, stands in [statistics](../../statistics.md)."
        room = Room(f"stats-{part or 'vectors'}", f"Statistics: {title[0].lower()}{title[1:]}", lead)
        for module, names in offered.items():
            if module.rpartition(".")[0] != part:
                continue
            full = f"embedlab.stats.{module}"
            room.say(f"## `{module}`\n\n{_first(source.said_of(full))}")
            for name in names.split():
                room.tell(full, name, taken, full=f"embedlab.stats.{name}")
        rooms.append(room)
    left = {m.rpartition(".")[0] for m in offered} - set(STATISTICS)
    if left:
        raise KeyError(f"embedlab.stats has parts without a page: {sorted(left)}; name them in docs/maker/doors.py")
    return rooms


def _room(name: str, title: str, lead: str, modules: str, taken: set[str]) -> Room:
    room = Room(name, title, lead)
    for each in modules.split():
        short, _, only = each.partition(":")  # a module, or one name of it
        full = f"embedlab.{short}"
        room.say(f"## `{full}`\n\n{_first(source.said_of(full))}")
        for told in [only] if only else source.names_of(full):
            room.tell(full, told, taken)
    return room


def _first(text: str) -> str:
    return prose(text.split("\n\n")[0], Index(), None, API / "x.md")
