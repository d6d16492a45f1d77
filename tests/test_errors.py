"""Every error of the house is read by a test, says what was seen, and says what to do."""

import re

import pytest

from tests.errors import RUN, Said, raised, read_by_tests, untested

MESSAGES = raised()
WAY_OUT = re.compile(  # a half that explains, a way to go, what there is, the range that may be; … is what was seen
    r"[:;(?,]\s?[^…]*[a-z]{2}|\)\.\n…|\.\s(Give|Leave|Keep|Rename|Closest|It has|There are)\b"
    r"|\b(must|needs?|needed|at least|at most|between|one of|goes from|from 0|may|instead|choose|missing|closest|or use"
    r"|it holds|[Tt]here are)\b"
)
NO_WAY_OUT = {  # kinds that have none to show
    "Refused": "the live page answers whoever asks, and tells as little as it can",
    "Unreadable": "a reason in bad.csv, beside the file's name; the count and the way out stand in the receipt",
    "Paused": "no fault: training was asked to stop, and says that it saved",
}
INSIDE = {  # caught a few lines on, and told again with the file's name and a way out
    "embedlab/extract/tars.py: a … where a mapping was expected",
    "embedlab/io/vectors.py: unknown .npy version …",
    "embedlab/extract/openclip.py: model_cfg",
    "embedlab/explore/handlers.py: … is not JSON",
}
UNHEARD = {  # no test can bring these about by fair means
    "embedlab/io/source_parquet.py: … promises … bytes of table for … rows: refused": "takes a table of a gigabyte",
    "embedlab/io/source_arrays.py: … has … bytes of JSON: convert it to .npz or parquet first": "takes 2 GiB of JSON",
}


def name(said: Said) -> str:
    return f"{said.path}: {'…'.join(said.pieces)}"


def test_the_sources_are_read():
    assert len(MESSAGES) > 700 and {"ValueError", "KeyError", "TypeError"} <= {said.kind for said in MESSAGES}
    assert not {*INSIDE, *UNHEARD} - {name(said) for said in MESSAGES}, "an exception that is no longer raised"


def test_every_error_has_a_test_that_reads_its_words():
    wrong = [said for said in untested(MESSAGES, set(read_by_tests())) if name(said) not in {*INSIDE, *UNHEARD}]
    assert not wrong, "no test matches words of these; write it beside the room's tests:\n" + "\n".join(map(str, wrong))


def test_every_error_says_what_to_do():
    wrong = [s for s in MESSAGES if s.kind not in NO_WAY_OUT and name(s) not in INSIDE
             and not WAY_OUT.search("…".join(s.pieces))]  # fmt: skip
    assert not wrong, "these say no way out:\n" + "\n".join(map(str, wrong))


def test_every_error_names_what_it_saw():
    """A message of fixed words speaks of the whole argument, and names it: it is a sentence, not a word."""
    ours = [said for said in MESSAGES if said.kind not in NO_WAY_OUT and name(said) not in INSIDE]
    fixed = [said for said in ours if len(said.pieces) == 1]
    assert len(fixed) < 0.2 * len(MESSAGES), f"{len(fixed)} of {len(MESSAGES)} show nothing of what was seen"
    short = [said for said in fixed if len(said.pieces[0].split()) < 4]
    assert not short, "\n".join(map(str, short))


@pytest.mark.parametrize(("read", "heard"), [
    ("no trait 'x'; closest", True), ("closest: ", False), (r"no trait .*; closest: \('a", True),
    ("trait", False), ("another message", False),
])  # fmt: skip
def test_a_message_is_heard_by_words_of_its_own_alone(read, heard):
    said = Said("a.py", 1, "KeyError", ("no trait ", "; closest: "))
    others = [Said("b.py", i, "KeyError", (f"{i} no column ", "; closest: ")) for i in range(4)]
    assert RUN == 10 and (said not in untested([said, *others], {read})) == heard
