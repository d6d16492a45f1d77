"""`Lab`: the one door through which an analysis reaches data; `Outcome`: what it hands back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from embedlab.claims import Claim, Evidence, Verdict, judge
from embedlab.data import Embeddings, JoinReport, Taxonomy, Traits, Tree
from embedlab.data.names import closest
from embedlab.declarations import Standing
from embedlab.measures.contrast import Contrast

SCHEMA = 1
MOSTLY = 0.8  # a column that is known for fewer rows is not used unless asked for
STAGES = (("juvenile", "adult"), ("immature", "adult"), ("larva", "adult"))
SEXES = (("female", "male"),)
INTERVAL = (
    "what intervals of means over species are for: the clade of which these are a sample (clade), or the process that "
    "made it, as another evolution would repeat it (process: wider; needs a tree)"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What came of one question: verdicts on every claim, the results behind them, and what was left out."""

    analysis: str
    question: str
    claims: tuple[Claim, ...]
    evidence: Mapping[str, Evidence]
    sentences: Mapping[str, str]
    results: Mapping[str, Any]
    exclusions: tuple[str, ...]
    notes: tuple[str, ...]
    seed: int
    stores: tuple[Mapping[str, Any], ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    verdicts: tuple[Verdict, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)

    def judged(self) -> "Outcome":
        """The same with its claims judged as one family."""
        return replace(self, verdicts=tuple(judge(self.claims, self.evidence)))

    def to_dict(self) -> dict:
        """Give `outcome.json`, as docs/formats.md lists it."""
        return {
            "schema": SCHEMA,
            "analysis": self.analysis,
            "question": self.question,
            "claims": [
                {**v.to_dict(self.sentences.get(v.claim.id, "")), **self._standing(v.claim.id)} for v in self.verdicts
            ],
            "exclusions": list(self.exclusions),
            "notes": list(self.notes),
            "seed": self.seed,
            "stores": [dict(s) for s in self.stores],
            "versions": dict(self.versions),
            "command": self.command,
        }

    def _standing(self, name: str) -> dict:
        if name in self.standings:
            return self.standings[name].to_dict()
        return {"exploratory": True, "declared": "asked in Python, where nothing was declared"}


def judged_together(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Judge the claims of several outcomes as one family: a page that shows them all counts them all.

    Claims of two outcomes may share an id; within one they may not.
    """
    named = [(f"{i}/{c.id}", c, o.evidence[c.id]) for i, o in enumerate(outcomes) for c in o.claims]
    verdicts = judge([replace(c, id=key) for key, c, _ in named], {key: e for key, _, e in named})
    own = iter([replace(v, claim=c) for v, (_, c, _) in zip(verdicts, named, strict=True)])
    return [replace(o, verdicts=tuple(next(own) for _ in o.claims)) for o in outcomes]


@dataclass(eq=False)
class Lab:
    """Stores, traits, tree, settings and chance for one analysis.

    Randomness comes from (seed, analysis name) through a stable hash, so that the order in which analyses run does
    not matter. Settings are text or numbers by name; those an analysis does not know are refused by `study`.
    Stores whose card names a `control` (pixels alone, an untrained network) stand in `controls` and not in `stores`,
    so that no trend runs through them; where all are controls, they are what is asked about.
    """

    name: str
    stores: Sequence[Embeddings]
    traits: Traits | None = None
    tree: Tree | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    x: str | None = None
    question: str = ""
    notes: list[str] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)

    def __post_init__(self):
        """Refuse a lab without a store; seed its generator."""
        if not self.stores:
            raise ValueError(f"{self.name} needs a store: make one with embedlab extract or embedlab import")
        self.given = tuple(self.stores)
        self.stores = tuple(s for s in self.given if not control(s)) or self.given
        self.controls = tuple(s for s in self.given if s not in self.stores)
        key = hashlib.sha256(f"{self.seed}/{self.name}".encode()).digest()[:8]
        self.rng = np.random.default_rng(int.from_bytes(key, "little"))

    def embeddings(self) -> Embeddings:
        """The store under question: the only one, or of a series the one that stands last on its scale."""
        if len(self.stores) == 1 or self.x is None:
            return self.stores[-1]
        # As `scaling` reads it: what the training says first, then the card itself.
        return max(self.stores, key=lambda s: float({**s.card, **_said(s.card.get("training"))}.get(self.x) or 0))

    def setting(self, name: str, default):
        """A setting, of the type of its default; lists are given with commas."""
        value = self.settings.get(name, default)
        if isinstance(default, tuple) and not isinstance(value, tuple):
            return tuple(part.strip() for part in str(value).split(",") if part.strip())
        if default is not None and not isinstance(default, str) and not isinstance(value, type(default)):
            try:
                return type(default)(value)
            except ValueError:
                kind = {int: "whole number", float: "number"}.get(type(default), type(default).__name__)
                raise ValueError(f"setting {name}={value!r} is no {kind}, as {default!r} is") from None
        return value

    def known(self, column: str) -> float:
        """The share of rows in which a column is recorded, from 0 to 1; 0 where there is no such column."""
        emb = self.embeddings()
        return 1 - emb.column(column).null_count() / max(emb.n, 1) if emb.has(column) else 0.0

    def contrast(self, column: str) -> Contrast | None:
        """The two sorts to compare in a column, or None where it holds fewer: `--set sex=female,male` decides."""
        emb = self.embeddings()
        given = self.setting(column, ())
        if given:
            if len(given) != 2:
                raise ValueError(
                    f"setting {column}={','.join(given)}: name two values, as in --set {column}=female,male"
                )
            held = emb.column(column).drop_nulls().cast(str).unique().sort().to_list() if emb.has(column) else []
            if absent := [value for value in given if value not in held]:
                there = f"it holds {', '.join(held[:8]) or 'nothing'}" if emb.has(column) else "there is no such column"
                raise ValueError(f"setting {column}={','.join(given)}: {column} has no {absent[0]!r}; {there}")
            return Contrast(column, *given)
        if not emb.has(column):
            return None
        counts = emb.column(column).drop_nulls().value_counts(sort=True)
        levels = counts[column].to_list()
        for pair in SEXES if column == "sex" else STAGES:
            if set(pair) <= set(levels):
                return Contrast(column, *pair)
        return Contrast.of((column, *sorted(levels))) if len(levels) == 2 else None

    def variants(self, column: str, emb: Embeddings | None = None) -> tuple[Embeddings, Contrast, tuple[str, ...]]:
        """Rows, contrast and strata for a question: sexes are compared among adults, stages balanced over sexes.

        Of `embeddings()`, or of another store of the series.
        """
        emb = self.embeddings() if emb is None else emb
        contrast, stage = self.contrast(column), self.contrast("life_stage")
        if column == "sex" and stage and "adult" in (stage.a, stage.b):
            rows, unknown = emb.where(life_stage="adult"), emb.column("life_stage").null_count()
            self.note(
                f"the sexes are compared among adults: {rows.n:,} of {emb.n:,} images"
                + (f"; {unknown:,} whose life stage is not recorded are left out" if unknown else "")
            )
            return rows, contrast, ()
        if column == "life_stage" and self.contrast("sex") and self.known("sex") >= MOSTLY:
            return emb, contrast, ("sex",)
        return emb, contrast, ()

    def note(self, text: str) -> None:
        """Remember something a reader of the outcome must know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def taxa(self) -> tuple[str, ...]:
        """Columns that name taxa, coarse to fine: species, and subspecies where most rows have one."""
        given = self.setting("groups", ())
        if given:
            return given
        return ("species", "subspecies") if self.known("subspecies") >= MOSTLY else ("species",)

    def process(self) -> Tree | None:
        """The tree, where intervals shall speak of the process that made the species; else None (see `INTERVAL`)."""
        wanted = self.setting("interval", "clade")
        if wanted not in ("clade", "process"):
            raise ValueError(f"setting interval={wanted!r}: give clade or process")
        if wanted == "process" and self.tree is None:
            raise ValueError("interval=process needs a tree: pass --tree FILE (Newick)")
        if wanted == "clade" and self.tree is not None:
            self.note(
                "intervals of means over species are for the clade of which these are a sample; "
                "--set interval=process asks what another evolution of such a clade would give"
            )
        return self.tree if wanted == "process" else None

    def phylogeny(self) -> Tree:
        """The tree that was given, or one of taxonomic ranks, which is said."""
        if self.tree is not None:
            return self.tree
        emb = self.embeddings()
        if not any(emb.has(rank) for rank in ("order", "family", "genus")):
            raise ValueError("this needs a tree: pass --tree FILE (Newick), or rows with taxonomic ranks")
        self.note(
            "no tree was given: taxonomic ranks stand in for it, with equal steps as branch lengths; what is asked "
            "beyond descent cannot be told from them"
        )
        return Tree.from_taxonomy(Taxonomy.from_rows(emb.rows))

    def matched_traits(self) -> tuple[Traits, JoinReport]:
        """Traits for the species of the store, in their names, with a report of what did not match."""
        if self.traits is None:
            raise ValueError("this needs traits: pass --traits FILE, a table with one row a species")
        names = self.embeddings().column("species").drop_nulls().unique().sort().to_list()
        traits, report = self.traits.match(names)
        if not report.matched:
            raise ValueError(
                f"none of {len(names)} species of the store stands among the traits; the store has "
                f"{names[:3]}, the traits {self.traits.species[:3]}"
            )
        return traits, report

    def outcome(self, *, claims: Sequence[Claim], evidence: Mapping[str, Evidence], sentences: Mapping[str, str],
                results: Mapping[str, Any]) -> Outcome:  # fmt: skip
        """Hand back what was found; `study` judges it."""
        for result in results.values():
            for line in getattr(result, "left_out", ()):
                if line not in self.exclusions:
                    self.exclusions.append(line)
        return Outcome(
            analysis=self.name, question=self.question, claims=tuple(claims), evidence=dict(evidence),
            sentences=dict(sentences), results=dict(results), exclusions=tuple(merged(self.exclusions)),
            notes=tuple(self.notes),
            seed=self.seed, stores=tuple(_facts(s) for s in self.given),
        )  # fmt: skip


def merged(lines: Sequence[str]) -> list[str]:
    """The same lines, those that say one thing of several traits in one.

    >>> merged(["3 species without a value of Mass", "x", "3 species without a value of Habitat"])
    ['3 species without a value of Mass, Habitat', 'x']
    """
    found: dict[str, list[str]] = {}
    for line in lines:
        head, of, name = line.partition(" species without a value of ")
        found.setdefault(head + of, []).extend([name] if of else [])
    return [head + ", ".join(names) for head, names in found.items()]


def control(store: Embeddings) -> str:
    """What a store is a control for, as its card says: "pixel PCA", "random network", … ; empty where it is none."""
    return str(_said(store.card.get("training")).get("control") or "")


def _said(facts: Mapping | None) -> dict:
    return {k: v for k, v in (facts or {}).items() if v is not None}


def _facts(store: Embeddings) -> dict:
    card = store.card
    return {"key": card.get("key"), "model": card.get("model") or card.get("facts", {}).get("model"), "rows": store.n,
            "dim": store.d}  # fmt: skip


def check_settings(name: str, known: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """Refuse settings that an analysis does not know: a misspelt one must not pass in silence."""
    for key in given:
        if key not in known:
            near = closest(key, list(known))
            offers = "".join(f"\n  {k}: {v}" for k, v in known.items()) or " none"
            raise ValueError(
                f"{name} has no setting {key!r}{f', closest is {near[0]!r}' if near else ''}. It knows:{offers}"
            )
