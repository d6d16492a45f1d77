"""Which questions a store is fit for, told from its rows before anything is computed."""

import polars as pl

from embedlab.data import Embeddings
from embedlab.data.taxonomy import RANKS
from embedlab.lab import Lab
from embedlab.measures.agreement import LEAST as LEAST_ALIKE
from embedlab.measures.contrast import MIN_ACROSS, Contrast
from embedlab.measures.trait_alignment import LEAST_REPEATED, LEAST_SPECIES

FOR_POWER = 40  # species with which trait alignment was measured to see so much (docs/measures.md)
# individuals of each sort that a species needs: two for a variance, four where halves are cross-fitted
LEAST_IN_CELL = {"separation": 2, "orthogonality": 4}
SHOWN = 5  # images of each species that recognition shows at most; one more is asked for
SEVERAL = {
    "objectives": "give stores of models that were trained to different objectives, and in nothing else differ",
    "controls": "give a control beside this store: of pixels, of an untrained network or of labels dealt anew",
    "stages": "give two stores or more, at different places of the scale",
    "agreements": "give three stores or more, of the same images or species; two are compared by agreement",
}


def fitness(embeddings: Embeddings) -> list[dict]:
    """Give, for each question, its `name`, whether the store is `fit` for it, and what that `says` rests on.

    Fit means that a claim across species could be decided with such rows, not that it will be. Traits and a
    tree come from elsewhere, so their match is not part of it.
    """
    lab = Lab(name="fitness", stores=[embeddings])
    counts = _images_per_species(embeddings)
    answers = [_alignment(counts)]
    for question in ("separation", "orthogonality"):
        asked = [column for column in ("sex", "life_stage") if lab.contrast(column)]
        answers += [_contrast(question, *lab.variants(column)[:2]) for column in asked]
        if not asked:
            says = "neither sex nor life_stage holds two values; in Python, "
            says += f"el.{question}(store, (column, a, b), rng=0) asks of another column"
            answers.append({"name": question, "fit": False, "says": says})
    kin = [_kin(name, embeddings, counts) for name in ("phylogeny", "hierarchy", "rank_ladder")]
    one = [_recognition(embeddings), _finches(embeddings), _habitat(counts)]
    many = [{"name": name, "fit": False, "says": says} for name, says in SEVERAL.items()]
    return [*answers, *kin, *one, *many, _scaling(embeddings), _agreement(counts)]


def _images_per_species(emb: Embeddings) -> list[int]:
    if not emb.has("species"):
        return []
    return emb.column("species").drop_nulls().value_counts()["count"].to_list()


def _alignment(counts: list[int]) -> dict:
    repeated = sum(n > 1 for n in counts)
    says = (
        f"{len(counts)} species, {LEAST_SPECIES} or more are needed, and {FOR_POWER} to see a share of 5 % in 84 of "
        "100 cases; traits and a tree must be given"
    )
    if repeated < LEAST_REPEATED:
        says += f"; {repeated} with two images or more, too few to estimate reliability"
    return {"name": "trait_alignment", "fit": len(counts) >= LEAST_SPECIES, "says": says}


def _contrast(question: str, emb: Embeddings, contrast: Contrast) -> dict:
    least = LEAST_IN_CELL[question]
    unit = "individual" if emb.has("individual") else "image_id"
    of = "individuals" if unit == "individual" else "images"
    both = 0
    if emb.has("species"):
        rows = emb.rows.select("species", contrast.column, unit).drop_nulls().unique()
        cells = rows.group_by("species", contrast.column).len()
        enough = cells.filter(
            (cells["len"] >= least) & cells[contrast.column].cast(pl.String).is_in([contrast.a, contrast.b])
        )
        both = int((enough["species"].value_counts()["count"] == 2).sum())
    says = f"{both} species with {least} {of} or more of both sorts; {MIN_ACROSS} are needed"
    return {"name": f"{question} ({contrast.column})", "fit": both >= MIN_ACROSS, "says": says}


def _kin(name: str, emb: Embeddings, counts: list[int]) -> dict:
    ranks = [rank for rank in RANKS if emb.has(rank) and emb.column(rank).drop_nulls().n_unique() > 1]
    fit = len(counts) >= MIN_ACROSS and len(ranks) > 1
    says = f"{len(counts)} species; ranks that vary: {', '.join(ranks) or 'none'}"
    if name == "rank_ladder":
        return {"name": name, "fit": fit, "says": says + ("" if fit else "; two ranks that vary are needed")}
    if len(counts) >= MIN_ACROSS and not fit:
        return {"name": name, "fit": False, "says": f"{says}; so a tree must be given, and is enough"}
    return {"name": name, "fit": fit, "says": f"{says}; a tree may be given"}


def _recognition(emb: Embeddings) -> dict:
    unit = "individual" if emb.has("individual") else "image_id"
    of = "individuals" if unit == "individual" else "images"
    if not emb.has("species"):
        return {"name": "recognition", "fit": False, "says": "no species are recorded"}
    each = emb.rows.select("species", unit).drop_nulls().unique()["species"].value_counts()["count"]
    enough, two = int((each > SHOWN).sum()), int((each > 1).sum())
    says = f"{enough} species with {SHOWN + 1} {of} or more; {MIN_ACROSS} are needed"
    if enough < MIN_ACROSS <= two:
        says += f"; {two} with two or more: --set shots=1 (in Python shots=1) asks of them"
    return {"name": "recognition", "fit": enough >= MIN_ACROSS, "says": says}


def _finches(emb: Embeddings) -> dict:
    if not (emb.has("species") and emb.has("genus")):
        says = "no genus is recorded: give the column genus, or a higher rank and --set clade=NAME"
        return {"name": "finches", "fit": False, "says": says}
    genera = emb.rows.select("genus", "species").drop_nulls().unique()["genus"].value_counts(sort=True)
    name, most = genera.row(0) if genera.height else ("none", 0)
    says = f"the largest genus, {name}, has {most} species; {LEAST_SPECIES} are needed, and traits and a tree"
    return {"name": "finches", "fit": most >= LEAST_SPECIES, "says": says}


def _habitat(counts: list[int]) -> dict:
    says = f"{len(counts)} species, {LEAST_SPECIES} or more are needed; habitats and a tree must be given"
    return {"name": "habitat", "fit": len(counts) >= LEAST_SPECIES, "says": says}


def _agreement(counts: list[int]) -> dict:
    says = f"with a second store of the same images or species: {len(counts)} species, {LEAST_ALIKE} or more are needed"
    return {"name": "agreement", "fit": len(counts) >= LEAST_ALIKE, "says": f"{says}, and a tree"}


def _scaling(emb: Embeddings) -> dict:
    training = emb.card.get("training") or emb.card
    seen = training.get("images_seen")
    says = "one store is one point: give three or more, of the same images at different scales"
    return {
        "name": "scaling",
        "fit": seen is not None,
        "says": says + (f" (this one: {seen:,})" if seen else ""),
    }
