"""Newick text in and out, without recursion: a million brackets are only a long loop."""

import math
import re

import numpy as np
from jaxtyping import Float, Int

# one token: a comment, a quoted label, a mark, or a bare label or number
_TOKEN = re.compile(r"\[[^\]]*\]|'(?:[^']|'')*'|[(),:;]|[^\s()\[\],:;']+|\S")
MOST_NODES = 10_000_000  # some 1 GB once read; all named species together make half of it
_PLAIN = re.compile(r"^[^\s()\[\],:;'_]+( [^\s()\[\],:;'_]+)*$")


def _fail(text: str, at: int, why: str) -> ValueError:
    """The error for a place in the text: its line, its column, and what stands there."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = max(0, at - 20)
    excerpt = " ".join(text[start : at + 20].split()) or "the end of the text"
    return ValueError(f"not a Newick tree, line {line:,} column {column:,}, near {excerpt!r}: {why}")


def parse_newick(
    text: str,
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"], list[str | None]]:
    """Parents, branch lengths and labels of the nodes in preorder; the root's parent is -1, its length 0.

    Quoted labels keep their underscores, bare ones have spaces instead; comments in brackets are passed
    over. Lengths are given for every branch or for none (then all are nan); they are finite and not
    negative. Errors name line, column and what stands there.

    >>> parent, length, label = parse_newick("(A_b:1,'C_d':2e0)root;")
    >>> parent.tolist(), length.tolist(), label
    ([-1, 0, 0], [0.0, 1.0, 2.0], ['root', 'A b', 'C_d'])
    """
    if text.lstrip()[:6].upper() == "#NEXUS":
        raise ValueError("this is a NEXUS file, not Newick: save it as Newick (ape::write.tree in R)")
    # two hundred kilobytes of gzip can hold two hundred million brackets, and those would fill 20 GB
    if (nodes := text.count("(") + text.count(",")) > MOST_NODES:
        raise ValueError(
            f"{nodes:,} brackets and commas promise more than {MOST_NODES:,} nodes: refused, as no honest tree is so "
            "large; prune it first"
        )
    parent: list[int] = []
    length: list[float] = []
    label: list[str | None] = []
    where: list[int] = []
    node, above = -1, -1  # the node being described, and the innermost open bracket
    opened: list[int] = []
    before = "("  # what the last token was: one of ( ) , : ; l(abel) n(umber)
    done = False
    nan = math.nan

    def new(at: int) -> int:
        parent.append(above)
        length.append(nan)
        label.append(None)
        where.append(at)
        return len(parent) - 1

    for match in _TOKEN.finditer(text):
        token, at = match.group(), match.start()
        mark = token[0]
        if mark == "[" and len(token) > 1:
            continue
        if done:
            raise _fail(text, at, "something follows the ';' that ends the tree; one file holds one tree")
        if mark == "(":
            if before not in "(," or (node >= 0 and not opened):
                raise _fail(text, at, "an opening bracket must follow '(' or ','")
            node = above = new(at)
            opened.append(node)
            before = "("
        elif mark in ",)":
            if not opened:
                raise _fail(text, at, f"{mark!r} outside all brackets: is an opening bracket missing?")
            if before == ":":
                raise _fail(text, at, "a branch length is missing after ':'")
            if before in "(,":
                raise _fail(text, at, "a tip without a name: give it one")
            if mark == ")":
                node = opened.pop()
                above = opened[-1] if opened else -1
            before = mark
        elif mark == ":":
            if before not in ")l":
                raise _fail(text, at, "':' must follow a name or ')'")
            before = ":"
        elif mark == ";":
            if before == ":":
                raise _fail(text, at, "a branch length is missing after ':'")
            if opened or not parent:
                raise _fail(text, at, f"{len(opened):,} brackets are still open: close them" if opened else "no tree")
            done = True
        elif before == ":":
            try:
                value = float(token)
            except ValueError:
                raise _fail(text, at, f"{token[:30]!r} is no branch length: give a number") from None
            if not (0 <= value < math.inf) or "_" in token:
                raise _fail(text, at, f"a branch length must be finite and not negative, not {token[:30]}")
            length[node] = value
            before = "n"
        elif token in ("'", "[", "]"):
            what = f"{token} is never closed: close it" if token != "]" else "] was never opened: quote it"
            raise _fail(text, at, what)
        else:
            if before not in "(,)":
                raise _fail(text, at, "two names in a row, or a name after a length (quote it?)")
            if before != ")":
                if node >= 0 and not opened:
                    raise _fail(text, at, "a second tree begins; one file holds one tree")
                node = new(at)
            name = token[1:-1].replace("''", "'") if mark == "'" else token.replace("_", " ")
            label[node] = name or None
            before = "l"
    if not done:
        raise _fail(text, len(text), f"the text ends with {len(opened):,} open brackets and no ';': is it whole?")
    if len(parent) == 1:
        raise ValueError(f"the tree has the single node {label[0]!r}: nothing to compare")
    lengths = np.array(length)
    lengths[0] = 0.0  # a root edge is shared by all tips and says nothing of their differences
    absent = np.flatnonzero(np.isnan(lengths))
    if 0 < len(absent) < len(lengths) - 1:
        first = int(absent[0])
        named = f" ({label[first]!r})" if label[first] else ""
        raise _fail(
            text,
            where[first],
            f"{len(absent):,} of {len(lengths) - 1:,} branches have no length, the first here{named}; "
            "give all or none",
        )
    return np.array(parent, dtype=np.int64), lengths, label


def _quoted(name: str) -> str:
    """A label as Newick wants it: spaces as underscores where that can be read back, else in quotes."""
    return name.replace(" ", "_") if _PLAIN.match(name) else "'" + name.replace("'", "''") + "'"


def write_newick(
    parent: Int[np.ndarray, " m"], length: Float[np.ndarray, " m"], label: list[str | None]
) -> str:
    """One line of Newick that `parse_newick` reads back to the same arrays, to the last bit."""
    count = np.bincount(parent[1:], minlength=len(parent)).tolist()
    named = ["" if name is None else _quoted(name) for name in label]
    ends = [
        name if i == 0 or math.isnan(value) else f"{name}:{value!r}"
        for i, (name, value) in enumerate(zip(named, length.tolist(), strict=True))
    ]
    parts: list[str] = []
    left: list[tuple[int, int]] = []  # open nodes, each with how many of its children are still to come
    for node, children in enumerate(count):
        if children:
            parts.append("(")
            left.append((node, children))
            continue
        parts.append(ends[node])
        while left:
            above, rest = left.pop()
            if rest > 1:
                parts.append(",")
                left.append((above, rest - 1))
                break
            parts.append(")" + ends[above])
    return "".join(parts) + ";"
