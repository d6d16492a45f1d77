"""`embedlab explore`, as a person starts and ends it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from embedlab.explore.words import words_of

SAID = re.compile(r"the map is at (http://127\.0\.0\.1:\d+/[\w-]{32}/)")


def begin(*words, cwd, **environment):
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", **environment}
    environment.pop("DISPLAY", None)
    command = [sys.executable, "-m", "embedlab.cli", "explore", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, cwd=cwd, env=environment, **pipes)


def address(process) -> tuple[str, str]:
    seen = ""
    for line in process.stderr:
        seen += line
        if line.startswith("keep that address"):  # the last that is said at first
            return SAID.search(seen)[1], seen
    raise AssertionError(seen)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_an_address_answers_there_and_ends_well(birds, tmp_path, end):
    here = {"SSH_CONNECTION": "192.0.2.9 51000 192.0.2.1 2200", "USER": "ann"} if end == signal.SIGINT else {}
    process = begin(birds, "--json", "--no-open", "--selections", tmp_path / "mine", cwd=tmp_path, **here)
    try:
        url, before = address(process)
        page = urllib.request.urlopen(url, timeout=20).read().decode()
        assert "img-011" in page and '"kind":"server"' in page and '"image":true' in page and '"text":false' in page
        assert urllib.request.urlopen(url + "image/3", timeout=20).read()[:2] == b"\xff\xd8"
        body = json.dumps({"ids": ["img-001"]}).encode()
        ask = urllib.request.Request(url + "selection", body, {"Content-Type": "application/json"})
        assert json.load(urllib.request.urlopen(ask, timeout=20))["images"] == 1
        process.send_signal(end)
        out, rest = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, rest
    answer = json.loads(out)
    assert answer["url"] == url and answer["images"] == 12 and len(answer["selections"]) == 1
    assert len(list((tmp_path / "mine").glob("selection-*.csv"))) == 1
    assert "Traceback" not in before + rest
    port = re.search(r":(\d+)/", url)[1]
    assert (f"ssh -N -L {port}:127.0.0.1:{port} -p 2200 ann@192.0.2.1" in before + rest) == bool(here)


def test_a_page_is_written_where_that_is_asked(birds, tmp_path):
    from typer.testing import CliRunner

    from embedlab.cli import app

    out = tmp_path / "maps" / "birds.html"
    done = CliRunner().invoke(app, ["explore", str(birds), "--out", str(out), "--map", "pca", "--color", "sex"])
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert '"kind":"file"' in page and '"neighbours":{' in page and str(Path.cwd()) not in page
    refused = CliRunner().invoke(app, ["explore", str(birds), "--color", "sx", "--out", str(out), "--json"])
    assert refused.exit_code == 1 and "closest: 'sex'" in json.loads(refused.stdout)["error"]
    absent = CliRunner().invoke(app, ["explore", str(tmp_path / "no.store"), "--json"])
    assert absent.exit_code == 1 and "make a store with embedlab extract" in json.loads(absent.stdout)["error"]


CARD = {"model": "toy", "facts": {"layer": "projection", "kind": "image", "weights_sha256": "ab" * 32}}


def test_words_come_from_the_very_model_that_made_the_vectors(tmp_path):
    assert words_of(CARD) is None and words_of({**CARD, "model": "bioclip-2-of-someone"}) is None
    assert words_of({**CARD, "facts": {"layer": "pooled"}}) is None
    with pytest.raises(ValueError, match="layer 'pooled'"):
        words_of({"facts": {"layer": "pooled"}}, "bioclip")
    with pytest.raises(ValueError, match="no model is called 'nobody'"):
        words_of(CARD, "nobody")
    from embedlab.extract.compact import CompactEncoder, save_checkpoint
    from embedlab.extract.towers import CompactCLIP, Shape
    from embedlab.extract.words import Vocabulary

    shape = Shape(dim=8, width=4, size=16)
    vocabulary = Vocabulary.of(["Parus major", "Corvus corax"])
    model = CompactCLIP.drawn(shape, len(vocabulary.words), seed=0)
    save_checkpoint(tmp_path / "model", model, shape, vocabulary, name="toy", training={})
    encoder = CompactEncoder.load(tmp_path / "model")
    facts = {"layer": "projection", "kind": "image", "weights_sha256": encoder.card["weights_sha256"]}
    ask = words_of({"facts": facts}, f"compact:{tmp_path / 'model'}")
    want = encoder.encode_text(["a photo of Parus major."])[0]
    assert np.allclose(ask("Parus major"), want)
    other = words_of({"facts": {**facts, "weights_sha256": "cd" * 32}}, f"compact:{tmp_path / 'model'}")
    with pytest.raises(ValueError, match="other weights"):
        other("Parus major")
