"""Weights that are not here: fetched where the hub answers, else it is said what to put where."""

import importlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from embedlab.extract import hub
from embedlab.extract.digests import file_sha256, stamp, weights_sha256
from embedlab.extract.encoders import full_name, load_encoder, models


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def server(monkeypatch):
    """A hub on this machine: gives what stands in `files` (path -> bytes), counts what it was asked."""
    files, asked = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            content = files.get(self.path)
            if content == b"silence":
                time.sleep(3)
            self.send_response(200 if content is not None else 404)
            if content is None and "/resolve/" in self.path:
                self.send_header("X-Error-Code", "EntryNotFound")
            body = content or b""
            self.send_header("ETag", f'"{len(body)}-{abs(hash(self.path))}"')
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *words):
            pass

    one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{one.server_port}")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "EMBEDLAB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield files, asked
    one.shutdown()
    one.server_close()


def test_offline_says_at_once_what_to_put_where(empty_cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    importlib.import_module("embedlab.extract.openclip")  # whose import takes its time on a busy machine
    began = time.monotonic()
    with pytest.raises(FileNotFoundError) as caught:
        load_encoder("bioclip-2", device="cpu")
    assert time.monotonic() - began < 20  # no waiting for a network
    said = str(caught.value)
    place = empty_cache / "models--imageomics--bioclip-2"
    for part in ("HF_HUB_OFFLINE", f"{place}/snapshots/REVISION/open_clip_config.json", f"{place}/refs/main"):
        assert part in said
    assert "open_clip_model.safetensors" in said and "local-dir:FOLDER" in said


def test_unreachable_is_said_within_seconds(empty_cache, server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody listens
    importlib.import_module("huggingface_hub")
    began = time.monotonic()
    with pytest.raises(FileNotFoundError, match="cannot be reached"):
        hub.fetched("imageomics/bioclip-2")
    assert time.monotonic() - began < 10


def test_a_hub_that_keeps_silent_is_not_waited_for(empty_cache, server, monkeypatch):
    files, _ = server
    files["/api/models/org/slow"] = b"silence"
    monkeypatch.setattr(hub, "_PATIENCE_SECONDS", 0.3)
    with pytest.raises(FileNotFoundError, match="cannot be reached|does not answer"):
        hub.fetched("org/slow")


def test_no_such_model(empty_cache, server):
    with pytest.raises(FileNotFoundError, match=r"404 \(no such model\)"):
        hub.fetched("org/none")


def test_download_fills_the_cache_and_is_not_asked_twice(empty_cache, server, monkeypatch):
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # read once, at its import
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)
    files, asked = server
    files["/api/models/org/tiny"] = b"{}"
    files["/org/tiny/resolve/main/open_clip_config.json"] = json.dumps({"model_cfg": {}}).encode()
    files[f"/org/tiny/resolve/{'c' * 40}/open_clip_pytorch_model.bin"] = b"weights"
    found = hub.fetched("org/tiny")
    assert found.weights.read_bytes() == b"weights" and found.revision == "c" * 40
    assert (
        found.weights.name == "open_clip_pytorch_model.bin"
    )  # safetensors were asked for first, and are not there
    before = len(asked)
    assert hub.fetched("org/tiny") == found and len(asked) == before


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "org/../x", "org", "/org/name", "org/name/more", "o rg/x"]
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(ValueError, match="not the name of a model|no model is called"):
        full_name(f"hf-hub:{name}")


def test_unknown_names_are_answered_with_a_guess():
    with pytest.raises(
        ValueError, match=r"Did you mean 'efficientnet-lite0'\? There are: .*compact:CHECKPOINT"
    ):
        full_name("efficientnet_lite0")
    with pytest.raises(ValueError, match="no model is called 'timm:'"):
        full_name("timm:")


def test_models_lists_names_dimensions_licences_and_layers(tiny):
    known = {model["name"]: model for model in models()}
    assert known["bioclip-2"]["local"] and known["bioclip-2"]["dim"] == 768
    assert not known["bioclip"]["local"] and known["bioclip"]["licence"] == "MIT"
    assert (
        "block.23.cls" in known["bioclip-2"]["layers"] and "stage.6" in known["efficientnet-lite0"]["layers"]
    )
    assert {"hf-hub:ORG/NAME", "local-dir:FOLDER", "timm:MODEL", "compact:CHECKPOINT"} <= set(known)
    assert json.dumps(models())


def test_digests_are_remembered_until_the_file_changes(tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = weights_sha256(file)
    assert first == file_sha256(file)
    monkeypatch.setattr("embedlab.extract.digests.file_sha256", lambda path: pytest.fail("hashed twice"))
    assert weights_sha256(file) == first
    monkeypatch.undo()
    before = stamp([file])
    file.write_bytes(b"another")
    assert weights_sha256(file) == file_sha256(file) != first and stamp([file]) != before
