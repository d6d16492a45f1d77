"""A whole study in small: trained, photographed, asked, judged; called again, nothing is done twice."""

import json

import pytest

from embedlab.reproduction import reproduce

# A minute of work on a quiet machine; the limit is for one that is not.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

CONFIG = """
world = 5
world_species = 64
size = 16
dim = 16
width = 4
batch = 16
steps = 4
species = 8
images = 4
[[arm]]
snapshots = "powers"
[[arm]]
images = [2, 8]
[[arm]]
objective = ["flat", "ce"]
[[arm]]
shuffle = 1
"""
FEW = {"permutations": 19, "episodes": 3}
SETTINGS = {"scaling": FEW, "objectives": FEW, "recognition": FEW, "separation": {"permutations": 19},
            "orthogonality": {"permutations": 19}, "hierarchy": {"permutations": 19},
            "trait_alignment": {"permutations": 19, "placebos": 0}}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    (out / "c.toml").write_text(CONFIG)
    done = reproduce(out / "c.toml", out / "s", species=16, each=24, workers=1, settings=SETTINGS)
    return out, done


def test_every_claim_of_a_study_is_judged_and_written_down(study):
    out, done = study
    told = json.loads((out / "s" / "outcome.json").read_bytes())
    claims = {claim["id"]: claim for claim in told["claims"]}
    assert {claim["verdict"] for claim in claims.values()} and done["runs"] == 6 and done["worlds"] == 1
    assert any(name.startswith("scaling/images/") for name in claims), list(claims)
    assert any(name.startswith("objectives/") for name in claims) and any(n.startswith("hierarchy/") for n in claims)
    for claim in claims.values():
        assert [world["world"] for world in claim["worlds"]] == ["world-5"]
        assert {"chance", "interval", "p_value", "verdict"} <= set(claim)
    [slope] = claims["scaling/images/five-shot-accuracy-grows"]["worlds"]
    assert all(f"{name} " in slope["sentence"] for name in ("pixel PCA", "random network", "shuffled labels"))
    rows = (out / "s" / "verdicts.md").read_text().splitlines()
    assert sum(row.startswith("| ") for row in rows) == len(claims) + 1
    assert list(told["theorem"]) == ["world-5/theorem-seed0"]
    assert (out / "s" / "figures" / "world-5" / "scaling-images" / "outcome.json").is_file()
    assert "1 world of 1" in (out / "s" / "figures" / "over-worlds" / "images.svg").read_text()


def test_a_second_call_repeats_nothing(study):
    out, done = study
    watched = [p for p in (out / "s").rglob("*") if p.name in ("model.json", "evidence.json", "manifest.json")]
    before = {p: p.stat().st_mtime_ns for p in watched}
    again = reproduce(out / "c.toml", out / "s", species=16, each=24, workers=1, settings=SETTINGS)
    assert again == done and len(before) > 10
    assert {p: p.stat().st_mtime_ns for p in watched} == before
    # another setting is another question
    changed = {**SETTINGS, "hierarchy": {"permutations": 29}}
    reproduce(out / "c.toml", out / "s", species=16, each=24, workers=1, settings=changed)
    renewed = [p.parent.name for p, t in before.items() if p.stat().st_mtime_ns != t]
    assert renewed == ["hierarchy"]
