"""What tests of the store share."""

import shutil

import pytest


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the file's finished store that may be damaged: nothing in it is read-only."""
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    for file in out.rglob("*"):
        file.chmod(0o755)
    return out
