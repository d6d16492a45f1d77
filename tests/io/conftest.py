"""What tests of the store share."""

import shutil

import pytest

from tests.io.worlds import write


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """One finished store of three shards, for tests that only read."""
    out = tmp_path_factory.mktemp("finished") / "s"
    write(out)
    return out


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished store that may be damaged: nothing in it is read-only."""
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    for file in out.rglob("*"):
        file.chmod(0o755)
    return out
