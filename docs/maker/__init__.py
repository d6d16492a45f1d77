"""What the docs make of the repository before Sphinx reads them: Markdown in `docs/made/`, which git does not keep."""

from pathlib import Path

from maker.links import DOCS, ROOT, relinked


def setup(app) -> dict:
    """Tell Sphinx when to make pages, mend links and copy figures."""
    from maker.cards import Cards

    app.add_config_value("el_figures", str(ROOT / "figures"), "env")
    app.add_directive("cards", Cards)
    app.connect("config-inited", _make)
    app.connect("source-read", _mend)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _make(app, config) -> None:
    from maker import commands, doors, pages, questions, wall
    from maker.links import put

    parts = (commands.pages(), doors.pages(), questions.pages(), pages.pages(), wall.pages(Path(config.el_figures)))
    put({page: text for part in parts for page, text in part.items()})


def _mend(app, docname: str, source: list[str]) -> None:
    """Links of the pages of docs/ that lead out of it; pages that were made are right already."""
    page = DOCS / f"{docname}.md"
    if page.is_file() and not docname.startswith("made/"):
        source[0] = relinked(source[0], page, page)


def _copy(app, error) -> None:
    if error is None and app.builder.format == "html":
        from maker.plates import copy

        copy(Path(app.config.el_figures), Path(app.outdir))
