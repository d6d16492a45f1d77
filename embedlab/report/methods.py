"""Methods text and references of a page, made from its outcomes: to be read, corrected and put into a paper."""

from collections.abc import Iterable, Mapping, Sequence

from embedlab.plots.page import text
from embedlab.plots.typography import begun

# Each work once; which result rests on which stands in RESTS.
BIBLIOGRAPHY = {
    "Adams 2014": "Adams D. C. (2014). A generalized K statistic for estimating phylogenetic signal from shape and "
    "other high-dimensional multivariate data. Systematic Biology 63, 685–697.",
    "Adams & Collyer 2018": "Adams D. C., Collyer M. L. (2018). Phylogenetic ANOVA: group-clade aggregation, "
    "biological challenges, and a refined permutation procedure. Evolution 72, 1204–1215.",
    "Alabdulmohsin et al. 2022": "Alabdulmohsin I., Neyshabur B., Zhai X. (2022). Revisiting neural scaling laws in "
    "language and vision. Advances in Neural Information Processing Systems 35.",
    "Belrose et al. 2023": "Belrose N. et al. (2023). LEACE: perfect linear concept erasure in closed form. Advances "
    "in Neural Information Processing Systems 36.",
    "Björck & Golub 1973": "Björck Å., Golub G. H. (1973). Numerical methods for computing angles between linear "
    "subspaces. Mathematics of Computation 27, 579–594.",
    "Efron & Tibshirani 1993": "Efron B., Tibshirani R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall.",
    "Facco et al. 2017": "Facco E., d’Errico M., Rodriguez A., Laio A. (2017). Estimating the intrinsic dimension of "
    "datasets by a minimal neighborhood information. Scientific Reports 7, 12140.",
    "Fieller 1954": "Fieller E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical "
    "Society, Series B 16, 175–185.",
    "Fisher 1936": "Fisher R. A. (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7, "
    "179–188.",
    "Gu et al. 2025": "Gu J. et al. (2025). BioCLIP 2: emergent properties from scaling hierarchical contrastive "
    "learning. arXiv:2505.23883.",
    "Holm 1979": "Holm S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
    "Statistics 6, 65–70.",
    "Huh et al. 2024": "Huh M., Cheung B., Wang T., Isola P. (2024). The Platonic representation hypothesis. "
    "Proceedings of the 41st International Conference on Machine Learning.",
    "Jost 2006": "Jost L. (2006). Entropy and diversity. Oikos 113, 363–375.",
    "Kornblith et al. 2019": "Kornblith S., Norouzi M., Lee H., Hinton G. (2019). Similarity of neural network "
    "representations revisited. Proceedings of the 36th International Conference on Machine Learning.",
    "Kriegeskorte et al. 2008": "Kriegeskorte N., Mur M., Bandettini P. (2008). Representational similarity analysis: "
    "connecting the branches of systems neuroscience. Frontiers in Systems Neuroscience 2, 4.",
    "Ledoit & Wolf 2004": "Ledoit O., Wolf M. (2004). A well-conditioned estimator for large-dimensional covariance "
    "matrices. Journal of Multivariate Analysis 88, 365–411.",
    "Page 1963": "Page E. B. (1963). Ordered hypotheses for multiple treatments: a significance test for linear ranks. "
    "Journal of the American Statistical Association 58, 216–230.",
    "Pagel 1999": "Pagel M. (1999). Inferring the historical patterns of biological evolution. Nature 401, 877–884.",
    "Papyan et al. 2020": "Papyan V., Han X. Y., Donoho D. L. (2020). Prevalence of neural collapse during the "
    "terminal phase of deep learning training. Proceedings of the National Academy of Sciences 117, 24652–24663.",
    "Phipson & Smyth 2010": "Phipson B., Smyth G. K. (2010). Permutation p-values should never be zero. Statistical "
    "Applications in Genetics and Molecular Biology 9, 39.",
    "Smouse et al. 1986": "Smouse P. E., Long J. C., Sokal R. R. (1986). Multiple regression and correlation "
    "extensions of the Mantel test of matrix correspondence. Systematic Zoology 35, 627–632.",
    "Snell et al. 2017": "Snell J., Swersky K., Zemel R. (2017). Prototypical networks for few-shot learning. Advances "
    "in Neural Information Processing Systems 30.",
    "Sokal & Rohlf 1962": "Sokal R. R., Rohlf F. J. (1962). The comparison of dendrograms by objective methods. Taxon "
    "11, 33–40.",
    "Székely & Rizzo 2014": "Székely G. J., Rizzo M. L. (2014). Partial distance correlation with methods for "
    "dissimilarities. Annals of Statistics 42, 2382–2412.",
    "Venna & Kaski 2006": "Venna J., Kaski S. (2006). Local multidimensional scaling. Neural Networks 19, 889–899.",
    "Whittaker 1965": "Whittaker R. H. (1965). Dominance and diversity in land plant communities. Science 147, "
    "250–260.",
}
# Whose question it is, and not whose formula: none of these is printed where we could read it.
OURS = {"Gu et al. 2025": " (the question; the statistic is embedlab's own)"}
JUDGED = ("Holm 1979", "Phipson & Smyth 2010", "Efron & Tibshirani 1993")
RESTS = {
    "Separation": ("Fisher 1936",),
    "Orthogonality": ("Gu et al. 2025", "Björck & Golub 1973"),
    "SharedAxis": ("Ledoit & Wolf 2004",),
    "Erasure": ("Belrose et al. 2023", "Ledoit & Wolf 2004"),
    "TraitAlignment": ("Pagel 1999", "Adams & Collyer 2018"),
    "Phylogeny": ("Adams 2014",),
    "NeighbourAgreement": (),
    "Hierarchy": ("Sokal & Rohlf 1962",),
    "Scaling": ("Page 1963", "Alabdulmohsin et al. 2022"),
    "Projection": ("Venna & Kaski 2006",),
    "Geometry": ("Facco et al. 2017", "Papyan et al. 2020"),
    "Agreement": ("Kornblith et al. 2019", "Huh et al. 2024", "Székely & Rizzo 2014"),
    "Theorem": ("Gu et al. 2025",),
    "TheoremAlong": ("Gu et al. 2025",),
    "Recognition": ("Snell et al. 2017",),
    "TraitDistances": ("Kriegeskorte et al. 2008", "Smouse et al. 1986"),
    "Composition": ("Jost 2006", "Whittaker 1965"),
    "Objectives": (),
    "BeyondControls": (),
    "StudyCurves": (),
    "TraitAxis": ("Adams & Collyer 2018", "Pagel 1999"),
    "RankLadder": (),
    "ContrastPlaces": ("Gu et al. 2025", "Fieller 1954"),
    "ContrastScene": ("Gu et al. 2025",),
    "Habitat": ("Pagel 1999",),
    "Agreements": ("Kornblith et al. 2019", "Székely & Rizzo 2014", "Kriegeskorte et al. 2008"),
}


def works(results: Iterable) -> list[str]:
    """Name the works that results rest on, sorted, each once; those behind every verdict are not among them."""
    names = {type(r).__name__ for r in results}
    return sorted({work for name in names for work in RESTS.get(name, ())})


def methods_section(outcomes: Sequence, facts: Sequence[Mapping], versions: Mapping[str, str]) -> str:
    """Give a section of text that can go into a paper: what was computed of what, how it was judged, what to cite.

    `outcomes` are what analyses handed back, `facts` the same as plain data, `versions` those of the packages.
    """
    paragraphs = [_paragraph(o, f) for o, f in zip(outcomes, facts, strict=True)]
    claims = [c for f in facts for c in f["claims"]]
    cited = works(r for o in outcomes for r in o.results.values())
    if claims:
        paragraphs.append(_judging(claims))
        cited = sorted({*cited, *JUDGED})
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    paragraphs.append(f"<p>Computed with {text(named)}.</p>" if named else "")
    listed = "".join(f"<li>{text(BIBLIOGRAPHY[key])}</li>" for key in cited)
    return (
        '<section id="methods" data-el="methods"><h2>Methods</h2><p class="note">Written by the program from what it '
        "did; nothing here was typed by hand.</p>"
        f"{''.join(paragraphs)}{f'<h3>References</h3><ol class=small>{listed}</ol>' if listed else ''}</section>"
    )


def _paragraph(outcome, facts: Mapping) -> str:
    said = [
        f"{c['statistic'][:1].upper()}{c['statistic'][1:]}, against chance: {c['null'].rstrip('.')}."
        + (f" Left out: {c['exclusions'].rstrip('.')}." if c.get("exclusions") else "")
        for c in ({"null": v["chance"]["kind"], **v, **_declared(outcome, v["id"])} for v in facts["claims"])
    ]
    captions = [r.caption.rstrip(".") + "." for r in outcome.results.values() if getattr(r, "caption", "")]
    cited = works(outcome.results.values())
    title = facts["analysis"].replace("_", " ")
    after = f"After {'; '.join(work + OURS.get(work, '') for work in cited)}." if cited else ""
    lines = (" ".join(dict.fromkeys(said)), *_once(list(dict.fromkeys(captions))), after)
    return f"<h3>{text(title[:1].upper() + title[1:])}</h3>" + "".join(f"<p>{text(x)}</p>" for x in lines if x)


def _once(captions: list[str]) -> list[str]:
    """Give captions a paragraph each; what all of three or more say in the same words is said once, at the end."""
    parts = [caption.rstrip(".").split(". ") for caption in captions]
    shared = [s for s in parts[0] if all(s in other for other in parts)] if len(parts) > 2 else []
    own = [begun(". ".join(s for s in some if s not in shared)) for some in parts]
    return [f"{one}." for one in own if one] + ([f"Each of these: {'. '.join(shared)}."] if shared else [])


def _declared(outcome, name: str) -> dict:
    claim = next(c for c in outcome.claims if c.id == name)
    return {k: v for k in ("statistic", "null", "exclusions") if (v := getattr(claim, k, ""))}


def _judging(claims: Sequence[Mapping]) -> str:
    families = sorted({c.get("family", 1) for c in claims})
    size = f"{families[0]}" if len(families) == 1 else f"{families[0]} to {families[-1]}"
    least: dict[str, dict] = {}  # what would matter, and of which statistics
    for c in claims:
        least.setdefault(f"{c.get('at_least', 0):g}", {})[c["statistic"].split(" (")[0]] = None
    listed = "".join(f"<li>{by}: {text('; '.join(of))}</li>" for by, of in least.items())
    return (
        f"<h3>Verdicts</h3><p>Each claim was tested one-sided against its chance; a permutation p-value counts the "
        f"observed order among the draws (Phipson &amp; Smyth 2010). P-values were adjusted for {size} "
        f"claim{'s' * (size != '1')} asked together (Holm 1979). <em>Supported</em>: the adjusted p is at most .05 and "
        "the whole 95 % interval, over resampled units (Efron &amp; Tibshirani 1993) where the text above names no "
        "other, exceeds chance by what would matter, as listed below. <em>Too small to matter</em>: the whole interval "
        "stays short of that. <em>Contradicted</em>: the opposite is established. <em>Cannot tell</em>: the data could "
        "not have decided, or could hardly have shown it. <em>Not supported</em>: all else.</p>"
        f'<p>What would matter:</p><ul class="small">{listed}</ul>'
    )
