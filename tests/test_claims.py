"""Five words and when each is said; a claim once made is judged, and judged among all others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.claims import VERDICTS, Claim, Evidence, judge
from embedlab.lab import Outcome, judged_together


def claim(name="a", **changes):
    return Claim(**{"id": name, "says": "It is so.", "source": "somebody", "at_least": 0.1, **changes})


def evidence(**changes):
    """An excess of .5 [.4, .6] over a chance of 0, as rare as 999 shuffles can show."""
    given = {
        "statistic": "share", "estimate": 0.5, "interval": (0.4, 0.6), "null": np.linspace(-0.2, 0.2, 41),
        "chance_kind": "shuffled", "p_more": 0.001, "p_less": 1.0, "p_floor": 0.001, "n": 20, "n_effective": 20.0,
    }  # fmt: skip
    return Evidence(**{**given, **changes})


def word(ev, **changes):
    return judge([claim(**changes)], {"a": ev})[0]


SMALL = {"estimate": 0.05, "interval": (0.04, 0.06)}
OPPOSITE = {"estimate": -0.5, "interval": (-0.6, -0.4), "p_more": 1.0, "p_less": 0.001}


def test_supported_needs_the_p_value_and_the_whole_interval():
    assert word(evidence()).word == "supported"
    assert word(evidence(p_more=0.06)).word == "not supported"
    wide = word(evidence(interval=(0.05, 0.95)))
    assert wide.word == "cannot tell" and "may be less than the 0.1 that matters" in wide.reason
    reaches = word(evidence(interval=(-0.1, 1.1)))
    assert reaches.word == "not supported" and "still reaches chance" in reaches.reason


def test_too_small_to_matter_is_said_of_the_interval_whatever_the_p_value():
    for p in (0.001, 0.9):
        found = word(evidence(**SMALL, p_more=p))
        assert found.word == "too small to matter" and "0.1 would matter" in found.reason
        assert "other side of chance" not in found.reason
    below = word(evidence(estimate=-0.3, interval=(-0.7, 0.08), p_more=0.9, p_less=0.1))
    assert below.word == "too small to matter" and below.reason.startswith("the estimate lies on the other side of ch")


def test_contradicted_needs_the_opposite_established():
    assert word(evidence(**OPPOSITE)).word == "contradicted"
    assert word(evidence(**{**OPPOSITE, "p_less": 0.2})).word != "contradicted"
    assert word(evidence(**{**OPPOSITE, "interval": (-1.1, 0.1)})).word != "contradicted"


def test_cannot_tell_names_its_reason():
    assert word(evidence(cannot_tell="two species only")).reason == "two species only"
    few = word(evidence(p_floor=0.25, n=2))
    assert few.word == "cannot tell"
    assert "with 2 species the smallest p-value that a claim across species can reach is 0.25, above 0.05" in few.reason
    drawn = word(evidence(p_floor=0.1, null=np.zeros(9)))
    assert drawn.reason == "with 9 draws of chance (all there are, or as asked) the smallest p-value is 0.1, above 0.05"
    for broken in ({"estimate": np.nan}, {"interval": (np.nan, np.nan)}, {"null": np.array([np.nan])}):
        assert word(evidence(**broken)).word == "cannot tell"


def test_what_could_hardly_have_been_seen_is_no_negative():
    blind = {"blind": "no power", "interval": (-0.1, 1.1)}
    assert word(evidence(**blind, p_more=0.4)).word == "cannot tell"
    assert word(evidence(**blind, p_more=0.4)).reason.endswith(": no power")
    assert word(evidence(blind="no power")).word == "supported"  # seen all the same
    assert word(evidence(**SMALL, blind="no power", p_more=0.4)).word == "too small to matter"  # the interval decides


def test_no_result_could_have_decided_among_many():
    # p is at its floor of .02, but among four claims Holm makes .08 of it: no data like these could support
    claims = [claim(n) for n in "abcd"]
    found = judge(claims, {n: evidence(p_more=0.02 if n == "a" else 0.5, p_floor=0.02) for n in "abcd"})
    assert found[0].word == "cannot tell" and "no more extreme result was possible" in found[0].reason


def test_a_claim_by_itself_speaks_of_no_family():
    assert word(evidence()).reason == "excess over chance +0.4 to +0.6, p = 0.001"
    two = judge([claim("a"), claim("b")], {"a": evidence(), "b": evidence()})
    assert two[0].reason.endswith("p = 0.001, 0.002 among 2 claims")
    assert "among" not in word(evidence(p_more=0.04, p_floor=0.04)).reason


def test_claims_of_less_are_judged_downwards():
    assert word(evidence(**OPPOSITE), direction=-1).word == "supported"
    assert word(evidence(), direction=-1).word == "contradicted"


def test_the_excess_is_over_the_mean_of_chance():
    lifted = evidence(estimate=0.9, interval=(0.85, 0.95), null=np.full(99, 0.9))
    assert word(lifted).word == "too small to matter"


def test_holm_counts_the_whole_family():
    alone = word(evidence(p_more=0.02))
    claims = [claim(n) for n in "abc"]
    family = judge(claims, {n: evidence(p_more=0.02 if n == "a" else 0.5) for n in "abc"})
    assert alone.word == "supported" and family[0].word == "not supported"
    assert family[0].p_adjusted == pytest.approx(0.06) and family[0].family == 3


def test_a_claim_nobody_can_decide_helps_no_other():
    # two claims at p = .03: alone, Holm doubles; an undecidable third must not make it cheaper
    claims = [claim(n) for n in "abc"]
    found = judge(claims, {n: evidence(p_more=0.03, cannot_tell="no" if n == "c" else "") for n in "abc"})
    assert found[0].p_adjusted == pytest.approx(0.09) and found[2].p_value == 1.0


def test_no_claim_goes_unjudged_and_no_evidence_unclaimed():
    with pytest.raises(KeyError, match=r"no evidence for \['b'\]: a claim once made is judged"):
        judge([claim("a"), claim("b")], {"a": evidence()})
    with pytest.raises(KeyError, match=r"evidence for \['b'\], which no claim announced"):
        judge([claim("a")], {"a": evidence(), "b": evidence()})
    with pytest.raises(ValueError, match=r"these come twice: \['a'\]"):
        judge([claim("a"), claim("a")], {"a": evidence()})
    assert judge([], {}) == []


def test_a_claim_that_could_not_be_judged_is_refused():
    with pytest.raises(ValueError, match="direction is 0; use 1 for more than chance"):
        claim(direction=0)
    with pytest.raises(ValueError, match="at_least must be 0 or more"):
        claim(at_least=-0.1)
    with pytest.raises(ValueError, match=r"alpha within \(0, 1\); saw 0.1 and 1"):
        claim(alpha=1.0)


def test_a_later_rewording_shows():
    base = claim()
    assert base.hash == claim().hash and len(base.hash) == 16
    changes = {"id": "b", "says": "It is so!", "source": "me", "at_least": 0.2, "alpha": 0.01, "direction": -1}
    hashes = {replace(base, **{key: value}).hash for key, value in changes.items()}
    assert len(hashes) == len(changes) and base.hash not in hashes


def test_the_entry_in_the_outcome_has_every_key():
    entry = word(evidence()).to_dict("A sentence.")
    assert entry["sentence"] == "A sentence." and entry["verdict"] in VERDICTS
    assert set(entry) >= {
        "id", "says", "source", "statistic", "estimate", "interval", "chance", "p_value", "n", "n_effective",
        "verdict", "sentence",
    }  # fmt: skip
    assert set(entry["chance"]) == {"mean", "low", "high", "kind"}
    assert word(evidence(interval=(np.nan, np.nan))).to_dict()["interval"] == [None, None]  # JSON has no NaN


@given(
    st.floats(0.001, 1), st.floats(0.001, 1), st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.3)
)
def test_every_evidence_gets_one_of_five_words_and_support_is_never_cheap(more, less, centre, below, above, at_least):
    ev = evidence(estimate=centre, interval=(centre - below, centre + above), p_more=more, p_less=less)
    found = word(ev, at_least=at_least)
    assert found.word in VERDICTS and found.reason and str(found).startswith("It is so. — ")
    if found.word == "supported":
        assert found.p_adjusted <= 0.05 and centre - below > at_least - 1e-9  # the null's mean is 0 to rounding
    if found.word == "contradicted":
        assert less <= 0.05 and centre + above < 1e-9


@given(st.permutations(range(4)))
def test_the_order_of_claims_does_not_matter(order):
    ps = [0.001, 0.01, 0.03, 0.6]
    base = judge([claim(str(i)) for i in range(4)], {str(i): evidence(p_more=p) for i, p in enumerate(ps)})
    other = judge([claim(str(i)) for i in order], {str(i): evidence(p_more=p) for i, p in enumerate(ps)})
    assert {v.claim.id: (v.word, v.p_adjusted) for v in base} == {v.claim.id: (v.word, v.p_adjusted) for v in other}


def test_outcomes_shown_together_are_one_family():
    def outcome(name, p):
        return Outcome(
            analysis=name,
            question="?",
            claims=(claim(),),
            evidence={"a": evidence(p_more=p)},
            sentences={},
            results={},
            exclusions=(),
            notes=(),
            seed=0,
            stores=(),
        ).judged()

    one, two = judged_together([outcome("x", 0.03), outcome("y", 0.04)])
    assert [o.verdicts[0].word for o in (outcome("x", 0.03), one, two)] == [
        "supported", "not supported", "not supported",
    ]  # fmt: skip
    assert one.verdicts[0].claim == claim() and one.verdicts[0].family == 2  # its own id and hash again


class Found:
    """A result as far as `judge` looks: it keeps evidence."""

    def __init__(self, kept):
        self.evidence = kept


def test_one_claim_takes_the_result_itself():
    word = judge([claim()], {"a": evidence()})[0].word
    given = (evidence(), Found(evidence()), Found({"1-shot": evidence()}), {"a": Found(evidence())})
    assert [judge(claim(), one)[0].word for one in given] == [word] * 4


def test_what_is_no_evidence_is_named():
    two = Found({"1-shot": evidence(), "5-shot": evidence()})
    with pytest.raises(TypeError, match=r"evidence of several kinds, '1-shot', '5-shot': give one .*\['1-shot'\]"):
        judge(claim(), two)
    with pytest.raises(TypeError, match="evidence is what a result keeps as .evidence; saw a str. Ask first"):
        judge([claim()], {"a": "p < 0.05"})
    with pytest.raises(KeyError, match="There is evidence for '1-shot', '5-shot'"):
        judge(claim(), two.evidence)
