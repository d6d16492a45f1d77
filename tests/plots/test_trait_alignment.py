"""The figure of an alignment says how often placebo traits are called, and bears the stamp."""

from dataclasses import replace

import numpy as np

from embedlab.measures.placebo import Beside
from embedlab.plots import picture
from embedlab.stats.trait.placebo import PlaceboPanel
from tests.plots.results import trait_alignment


def test_the_foot_tells_the_placebo_rate_and_the_title_the_stamp():
    found = trait_alignment(np.random.default_rng(0), "categorical")
    honest = picture(found)
    assert (
        "placebo traits called 5.5 % (2.8 % to 9.6 %)" in honest.foot.replace("\u00a0", " ")
        and "UNCALIBRATED" not in honest.title
    )
    broken = replace(found, beside=Beside(placebo=PlaceboPanel(("Brownian", "λ = 0.86"), (90, 11), (1000, 200))))
    assert picture(broken).title.startswith("UNCALIBRATED: ")
    assert "placebo" not in picture(replace(found, beside=None)).foot
