"""A refusal or a fault: what was raised on purpose says why a question cannot be asked, all else must be seen."""

import dis
from pathlib import Path
from types import TracebackType

from embedlab.places import analyses_folder

_PACKAGE = Path(__file__).resolve().parent
_RAISE = dis.opmap["RAISE_VARARGS"]


def refusal_of(error: Exception) -> str:
    """Give the words in which an analysis refused to be asked; any other error is raised again as it is.

    A refusal is made by a `raise` of ours while an analysis runs: "needs at least 5 species". A key that a mapping
    lacks, or an array that NumPy rejects, is a fault, and would be hidden if it were told as "not asked"; so would
    what is refused after the analysis has answered, by who judges its claims or draws its figures.
    """
    if not (deliberate(error) and any(_stands_in(analyses_folder(), tb) for tb in _steps(error))):
        raise error
    return words_of(error)


def reason_of(error: Exception) -> str:
    """Give the words in which one of ours refused; any other error is raised again as it is.

    For a part of an answer that some data do not allow, and that is told as such: "cannot tell, and why". The words of
    NumPy on arrays that do not fit are no such reason.
    """
    if not deliberate(error):
        raise error
    return words_of(error)


def deliberate(error: Exception, *also: Path) -> bool:
    """Whether an error was made by a `raise` statement in a file of ours, or in one of those named `also`.

    The instruction is asked and not the line of text: in `raise ValueError(names[key])` the lookup may fail as well.
    """
    *_, last = [None, *_steps(error)]
    if last is None or last.tb_frame.f_code.co_code[last.tb_lasti] != _RAISE:
        return False
    return any(_stands_in(place, last) for place in (_PACKAGE, analyses_folder(), *also))


def words_of(error: Exception) -> str:
    """Give the words of an error; `str` alone would put those of a KeyError into quotes.

    >>> str(KeyError("no sex is known")), words_of(KeyError("no sex is known"))
    ("'no sex is known'", 'no sex is known')
    """
    return str(error.args[0] if error.args else error)


def _steps(error: Exception):
    """The traceback from where the error was caught to where it was made."""
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _stands_in(place: Path, step: TracebackType) -> bool:
    return Path(step.tb_frame.f_code.co_filename).resolve().is_relative_to(place)
