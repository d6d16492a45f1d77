"""A small report to open in a browser: planted tiles, facts and places."""

import io
import sys
from pathlib import Path

import numpy as np

from embedlab.claims import Claim
from embedlab.data import Embeddings
from embedlab.lab import Lab, judged_together

sys.path.insert(0, str(Path(__file__).parents[1] / "plots"))
import results
import results_spaces


def colour_of(i: int) -> tuple[int, int, int]:
    """A colour of its own for each image: neighbours in number are far apart in colour."""
    return (37 * i) % 256, (91 * i + 40) % 256, (151 * i + 90) % 256


def tile(i: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour_of(i)).save(out, "PNG")
    return out.getvalue()


def space(n: int = 900, seed: int = 5) -> Embeddings:
    rng = np.random.default_rng(seed)
    species = results.species(38)
    rows = {
        "image_id": [f"img-{i:05d}" for i in range(n)],
        "species": [species[i % 38] for i in range(n)],
        "order": [
            ("Passeriformes", "Lepidoptera", "Piciformes", "Coleoptera", "Anura")[(i % 38) % 5]
            for i in range(n)
        ],
        "sex": [(None, "female", "male", "female", "male")[i % 5] for i in range(n)],
        "life_stage": [("adult", "juvenile", "adult")[i % 3] for i in range(n)],
        "note": ['</script><b>x</b>, "quoted"' if i % 7 == 0 else None for i in range(n)],
        "mass": rng.lognormal(3, 1, n).round(2).tolist(),
    }
    return Embeddings(
        rng.normal(size=(n, 8)).astype(np.float32),
        rows,
        {"model": "compact-64k", "key": "k" * 32, "norm": "raw"},
    )


def outcomes(space, every) -> list:
    def claim(name, says, **other):
        return Claim(id=name, says=says, source="Planted 2026", **{"at_least": 0.02, **other})

    plans = [
        (
            "orthogonality",
            "Does the difference between the sexes lie outside the span of the species?",
            ["orthogonality", "separation"],
            [
                claim(
                    "sex-outside-species",
                    "Male and female differ along directions outside the span of the species means.",
                ),
                claim("sex-apart", "Male and female of one species stand apart."),
            ],
        ),
        (
            "trait_alignment",
            "Do the images know traits beyond common descent?",
            ["trait-numeric", "trait-kinds"],
            [
                claim(
                    "mass-beyond-descent",
                    "Species vectors go along with body mass beyond what descent gives.",
                ),
                claim(
                    "habitat-beyond-descent",
                    "Species vectors go along with habitat beyond what descent gives.",
                    at_least=0.25,
                ),
            ],
        ),
        (
            "phylogeny",
            "Are near relatives near in the space?",
            ["phylogeny", "neighbours"],
            [claim("near-relatives-near", "Species that are close in the tree are close in the space.")],
        ),
        (
            "scaling",
            "Do the sexes come apart as training data grow?",
            ["scaling", "geometry"],
            [
                claim(
                    "ratio-rises",
                    "The Fisher ratio of sex rises with the number of training images.",
                    at_least=0.01,
                )
            ],
        ),
    ]
    out = []
    for name, question, keys, claims in plans:
        lab = Lab(name=name, question=question, stores=[space])
        found = {k.replace("-", "_"): every[k] for k in keys}
        evidence = {}
        for i, c in enumerate(claims):
            e = every[keys[min(i, len(keys) - 1)]].evidence
            evidence[c.id] = e if not isinstance(e, dict) else next(iter(e.values()))
        sentences = {c.id: str(every[keys[min(i, len(keys) - 1)]]) for i, c in enumerate(claims)}
        lab.exclusions.append(f"{name}: 12 images without sex (planted <b>text</b>)")
        out.append(lab.outcome(claims=claims, evidence=evidence, sentences=sentences, results=found))
    return judged_together(out)


def write(out, n: int = 900, **how):
    """Write the report; give its path, the space and the projections."""
    from embedlab.report import report

    images = space(n)
    every = results.every()
    rng = np.random.default_rng(3)
    maps = [results_spaces.projection(rng, n, "PCA"), results_spaces.projection(rng, n, "t-SNE")]
    # In another order than the rows, and with every 50th missing: position must not matter.
    tiles = {f"img-{i:05d}": tile(i) for i in reversed(range(n)) if i % 50 != 49}
    report(
        images,
        outcomes(images, every),
        out,
        maps=maps,
        thumbnails=tiles,
        unasked={"habitat": "no traits were given"},
        **how,
    )
    return out, images, maps
