"""Cophenetic correlations beside R's `cor(d, cophenetic(hclust(d)))`."""

import numpy as np
import pytest

from embedlab.stats.taxa.dendrogram import cophenetic_correlation, dendrogram


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward.D2"])
def test_r_cophenetic(golden, method):
    case = golden("r-stats", f"r_cophenetic_{method}")
    d, _ = case.matrix("dist")
    ours = method.removesuffix(".D2")
    assert cophenetic_correlation(d, method=ours) == pytest.approx(case.expected["cophenetic_corr"], rel=1e-8)
    # the heights of a tree: half of each node's children reach as far down as the node stands high
    tree = dendrogram(d, method=ours)
    depth = np.zeros(len(tree.parent))
    for node in range(1, len(depth)):
        depth[node] = depth[tree.parent[node]] + tree.length[node]
    inner = np.setdiff1d(np.arange(len(depth)), tree.tips)
    heights = 2 * (depth[tree.tips].max() - depth[inner])
    assert heights.sum() == pytest.approx(case.expected["heights_sum"], rel=1e-8)
