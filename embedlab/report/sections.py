"""The parts of the page: what was found, the data, the map, one section an analysis, provenance."""

from collections.abc import Mapping, Sequence

from embedlab.data.taxonomy import RANKS
from embedlab.explore.page import ROOT, notes_html
from embedlab.measures.composition import composition
from embedlab.plots import drawable, picture
from embedlab.plots.marks import Picture
from embedlab.plots.page import csv_of, figure_html, provenance_html, still_html, table_html, text
from embedlab.plots.screen import as_json
from embedlab.plots.typography import begun, typeset
from embedlab.report.board import board, tally, word


class Pages:
    """Figures and tables gathered while sections are written: the page carries each once, as JSON."""

    def __init__(self, provenance: Mapping):
        self.figures: list[dict] = []
        self.tables: list[dict] = []
        self.provenance = dict(provenance)

    def figure(self, result, key: str, name: str) -> str:
        """Give a result as figure, with its table as a fold-out and as a download."""
        drawn = picture(result)
        self.figures.append(as_json(drawn))
        table = self.table(result, key, name)
        number = len(self.figures) - 1
        last = len(self.tables) - 1
        return figure_html(drawn, number, self.provenance, table=last, name=_plain(name)) + table

    def table(self, result, key: str, name: str) -> str:
        """Give the numbers of a result, folded away."""
        frame = result.table()
        self.tables.append({"name": key, "csv": csv_of(frame)})
        return f"<details><summary>Table: {text(_plain(name))}</summary>{table_html(frame, str(result))}</details>"


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def found(outcomes: Sequence[Mapping]) -> str:
    """Give the verdicts on every claim, first of all."""
    verdicts = [{**c, "id": f"{o['analysis']}-{c['id']}"} for o in outcomes for c in o["claims"]]
    families = {v.get("family", 1) for v in verdicts}
    together = "together" if families == {len(verdicts)} else "together within each question"
    before = (
        "The claims stood in the analyses before these data were asked; those marked exploratory were not declared for "
        "these data beforehand. They are"
        if any(v.get("exploratory") for v in verdicts)
        else "The claims were written down before the numbers and are"
    )
    note = (
        f"{before} judged {together} (Holm), so that asking much does not by itself find something. The grey band is "
        "what chance gives, the diamond is the estimate with its 95 % interval."
        if verdicts
        else "No question was asked of these data: the page shows where they come from, and the map."
    )
    return (
        f'<section id="found" data-el="found"><h2>What was found</h2>{tally(verdicts) if verdicts else ""}'
        f"<p class='note'>{note}</p>{board(verdicts)}</section>"
    )


def composed(space, pages: Pages) -> str:
    """Give a treemap of the taxa, and how even their photographs are; nothing where no rank divides them."""
    divided = [r for r in RANKS if space.has(r) and space.column(r).drop_nulls().n_unique() > 1]
    return pages.figure(composition(space, rng=0), "composition", "images of each taxon") if divided else ""


def data_section(
    space, outcomes: Sequence[Mapping], unasked: Mapping[str, str], planted: Sequence[str] = (), composed: str = ""
) -> str:
    """Give what the page stands on: stores, what is recorded, its taxa, what was planted, left out and not asked."""
    stores = {s.get("key") or i: s for o in outcomes for i, s in enumerate(o["stores"])}
    if not stores:
        card = space.card
        stores = {0: {"model": card.get("model"), "key": card.get("key"), "rows": space.n, "dim": space.d}}
    lines = "".join(
        f"<tr><td>{text(s.get('model') or 'not recorded')}</td><td class='n'>{s.get('rows') or 0:,}</td>"
        f"<td class='n'>{s.get('dim') or ''}</td><td><code>"
        f"{text(str(s.get('key') or 'no key')[:16])}</code></td></tr>"
        for s in stores.values()
    )
    head = (
        "<tr><th scope='col'>model</th><th scope='col' class='n'>images</th><th scope='col' class='n'>"
        "numbers each</th><th scope='col'>key</th></tr>"
    )
    parts = [
        "<div class='scroll' tabindex='0' role='region' aria-label='Stores'><table><caption>"
        f"Vectors</caption>{head}{lines}</table></div>",
        _recorded(space),
        composed,
        _list("What was planted", planted),
        _list("Left out", [line for o in outcomes for line in o["exclusions"]]),
        _list("To know", [line for o in outcomes for line in o["notes"]]),
        _list("Not asked", [f"{name.replace('_', ' ')}: {why}" for name, why in unasked.items()]),
    ]
    return f'<section id="data" data-el="data"><h2>Data</h2>{"".join(parts)}</section>'


def _recorded(space) -> str:
    rows = space.rows
    said = []
    for name in ("species", "genus", "family", "order", "sex", "life_stage", "individual"):
        if name in rows.columns and space.n:
            column = rows[name].drop_nulls()
            if len(column):
                said.append(
                    f"<dt>{text(name.replace('_', ' '))}</dt><dd>{column.n_unique():,} recorded, "
                    f"known for {len(column) / space.n:.0%} of images</dd>"
                )
    return f"<dl class='facts'>{''.join(said)}</dl>" if said else ""


def _list(title: str, lines: Sequence[str]) -> str:
    lines = list(dict.fromkeys(lines))
    if not lines:
        return ""
    return f"<h3>{title}</h3><ul class='small'>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>"


def map_section(bundle: dict, stills: Sequence[Picture], provenance: Mapping) -> str:
    """Give the place where the explorer is mounted; without scripts, a still image of each map."""
    still = "".join(
        f'<figure class="figure"><h3>{text(drawn.title)}</h3>{still_html(drawn, dict(provenance))}'
        f'<p class="foot">{text(drawn.foot)}</p><figcaption>{text(begun(typeset(drawn.caption)))}</figcaption></figure>'
        for drawn in stills
    )
    return f"""<section id="map" data-el="atlas"><h2>Map of the images</h2>
<p class="question">Each mark is an image, placed by what the model sees. A map shows
where to look; it proves nothing.</p>
<noscript>{still}</noscript>{notes_html(bundle)}
{ROOT}</section>"""


def analysis_section(outcome, facts: Mapping, pages: Pages) -> str:
    """Give one question: its sentences, figures, tables, and how it was computed."""
    told = ((word(c["verdict"]), begun(c["sentence"]).rstrip(".")) for c in facts["claims"])
    said = "".join(f"<p>{verdict}. {text(sentence)}.</p>" for verdict, sentence in told)
    shown = []
    for name, result in outcome.results.items():
        key = f"{facts['analysis']}-{name}"
        if drawable(result):
            shown.append(pages.figure(result, key, name))
        elif hasattr(result, "table"):
            shown.append(pages.table(result, key, name))
    title = facts["analysis"].replace("_", " ")
    return (
        f'<section id="{text(facts["analysis"])}" data-el="analysis"><h2>'
        f"{text(title[:1].upper() + title[1:])}</h2>"
        f'<p class="question">{text(facts["question"])}</p>'
        f"{said}{''.join(shown)}{_how(outcome, facts)}</section>"
    )


def _how(outcome, facts: Mapping) -> str:
    blocks = []
    for claim in facts["claims"]:
        evidence = outcome.evidence.get(claim["id"]) if hasattr(outcome, "evidence") else None
        rows = {
            "claim": claim["says"],
            "first claimed by": claim["source"],
            "statistic": claim["statistic"],
            "chance": claim["chance"]["kind"],
            "would matter from": f"{claim.get('at_least', 0):g} beyond chance",
            "independent units": f"{claim['n']:,} {claim.get('unit', '')}"
            + (
                f", worth {claim['n_effective']:.1f} unrelated ones"
                if claim.get("n_effective") and claim["n_effective"] < claim["n"] - 0.5
                else ""
            ),
            "smallest p these data can reach": f"{evidence.p_floor:.2g}" if evidence is not None else None,
            "draws of chance": f"{len(evidence.null):,}" if evidence is not None else None,
            "why this verdict": claim.get("reason"),
            "declared before the numbers": f"no: {claim.get('declared')}"
            if claim.get("exploratory")
            else f"yes: {claim.get('declared')} (specification {claim.get('hash')})",
        }
        items = "".join(f"<dt>{k}</dt><dd>{text(v)}</dd>" for k, v in rows.items() if v)
        blocks.append(f"<h3>{text(claim['id'].replace('-', ' '))}</h3><dl class='facts'>{items}</dl>")
    captions = "".join(f"<p>{text(r.caption)}</p>" for r in outcome.results.values() if getattr(r, "caption", ""))
    return (
        f"<details><summary>How computed</summary>{captions}{''.join(blocks)}<p class='note'>Seed "
        f"{facts['seed']}.</p></details>"
    )


def provenance_section(provenance: Mapping) -> str:
    """Give what made the page."""
    return f'<section id="provenance"><h2>Provenance</h2>{provenance_html(dict(provenance))}</section>'
