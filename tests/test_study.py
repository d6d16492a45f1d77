"""Every analysis, from stores on disk to judged outcomes: what it says, refuses, and writes."""

import ast
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from embedlab.claims import VERDICTS
from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.fitness import fitness
from embedlab.io.imports import import_file
from embedlab.io.store import open_store
from embedlab.lab import Lab
from embedlab.measures.contrast import Contrast
from embedlab.measures.separation import separation
from embedlab.places import analyses_folder
from embedlab.study import list_analyses, load_analysis, report_stores, run_analysis, write_outcome
from tests.stores import write_store

SPECIES, STATIONS = 16, 3
FAST = {"permutations": "99"}


def birds(rng, tree, apart=1.0, aligned=1.0):
    """Adults and juveniles of both sexes: species evolved on the tree, stages and sexes apart by `apart`."""
    d = 24
    size = brownian_traits(rng, tree)[:, 0]
    means = brownian_traits(rng, tree, d) + aligned * np.outer(size, rng.normal(size=d))
    sexes, stages = rng.normal(size=(2, d))
    x, rows = [], {k: [] for k in ("species", "genus", "family", "order", "sex", "life_stage", "individual")}
    for i, name in enumerate(tree.names):
        for sex, stage in [(s, t) for s in ("female", "male") for t in ("juvenile", "adult")]:
            for _ in range(4):
                side = (0.5 if sex == "male" else -0.5) * sexes + (0.5 if stage == "adult" else -0.5) * stages
                x.append(3 + means[i] + apart * side + 0.4 * rng.normal(size=d))
                place = (name, name.split()[0], f"family {i // 6}", f"order {i // 12}", sex, stage, f"bird {len(x)}")
                for key, value in zip(rows, place, strict=True):
                    rows[key].append(value)
    rows = {"image_id": [f"i{i:04d}" for i in range(len(x))], **rows}
    return np.array(x, np.float32), pl.DataFrame(rows), size


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Four stores of the same birds at growing scales, their traits and tree."""
    folder = tmp_path_factory.mktemp("world")
    tree = random_tree(np.random.default_rng(0), SPECIES)
    stores = []
    for i, apart in enumerate((0.3, 0.6, 0.9, 1.2)):
        x, rows, size = birds(np.random.default_rng(1), tree, apart=apart)
        x = x + 0.1 * np.random.default_rng(10 + i).normal(size=x.shape).astype(np.float32)
        training = {"images_seen": 1000 * 4**i, "seed": 0}
        stores.append(write_store(folder / f"scale{i}", x, rows, training=training))
    traits = folder / "traits.csv"
    wet = ["wet" if i % 3 else "dry" for i in range(SPECIES)]
    pl.DataFrame({"species": tree.names, "size": size, "habitat": wet}).write_csv(traits)
    (folder / "tree.nwk").write_text(tree.newick())
    return {"stores": stores, "traits": traits, "tree": folder / "tree.nwk", "folder": folder}


def run(world, name, stores=None, **more):
    stores = [world["stores"][-1]] if stores is None else stores
    return run_analysis(name, stores=stores, traits=world["traits"], tree=world["tree"], **{"settings": FAST, **more})


def words(outcome):
    return {v.claim.id: v.word for v in outcome.verdicts}


def test_the_five_questions_are_listed_by_file_and_question():
    listed = list_analyses()
    assert {"trait_alignment", "orthogonality", "separation", "phylogeny", "scaling"} <= {a["name"] for a in listed}
    assert {"recognition", "objectives"} <= {a["name"] for a in listed}
    assert all(a["question"].endswith("?") for a in listed)


def test_claims_stand_before_the_numbers():
    """A claim's words are constants of the file: nothing in it depends on results."""
    for path in analyses_folder().glob("*.py"):
        module = load_analysis(path.stem)
        assert hasattr(module, "CLAIMS") or hasattr(module, "claims")
        run_body = next(
            n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef) and n.name == "run"
        )
        assert not [n for n in ast.walk(run_body) if isinstance(n, ast.Name) and n.id == "Claim"], path.name
        for claim in getattr(module, "CLAIMS", ()):
            assert claim.says.endswith(".") and claim.source and claim.at_least > 0


def test_what_was_planted_is_found(world):
    assert words(run(world, "separation")) == {"sexes-stand-apart": "supported", "stages-stand-apart": "supported"}
    alignment = run(world, "trait_alignment", settings={**FAST, "traits": "size,habitat"})
    assert set(words(alignment)) == {"aligned-size", "aligned-habitat"}
    assert words(alignment)["aligned-size"] == "supported" and words(alignment)["aligned-habitat"] != "supported"
    tree = words(run(world, "phylogeny"))
    assert tree["distances-follow-tree"] == "supported" and len(tree) == 3
    kin = {v.claim.id: v for v in run(world, "hierarchy").verdicts}
    assert kin["kinship-order"].p_adjusted <= 0.05 and len(kin) == 3  # how much, 16 species cannot tell
    assert set(words(run(world, "recognition")).items()) == {("1-shot", "supported"), ("5-shot", "supported")}
    placed = run(world, "orthogonality")
    assert set(words(placed)) == {"sex-outside-species", "stage-outside-species"}
    assert any("compared among adults" in note for note in placed.notes)


def test_growth_is_followed_along_the_series(world):
    found = run(
        world, "scaling", stores=world["stores"], x="images_seen", settings={"permutations": "99", "trait": "size"}
    )
    got = words(found)
    assert set(got) == {
        "one-shot-accuracy-grows", "five-shot-accuracy-grows", "sex-separation-grows", "stage-separation-grows",
        "sex-leaves-species-span", "stage-leaves-species-span", "kinship-order-grows", "recent-kinship-order-grows",
        "trait-alignment-grows",
    }  # fmt: skip
    grows = next(v for v in found.verdicts if v.claim.id == "sex-separation-grows")
    # four runs in order: p is at its floor of 1/24, which Holm over nine claims lifts above .05
    assert grows.numbers["estimate"] > 0 and grows.p_value == pytest.approx(1 / 24)
    assert "from 1,000 to 64,000 the same species differ by +" in found.sentences["sex-separation-grows"]
    assert got["sex-separation-grows"] == "cannot tell" and "no more extreme result was possible" in grows.reason


def test_one_store_is_no_series(world):
    with pytest.raises(ValueError, match="a trend needs at least 3 different scales"):
        run(world, "scaling")


def test_the_same_seed_gives_the_same_outcome_whatever_ran_before(world):
    one = run(world, "separation", seed=5).to_dict()
    run(world, "phylogeny", seed=5)
    assert json.dumps(run(world, "separation", seed=5).to_dict()) == json.dumps(one)
    other = run(world, "separation", seed=6).to_dict()
    assert other["claims"][0]["chance"] != one["claims"][0]["chance"]
    assert other["claims"][0]["estimate"] == one["claims"][0]["estimate"]  # the data did not change


@pytest.mark.parametrize(
    "name", ["separation", "trait_alignment", "orthogonality", "phylogeny", "hierarchy", "recognition"]
)
def test_outcome_json_has_every_key_of_the_contract(world, name):
    facts = json.loads(json.dumps(run(world, name, command="embedlab run …").to_dict(), allow_nan=False))
    assert set(facts) >= {
        "schema", "analysis", "question", "claims", "exclusions", "seed", "stores", "versions", "command",
    }  # fmt: skip
    assert facts["analysis"] == name and facts["question"].endswith("?") and facts["command"] == "embedlab run …"
    assert facts["stores"] and {"key", "model"} <= set(facts["stores"][0]) and len(facts["stores"][0]["key"]) == 64
    assert {"python", "numpy", "embedlab"} <= set(facts["versions"])
    for claim in facts["claims"]:
        assert set(claim) >= {
            "id", "says", "source", "statistic", "estimate", "interval", "chance", "p_value", "n", "n_effective",
            "verdict", "sentence",
        }  # fmt: skip
        assert claim["verdict"] in VERDICTS and claim["sentence"] and 0 < claim["p_value"] <= claim["p_adjusted"] <= 1
        assert set(claim["chance"]) == {"mean", "low", "high", "kind"} and len(claim["interval"]) == 2


@pytest.mark.slow
def test_figures_and_outcome_are_written_and_the_json_last(world, tmp_path):
    outcome = run(world, "separation", out=tmp_path / "separation")
    written = {p.suffix for p in (tmp_path / "separation").iterdir()}
    assert {".svg", ".pdf", ".png", ".html", ".csv", ".json"} <= written
    assert json.loads((tmp_path / "separation" / "outcome.json").read_text()) == json.loads(
        json.dumps(outcome.to_dict())
    )
    assert not list((tmp_path / "separation").glob(".*.new"))
    assert write_outcome(outcome, tmp_path / "again")[-1].name == "outcome.json"


def test_a_misspelt_setting_does_not_pass_in_silence(world):
    with pytest.raises(
        ValueError, match=r"separation has no setting 'permutation', closest is 'permutations'\. It knows:\n  sex: "
    ):
        run(world, "separation", settings={"permutation": "9"})
    with pytest.raises(ValueError, match="setting permutations='many' is no whole number, as 999 is"):
        run(world, "separation", settings={"permutations": "many"})
    with pytest.raises(ValueError, match="name two values, as in --set sex=female,male"):
        run(world, "separation", settings={"sex": "female"})
    with pytest.raises(ValueError, match="setting sex=female,mal: sex has no 'mal'; it holds female, male"):
        run(world, "separation", settings={"sex": "female,mal"})
    lab = Lab(name="q", question="?", stores=[Embeddings(np.eye(2), {"image_id": ["a", "b"]})], settings={"sex": "a,b"})
    with pytest.raises(ValueError, match="setting sex=a,b: sex has no 'a'; there is no such column"):
        lab.contrast("sex")


def test_settings_choose_the_contrast_and_the_axes(world):
    turned = run(world, "separation", settings={**FAST, "sex": "male,female"})
    assert str(turned.results["sex"].contrast) == "male vs female"
    assert run(world, "orthogonality", settings={**FAST, "axes": "3"}).results["sex"].rank == 3
    with pytest.raises(KeyError, match="no trait 'sise'; closest: 'size'"):
        run(world, "trait_alignment", settings={**FAST, "traits": "sise"})
    with pytest.raises(ValueError, match="null='brown' is not known"):
        run(world, "trait_alignment", settings={**FAST, "traits": "size", "null": "brown"})


def test_an_analysis_that_is_not_there_names_the_closest():
    with pytest.raises(ValueError, match=r"there is no analysis 'seperation'; closest is 'separation'\. There are "):
        load_analysis("seperation")
    with pytest.raises(ValueError, match="your own is named by its path, ending in .py"):
        load_analysis("mine.py")


def test_questions_that_a_store_cannot_answer_say_why(world, tmp_path):
    emb = open_store(world["stores"][0])
    bare = write_store(tmp_path / "bare", emb.x, emb.rows.select("image_id", "species"))
    asked = {
        "separation": "records neither two sexes nor two life stages",
        "orthogonality": "records neither two sexes nor two life stages",
        "phylogeny": "this needs a tree: pass --tree FILE",
        "hierarchy": "this needs a tree: pass --tree FILE",
        "trait_alignment": "this needs traits: pass --traits FILE",
        "scaling": "a trend needs at least 3 different scales",
        "controls": "no control stands among these stores",
        "objectives": "objectives are compared with 'hierarchical', and the stores were trained to",
    }
    for name, why in asked.items():
        with pytest.raises(ValueError, match=why):
            run_analysis(name, stores=[bare])


def test_traits_of_other_species_are_refused(world, tmp_path):
    other = tmp_path / "traits.csv"
    pl.DataFrame({"species": ["Zz zz", "Yy yy"], "size": [1.0, 2.0]}).write_csv(other)
    with pytest.raises(ValueError, match="none of 16 species of the store stands among the traits"):
        run_analysis("trait_alignment", stores=[world["stores"][0]], traits=other, tree=world["tree"])


def test_two_species_cannot_tell_and_it_says_why(world, tmp_path):
    emb = open_store(world["stores"][-1])
    few = emb.where(species=emb.column("species").unique().sort().to_list()[:2])
    path = write_store(tmp_path / "two", np.asarray(few.x), few.rows)
    for name in ("separation", "orthogonality"):
        for verdict in run_analysis(name, stores=[path], settings=FAST).verdicts:
            assert verdict.word == "cannot tell" and "2 species" in verdict.reason


def test_sexes_written_as_numbers_are_compared(world):
    emb = open_store(world["stores"][-1])
    numbers = emb.rows.with_columns(sex=(pl.col("sex") == "male").cast(pl.Int64)).drop("life_stage")
    store = Embeddings(np.asarray(emb.x), numbers, {})
    assert Lab(name="x", stores=[store]).contrast("sex") == Contrast("sex", "0", "1")
    told = next(a for a in fitness(store) if a["name"] == "separation (sex)")
    assert told["fit"] and told["says"].startswith("16 species")
    assert separation(store, ("sex", 0, 1), permutations=9, rng=0).evidence.n == 16


def test_without_a_tree_ranks_stand_in_and_it_is_said(world):
    found = run_analysis("phylogeny", stores=[world["stores"][-1]], settings=FAST)
    assert any("taxonomic ranks stand in for it" in note for note in found.notes)


@pytest.mark.slow
def test_the_report_judges_all_claims_as_one_family_and_names_what_it_could_not_ask(world, tmp_path):
    settings = {name: FAST for name in ("separation", "orthogonality", "phylogeny", "hierarchy")}
    told = report_stores([world["stores"][-1]], tmp_path / "report.html", settings=settings)
    assert {"trait_alignment", "scaling"} <= set(told["unasked"])
    assert "needs traits" in told["unasked"]["trait_alignment"]
    claims = [c for o in told["outcome"] for c in o["claims"]]
    assert len(claims) >= 10 and {c["family"] for c in claims} == {len(claims)}
    assert Path(told["report"]).stat().st_size == told["bytes"] > 10_000


def test_a_report_of_a_store_that_answers_nothing_shows_the_map(world, tmp_path):
    store = tmp_path / "bare"
    x = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    np.save(tmp_path / "bare.npy", x)
    pl.DataFrame({"image_id": [f"i{i}" for i in range(12)]}).write_csv(tmp_path / "bare.csv")
    import_file(tmp_path / "bare.npy", store)
    told = report_stores([store], tmp_path / "bare.html")
    assert told["outcome"] == [] and set(told["unasked"]) == {a["name"] for a in list_analyses()}
    page = (tmp_path / "bare.html").read_text(encoding="utf-8")
    assert "No question was asked of these data" in page and "Map of the images" in page


def test_what_a_claim_declares_is_what_the_evidence_shows(world):
    """The unit is the declared one, and every claim that ships says what is measured, beside what, and without whom."""
    for entry in list_analyses():
        # need other stores, and have a test each: test_objectives, test_beyond_controls, test_agreements, …
        if entry["name"] in ("objectives", "controls", "agreements", "finches", "stages"):
            continue
        stores = world["stores"] if entry["name"] == "scaling" else world["stores"][-2:]
        if entry["name"] not in ("scaling", "agreement"):
            stores = stores[-1:]
        for verdict in run(world, entry["name"], stores=stores).verdicts:
            claim = verdict.claim
            assert claim.statistic and claim.null and claim.exclusions, claim.id
            assert verdict.numbers["unit"] == claim.unit, claim.id
