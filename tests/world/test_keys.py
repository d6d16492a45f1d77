"""Counter-based draws: the same as NumPy's own Philox, and each thing's own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedlab.world.keys import normals, philox, uniforms

WORD = st.integers(0, 2**64 - 1)


@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_philox_agrees_with_numpy(counter, key):
    # NumPy steps the 256-bit counter once before its first block
    stepped = (sum(word << (64 * k) for k, word in enumerate(counter)) + 1) % 2**256
    mine = philox(np.array([[stepped >> (64 * k) & (2**64 - 1)] for k in range(4)], dtype=np.uint64), key)
    theirs = np.random.Philox(counter=np.array(counter, np.uint64), key=np.array(key, np.uint64)).random_raw(
        4
    )
    assert (mine[:, 0] == theirs).all()


def test_a_draw_belongs_to_its_thing():
    species, individual = np.array([3, 5, 3]), np.array([0, 1, 2])
    together = uniforms(7, "who", 6, species, individual)
    alone = uniforms(7, "who", 6, species[1:2], individual[1:2])
    assert (together[1] == alone[0]).all()
    assert (uniforms(7, "who", 2, species, individual) == together[:, :2]).all()
    others = (
        uniforms(7, "where", 6, species, individual),
        uniforms(8, "who", 6, species, individual),
        uniforms(7, "who", 6, species, individual, 1),
    )
    for other in others:
        assert not np.isclose(other, together).any()


def test_uniforms_and_normals_have_their_moments():
    n = np.arange(40_000)
    u, z = uniforms(1, "a", 4, n, 0), normals(1, "a", 4, n, 0)
    assert 0 < u.min() and u.max() < 1
    # five standard errors of a mean of 40,000
    assert np.abs(u.mean(0) - 0.5).max() < 5 * np.sqrt(1 / 12 / len(n))
    assert np.abs(z.mean(0)).max() < 5 / np.sqrt(len(n)) and np.abs(z.std(0) - 1).max() < 5 / np.sqrt(
        2 * len(n)
    )
    assert np.abs(np.corrcoef(z.T) - np.eye(4)).max() < 5 / np.sqrt(len(n))
