"""A scientist's own file as an analysis: run by its path, held to the same rules."""

import numpy as np
import polars as pl
import pytest

from embedlab.study import load_analysis, run_analysis
from tests.stores import write_store

MINE = '''"""Do birds have length?"""
import numpy as np
from embedlab.claims import Claim, Evidence

SETTINGS = {"least": "the least length"}
CLAIMS = (Claim(id="long", says="Vectors are longer than nothing.", source="me", at_least=0.1),)


def run(lab):
    length = np.linalg.norm(lab.embeddings().float64(), axis=1)
    null = lab.rng.normal(scale=0.01, size=99)
    found = Evidence(
        statistic="mean length", estimate=length.mean(), interval=(length.min(), length.max()), null=null,
        chance_kind="none", p_more=0.01, p_less=1.0, p_floor=0.01, n=len(length), n_effective=len(length),
    )
    return lab.outcome(claims=CLAIMS, evidence={"long": found}, sentences={"long": "They have."}, results={})
'''


@pytest.fixture
def store(tmp_path, rng):
    rows = pl.DataFrame({"image_id": [str(i) for i in range(9)], "species": list("aaabbbccc")})
    return write_store(tmp_path / "store", rng.normal(size=(9, 4)).astype(np.float32), rows)


def test_a_users_own_file_runs_by_its_path(store, tmp_path):
    path = tmp_path / "length.py"
    path.write_text(MINE)
    found = run_analysis(path, stores=[store], settings={"least": "1"}).to_dict()
    assert found["analysis"] == "length" and found["question"] == "Do birds have length?"
    assert found["claims"][0]["verdict"] == "supported" and found["claims"][0]["sentence"] == "They have."
    with pytest.raises(ValueError, match="length has no setting 'lest', closest is 'least'"):
        run_analysis(path, stores=[store], settings={"lest": "1"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CLAIMS = ()\ndef run(lab): pass\n", "mine.py has no docstring: an analysis begins with its question"),
        ('"""Why?"""\nCLAIMS = ()\n', r"has no run\(lab\) or no CLAIMS"),
        ('"""Why?"""\ndef run(lab): pass\n', r"has no run\(lab\) or no CLAIMS"),
    ],
)
def test_a_file_that_is_no_analysis_is_refused(tmp_path, text, said):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        load_analysis(path)


def test_claims_and_evidence_must_meet(store, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE.replace('evidence={"long": found}', 'evidence={"other": found}'))
    with pytest.raises(KeyError, match=r"no evidence for \['long'\]: a claim once made is judged"):
        run_analysis(path, stores=[store])
    path.write_text(MINE.replace('evidence={"long": found}', 'evidence={"long": found, "extra": found}'))
    with pytest.raises(KeyError, match=r"evidence for \['extra'\], which no claim announced"):
        run_analysis(path, stores=[store])
