"""What the command line says of claims and settings, and what to say next."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from embedlab.cli import app
from tests.stores import write_store


def ask(*words, code=0):
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def ask_json(*words):
    return json.loads(ask(*words, "--json")[0])


@pytest.fixture
def store(tmp_path, rng):
    """Eight species whose sexes differ."""
    rows = [(f"Avis {s}", sex) for s in "abcdefgh" for sex in ("female", "male") for _ in range(3)]
    x = rng.normal(size=(48, 8)) + np.array([2.0 * (sex == "male") for _, sex in rows])[:, None]
    facts = {"image_id": [f"i{i}" for i in range(48)], "species": [s for s, _ in rows], "sex": [x for _, x in rows]}
    return write_store(tmp_path / "v.store", x.astype(np.float32), pl.DataFrame(facts))


def test_list_tells_what_may_be_set(tmp_path):
    out, _ = ask("list", "trait_alignment")
    assert "  traits: names of traits" in out and "next: embedlab run trait_alignment --store STORE --set" in out
    (only,) = ask_json("list", "separation")["analyses"]
    assert {"sex", "life_stage", "permutations"} <= set(only["settings"]) and only["question"].endswith("?")
    mine = tmp_path / "mine.py"
    mine.write_text('"""Why?"""\nCLAIMS = ()\ndef run(lab): pass\n')
    assert ask_json("list", mine)["analyses"] == [{"name": "mine", "question": "Why?", "settings": {}}]
    _, err = ask("list", "seperation", code=1)
    assert "closest is 'separation'" in err


def test_run_says_how_its_claims_were_made_and_what_to_say_next(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["run", "separation", "--store", store]
    out, _ = ask(*words)
    assert "\n  made beforehand: as separation ships with embedlab" in out and "(exploratory)" not in out
    out, _ = ask(*words, "--seed", 3)
    assert "(exploratory)" in out and "\n  exploratory: --seed differs from the analysis as it ships" in out
    assert "--seed 3 --out report.html" in out
    out, _ = ask(*words, "--set", "sex=female,male", "--set", "permutations=99")
    assert "exploratory: --set sex, --set permutations differ from the analysis" in out
    ask(*words, "--seed", 3, "--declare", "claims.json")
    out, _ = ask(*words, "--seed", 3, "--declaration", "claims.json")
    assert "made beforehand: declared on " in out and ", and run as declared" in out
    assert "next: embedlab report v.store --seed 3 --declaration claims.json --out report.html" in out
    out, _ = ask(*words, "--seed", 4, "--declaration", "claims.json")
    assert "exploratory: declared on " in out and ", and differs in seed" in out


def test_the_demo_says_what_was_planted():
    from embedlab.demo import planted
    from embedlab.world import World
    from embedlab.world.dials import Evolution

    turned = Evolution.read({"drawn.elongation": 0.5, "variant_inside": 1.0})
    plain, other = (planted(World(0, 16, dials).card) for dials in (Evolution(), turned))
    assert [line.split(":")[0] for line in plain] == [line.split(":")[0] for line in other]
    assert "sexes differ by" in plain[0] and "(0% of its square" in plain[0] and "(100% of its square" in other[0]
    assert "all variance of functional traits reaches the pixels;" in plain[2]
    assert "reaches the pixels, but for elongation (50%)" in other[2]


def test_help_breaks_lines_where_the_terminal_ends_and_examples_can_be_copied():
    from typer.main import get_command

    for name, verb in get_command(app).commands.items():
        paragraphs = [p for p in verb.help.split("\n\n") if not p.startswith("[cyan]")]
        assert not [p for p in paragraphs if "\n" in p], name
        head, *examples = verb.epilog.split("\n")
        assert head == "[bold]Examples[/bold]" and examples and all(e.startswith(f"embedlab {name}") for e in examples)
        assert max(map(len, examples)) <= 78, f"{name}: an example is broken by a terminal of 80 columns"


def test_the_keys_of_a_training_are_listed(tmp_path):
    out, _ = ask("list", "train")
    assert '  objective = "hierarchical"   # what a step lowers: hierarchical | ' in out
    keys = ask_json("list", "train")["keys"]
    assert keys["steps"]["default"] == 1200 and all(told["help"] for told in keys.values())
