"""The questions that ship, as a page: what each asks, what it claims beforehand, what may be set, and its code."""

from pathlib import Path

from embedlab.claims import Claim
from embedlab.study import list_analyses, load_analysis
from maker.links import MADE, ROOT
from maker.words import escaped

LEAD = """# The questions that ship

`embedlab run NAME --store STORE` asks one of these. Each is one file: a question, claims written down before the
numbers, and `run(lab)`. The bound is the smallest excess over chance that would matter; how a claim gets its word is
told in [measures](../measures.md), how to add a question in [contributing](contributing.md).

"""


def pages() -> dict[Path, str]:
    """Give `made/questions.md` and what it says."""
    found = list_analyses()
    rows = [f"| [`{a['name']}`](#question-{a['name'].replace('_', '-')}) | {a['question']} |" for a in found]
    overview = "\n".join(["| name | asks |", "|---|---|", *rows, "", ""])
    return {MADE / "questions.md": LEAD + overview + "\n".join(_question(a) for a in found)}


def _question(told: dict) -> str:
    name = told["name"]
    claims = [c for c in getattr(load_analysis(name), "CLAIMS", ()) if isinstance(c, Claim)]
    lines = [f"(question-{name.replace('_', '-')})=", f"## `{name}`", "", f"**{told['question']}**", ""]
    if claims:
        lines += ["| it claims | by more than | after |", "|---|---|---|"]
        lines += [f"| {_cell(c.says)} | {c.at_least:g} | {_cell(c.source)} |" for c in claims]
        lines.append("")
    if told["settings"]:
        lines += ["| `--set` | means |", "|---|---|"]
        lines += [f"| `{key}` | {_cell(str(says))} |" for key, says in told["settings"].items()]
        lines.append("")
    lines += ["<details><summary>Its code</summary>", "", f"```{{literalinclude}} ../../analyses/{name}.py", "```", "",
              "</details>", ""]  # fmt: skip
    return "\n".join(lines)


def _cell(text: str) -> str:
    return escaped(" ".join(text.split()))


def code_of(analysis: str) -> str | None:
    """Give the file of an analysis below the repository; None for a user's own."""
    path = ROOT / "analyses" / f"{analysis}.py"
    return f"analyses/{analysis}.py" if path.is_file() else None
