"""A store of painted photographs, and one of hostile rows, as they lie on a disk."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from photos import bomb, painted, write_store


@pytest.fixture(scope="session")
def birds(tmp_path_factory) -> Path:
    """Twelve photographs of four species, in a folder with a space and an umlaut, and their store."""
    home = tmp_path_factory.mktemp("birds")
    root = home / "Vögel im Mai"
    root.mkdir()
    paths, digests = [], []
    for i in range(12):
        content = painted(i)
        (root / f"bird {i}.jpg").write_bytes(content)
        paths.append(f"bird {i}.jpg")
        digests.append(hashlib.sha256(content).hexdigest())
    x = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    species = [f"Genus species{i % 4}" for i in range(12)]
    sex = [(None, "female", "male")[i % 3] for i in range(12)]
    return write_store(home / "birds.store", root, paths, digests, x, species=species, sex=sex)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory) -> Path:
    """A store whose rows lead where they should not."""
    home = tmp_path_factory.mktemp("hostile")
    root, secret = home / "images", home / "secret.jpg"
    root.mkdir()
    secret.write_bytes(painted(1))
    (root / "link.jpg").symlink_to(secret)
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "changed.jpg").write_bytes(painted(2))
    (root / "bomb.png").write_bytes(bomb())
    (root / "half.jpg").write_bytes(painted(3)[:400])
    (root / "notes.txt").write_text("not a picture")
    (root / "folder.jpg").mkdir()
    paths = ["../secret.jpg", str(secret), "link.jpg", "loop.jpg", "changed.jpg", "bomb.png", "half.jpg", "notes.txt",
             "folder.jpg", "gone.jpg", "a::b.jpg", "/etc/hostname"]  # fmt: skip
    digests = [None] * len(paths)
    digests[4] = "cd" * 32
    x = np.random.default_rng(1).normal(size=(len(paths), 5)).astype(np.float32)
    return write_store(home / "hostile.store", root, paths, digests, x)
