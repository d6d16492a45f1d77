import gzip
import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data import Taxonomy, Tree
from embedlab.data.synthetic import random_tree

SMALL = "((a:1,b:2)ab:3,(c:4,d:5)cd:6)root;"


def seeds():
    return st.integers(0, 2**32 - 1)


def test_the_same_three_arrays_come_out_of_every_spelling():
    plain = Tree.parse("((Aus_bus:1,Cus_dus:2)0.98:3e-1,e:0);")
    spelled = Tree.parse("[a comment (with brackets, even)]\n( ('Aus bus':1.0, Cus_dus [&x=1] :2)0.98:.3 ,e:0.0)\n;\n")
    assert spelled.names == plain.names == ["Aus bus", "Cus dus", "e"]
    assert np.array_equal(spelled.parent, plain.parent) and np.array_equal(spelled.length, plain.length)


def test_quotes_keep_underscores_brackets_and_doubled_quotes():
    tree = Tree.parse("('A_b':1,'it''s (a) [b], c;':1);")
    assert tree.names == ["A_b", "it's (a) [b], c;"]
    assert Tree.parse(tree.newick()).names == tree.names


def test_polytomies_single_children_and_zero_lengths_are_allowed():
    tree = Tree.parse("(((a:1):1,b:0,c:0):1,d:2);")
    assert tree.distances(["a", "b", "c", "d"]).tolist() == [
        [0, 2, 2, 5],
        [2, 0, 0, 3],
        [2, 0, 0, 3],
        [5, 3, 3, 0],
    ]


def test_covariance_is_the_path_shared_from_the_last_common_ancestor():
    tree = Tree.parse(SMALL)
    assert tree.covariance(["d", "a", "b"]).tolist() == [[11, 0, 0], [0, 4, 3], [0, 3, 5]]
    # alone, a and b share nothing: the root is where they part, as in ape's vcv(keep.tip(...))
    assert tree.covariance(["a", "b"]).tolist() == [[1, 0], [0, 2]]
    assert not tree.is_ultrametric()


def test_patristic_distances_agree_with_adephylo(shared):
    cases = json.loads(shared("golden/adephylo.json").read_text())["cases"]
    expected = next(case["expected"] for case in cases if case["id"] == "adephylo_distTips_patristic")
    distances = Tree.read(shared("golden/data/anole.nwk")).distances()
    condensed = distances[np.triu_indices(len(distances), 1)]
    # the golden file prints 15 digits
    assert condensed.sum() == pytest.approx(expected["sum"], rel=1e-12)
    assert condensed[:5] == pytest.approx(expected["first5"], rel=1e-12)


def test_brownian_rate_and_root_agree_with_geiger(shared):
    """The maximum-likelihood rate and root state of geiger 2.0.11 follow from our covariance alone."""
    cases = json.loads(shared("golden/geiger.json").read_text())["cases"]
    expected = next(c["expected"]["BM"] for c in cases if c["id"] == "geiger_fitContinuous_geospiza_wingL")
    tree = Tree.read(shared("golden/data/geospiza.nwk"))
    lines = shared("golden/data/geospiza.csv").read_text().replace('"', "").splitlines()
    at = lines[0].split(",").index("wingL")
    y = {line.split(",")[0]: float(line.split(",")[at]) for line in lines[1:]}
    names = list(y)
    inverse = np.linalg.inv(tree.covariance(names))
    values = np.array(list(y.values()))
    root = inverse.sum(axis=0) @ values / inverse.sum()
    rate = (values - root) @ inverse @ (values - root) / len(values)
    # geiger's rate comes from an optimiser that stops at about 1e-7
    assert root == pytest.approx(expected["z0"], rel=1e-8)
    assert rate == pytest.approx(expected["sigsq"], rel=1e-6)


@given(seed=seeds(), n=st.integers(3, 40), keep=st.integers(2, 40))
def test_pruning_keeps_distances_and_leaves_no_single_child(seed, n, keep):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n, death=0.3)
    names = rng.permutation(tree.names)[: min(keep, n)].tolist()
    pruned = tree.prune(names)
    assert sorted(pruned.names) == sorted(names)
    # sums of branches are associated anew, hence the last digits
    np.testing.assert_allclose(pruned.distances(names), tree.distances(names), atol=1e-12)
    full = tree.distances()
    at = [tree.names.index(name) for name in names]
    np.testing.assert_allclose(pruned.distances(names), full[np.ix_(at, at)], atol=1e-12)
    assert (np.bincount(pruned.parent[1:])[np.unique(pruned.parent[1:])] > 1).all()


@given(seed=seeds(), n=st.integers(2, 40))
def test_covariance_is_symmetric_and_positive_with_the_tree_inequalities(seed, n):
    tree = random_tree(np.random.default_rng(seed), n)
    covariance = tree.covariance()
    assert np.array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
    d = tree.distances()
    # ultrametric: of any three tips the two most distant pairs are equally distant
    assert (d[:, None, :] <= np.maximum(d[:, :, None], d[None, :, :]) + 1e-12).all()


@given(seed=seeds(), n=st.integers(2, 40))
def test_structure_says_the_same_as_the_covariance(seed, n):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    names = rng.permutation(tree.names).tolist()
    s = tree.structure(names)
    paths = np.zeros((len(s.tips), len(s.parent)))
    for i, node in enumerate(s.tips):
        while node > 0:
            paths[i, node] = s.length[node]
            node = s.parent[node]
    shared_path = np.sqrt(paths) @ np.sqrt(paths).T
    np.testing.assert_allclose(shared_path, tree.covariance(names), atol=1e-12)


LABELS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12)


@given(
    names=st.lists(LABELS, min_size=2, max_size=12, unique=True),
    lengths=st.lists(st.floats(0, 1e300), min_size=12, max_size=12),
    seed=seeds(),
)
def test_newick_written_and_read_back_is_the_same_tree(names, lengths, seed):
    rng = np.random.default_rng(seed)
    inner = len(names) // 2 + 1
    parent = [-1, *(int(rng.integers(max(0, i - 3), i)) for i in range(1, inner))]
    parent += [int(rng.integers(inner)) for _ in names]
    # names go to the tips; every inner node that got no child becomes one, with a name of its own
    label = [None] * inner + names
    label = [f"tip'{i}" if i not in parent and text is None else text for i, text in enumerate(label)]
    order, stack = [], [0]
    while stack:
        order.append(node := stack.pop())
        stack += [child for child, up in enumerate(parent) if up == node]
    at = {node: i for i, node in enumerate(order)}
    tree = Tree(
        np.array([-1 if parent[node] < 0 else at[parent[node]] for node in order]),
        np.array([lengths[node % 12] for node in order]),
        [label[node] for node in order],
    )
    again = Tree.parse(tree.newick())
    assert np.array_equal(again.parent, tree.parent)
    assert np.array_equal(again.length, tree.length)
    assert again.label == tree.label


@given(text=st.text("ab(),:;'[]_ 1.e-\n", max_size=40))
def test_any_text_gives_a_tree_or_a_plain_refusal(text):
    try:
        tree = Tree.parse(text)
    except ValueError:
        return
    assert len(tree) >= 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("((a:1,b:1):1,c:1", "1 open brackets"),
        ("(a:1,b:1));", r"column 10, near .*outside all brackets"),
        ("(a:1,b:x);", "'x' is no branch length"),
        ("(a:1,b:-2);", "not negative, not -2"),
        ("(a:1,b:nan);", "finite"),
        ("(a:1,b:1e999);", "finite"),
        ("(a:1,b:);", "length is missing after ':'"),
        ("(a:1,b:1,);", "tip without a name"),
        ("(a b:1,c:1);", "two names in a row"),
        ("(a:1,b:1);(c:1,d:1);", "one file holds one tree"),
        ("(a:1,b);", r"1 of 2 branches have no length, the first here \('b'\)"),
        ("('a:1,b:1);", "never closed"),
        ("(a:1[x,b:1);", "never closed"),
        ("(a:1,a:2);", "tips 'a' stand more than once"),
        ("a;", "single node 'a'"),
        ("", "open brackets and no ';'"),
        ("#NEXUS\nbegin trees;", "save it as Newick"),
        ("(a:1,\n(b:1,c:?):2);", "line 2 column 8"),
    ],
)
def test_malformed_newick_is_refused_by_place_and_reason(text, words):
    with pytest.raises(ValueError, match=words):
        Tree.parse(text)


@pytest.mark.slow
def test_a_million_brackets_are_only_a_long_loop():
    deep = 200_000  # recursion would end the interpreter at about a thousand
    with pytest.raises(ValueError, match="open brackets"):
        Tree.parse("(" * 1_000_000)
    comb = Tree.parse("(" * deep + "a:1,b:1" + "):1" * (deep - 1) + ");")
    assert len(comb.parent) == deep + 2
    assert comb.distances(["a", "b"]).tolist() == [[0, 2], [2, 0]]
    assert comb.newick().startswith("(((")


def test_a_decompression_bomb_and_other_files_are_refused(tmp_path):
    bomb = tmp_path / "bomb.nwk.gz"
    bomb.write_bytes(gzip.compress(b"(" * 3_000_000))
    with pytest.raises(ValueError, match="more than 1 MiB"):
        Tree.read(bomb, limit=1 << 20)
    bomb.write_bytes(gzip.compress(b"(" * 11_000_000))
    with pytest.raises(ValueError, match=r"bomb\.nwk\.gz: 11,000,000 brackets .* refused"):
        Tree.read(bomb)
    torn = tmp_path / "torn.nwk.gz"
    torn.write_bytes(gzip.compress(SMALL.encode())[:-9])
    with pytest.raises(ValueError, match="damaged gzip"):
        Tree.read(torn)
    (tmp_path / "photo.nwk").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match="another kind of file"):
        Tree.read(tmp_path / "photo.nwk")
    with pytest.raises(FileNotFoundError, match=r"absent\.nwk"):
        Tree.read(tmp_path / "absent.nwk")


def test_unknown_and_repeated_names_are_refused_by_name():
    tree = Tree.parse("(Parus_major:1,Parus_ater:1,Corvus_corax:1);")
    with pytest.raises(KeyError, match=r"Parus mayor.*closest.*Parus major"):
        tree.covariance(["Parus mayor"])
    with pytest.raises(ValueError, match="'Parus ater' are asked for more than once"):
        tree.prune(["Parus ater", "Parus ater"])


def test_a_tree_without_lengths_says_so_until_it_is_given_some():
    tree = Tree.parse("((a,b),c);")
    with pytest.raises(ValueError, match="no branch lengths"):
        tree.distances()
    assert tree.with_lengths(1.0).distances(["a", "c"])[0, 1] == 3


def test_match_reports_synonyms_and_never_gives_one_tip_to_two_names():
    tree = Tree.parse("(Ardea_ibis:1,Parus_major:1);")
    tips, report = tree.match(["Bubulcus ibis", "Parus major", "Pica pica", None])
    assert tips == ["Ardea ibis", "Parus major"]
    assert report.used == {"Bubulcus ibis": "Ardea ibis", "Parus major": "Parus major"}
    assert report.missing == ["Pica pica"] and report.synonyms == [("Bubulcus ibis", "Ardea ibis")]
    assert "2 of 3 matched (1 by name, 1 through synonyms: Bubulcus ibis as Ardea ibis)" in str(report)
    both, report = tree.match(["Bubulcus ibis", "Ardea ibis"])
    assert both == ["Ardea ibis"] and report.missing == ["Bubulcus ibis"]
    assert "same tip as 'Ardea ibis'" in str(report)
    assert tree.match(["Bubulcus ibis"], synonyms=False)[0] == []
    mine = tree.rename({"Ardea ibis": "Bubulcus ibis"})
    assert mine.names == ["Bubulcus ibis", "Parus major"]


def test_a_tree_of_ranks_parts_species_where_their_ranks_do():
    rows = {
        "species": ["Parus major", "Parus ater", "Corvus corax", "Rosa canina"],
        "genus": ["Parus", "Parus", "Corvus", "Rosa"],
        "family": ["Paridae", "Paridae", "Corvidae", "Rosaceae"],
        "order": ["Passeriformes", "Passeriformes", "Passeriformes", "Rosales"],
        "class": ["Aves", "Aves", "Aves", None],
        "kingdom": ["Animalia", "Animalia", "Animalia", "Plantae"],
    }
    taxonomy = Taxonomy(rows)
    tree = Tree.from_taxonomy(taxonomy)
    assert tree.is_ultrametric() and "from taxonomic ranks" in repr(tree)
    assert tree.distances(rows["species"])[0] * 7 / 2 == pytest.approx([0, 1, 3, 7])
    assert taxonomy.first_shared_rank()[0].tolist() == [0, 1, 3, 7]


def test_the_bird_tree_is_read_fast_and_whole(shared):
    path = shared("data/trees/tree_bird_McTavish.nwk.gz")
    start = time.process_time()
    tree = Tree.read(path)
    assert time.process_time() - start < 2  # .1 s on a quiet core; ten times that would be a regression
    assert len(tree) == 11_167 and tree.is_ultrametric()
    start = time.process_time()
    covariance = tree.covariance(tree.names[::5][:2000])
    assert time.process_time() - start < 3 and covariance.shape == (2000, 2000)
    assert len(Tree.read(shared("data/trees/tree_butterfly.nwk.gz"))) == 2_244


def test_the_finch_tree_has_fourteen_tips(shared):
    assert len(Tree.read(shared("data/morphometrics/geospiza.nwk"))) == 14
