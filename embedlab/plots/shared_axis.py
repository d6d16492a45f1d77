"""Whether one axis serves all species: each species by the axis of other clades, agreement and transfer over chance."""

import numpy as np

from embedlab.plots.chance import chance_panel, foot, told
from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import VERMILION, number, percent, sentence_case


def picture(result) -> Picture:
    """Lay out each species by pairs told and length, then agreement and transfer, each over what chance gives."""
    e, t = result.evidence, result.transfer
    return Picture(
        title=f"{sentence_case(str(result.contrast))}: the axis of other {result.rank} tells {percent(t.estimate)} of "
        f"pairs, 50\u00a0% by chance; agreement {told(e)}",
        panels=(
            _species(result),
            chance_panel(t, "pairs told by the axis of the others", as_percent=True, title="Transfer", include=(0.5,)),
            chance_panel(e, "agreement (1 = one axis for all)", title="Agreement", include=(0.0,)),
        ),
        foot=foot(e),
        caption=result.caption,
        alt=f"How well the {result.contrast} axis of other {result.rank} serves in each of "
        f"{len(result.species)} species, with agreement and transfer beside chance.",
    )


def _species(result) -> Panel:
    length = np.sqrt(np.maximum(array(result.energy), 0) / (array(result.scatter) / 2))
    share, control = array(result.told), np.asarray(result.control, bool)
    label = np.array(
        [
            f"{name}\n{clade}\n{percent(p)} of pairs told\nlength {number(ell)} within-species s.d."
            for name, clade, p, ell in zip(result.species, result.clades, share, length, strict=True)
        ],
        dtype=object,
    )
    size = 4 if len(share) < 60 else 3
    marks = [
        Rule(at=0.5, key="chance, mean"),
        Dots(x=share[~control], y=length[~control], label=tuple(label[~control]), size=size, key="one species"),
    ]
    if control.any():
        marks.append(
            Dots(
                x=share[control],
                y=length[control],
                label=tuple(label[control]),
                size=size,
                colour=VERMILION,
                shape="square",
                hollow=True,
                key="control: no difference expected",
            )
        )
    return Panel(
        marks=tuple(marks),
        x=Axis(
            label=f"pairs told by the axis of other {result.rank}", percent=True, range=padded(share, include=(0.5,))
        ),
        y=Axis(label="length (within-species s.d.)", range=padded(length, include=(0.0,))),
        title="Each species",
        note=n_of(len(share), "species"),
        height=44,
    )
