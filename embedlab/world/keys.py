"""Random numbers that belong to a thing, not to a moment.

Every draw of a world is one block of Philox 4x64-10 (Salmon et al. 2011), the counter-based generator: the
counter is (photo, individual, species, factor) and the key is the world's seed. Nothing is consumed in order,
so image i of an endless set is made from its own numbers alone, and changing one factor leaves all others bit
for bit as they were.
"""

from __future__ import annotations

import zlib

import numpy as np
from jaxtyping import Float, UInt64
from scipy.special import ndtri

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MASK = 2**64 - 1


def _high(a: np.ndarray, multiplier: int) -> np.ndarray:
    # Upper half of a 64 x 64 bit product from four 32-bit products: NumPy has no 128-bit integers.
    low, high = np.uint64(multiplier & 0xFFFFFFFF), np.uint64(multiplier >> 32)
    a_low, a_high = a & _LOW, a >> _HALF
    middle = a_high * low + ((a_low * low) >> _HALF)
    lower = a_low * high + (middle & _LOW)
    return a_high * high + (middle >> _HALF) + (lower >> _HALF)


def philox(counter: UInt64[np.ndarray, "4 n"], key: tuple[int, int]) -> UInt64[np.ndarray, "4 n"]:
    """Give four random 64-bit words per counter, the same on every machine; ten rounds of Philox 4x64.

    The words equal `np.random.Philox(counter=c, key=k).random_raw(4)` for counter c + 1 (NumPy steps first).
    """
    c0, c1, c2, c3 = (np.array(row, dtype=np.uint64) for row in counter)
    k0, k1 = key[0] & _MASK, key[1] & _MASK
    with np.errstate(over="ignore"):  # products wrap on purpose
        for _ in range(10):
            high0, low0 = _high(c0, _MULTIPLIERS[0]), c0 * np.uint64(_MULTIPLIERS[0])
            high1, low1 = _high(c2, _MULTIPLIERS[1]), c2 * np.uint64(_MULTIPLIERS[1])
            c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(k0), low1, high0 ^ c3 ^ np.uint64(k1), low0
            k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return np.stack([c0, c1, c2, c3])


def uniforms(
    seed: int,
    factor: str,
    count: int,
    species: np.ndarray,
    individual: np.ndarray | int,
    photo: np.ndarray | int = 0,
) -> Float[np.ndarray, "n count"]:
    """Draw `count` numbers in (0, 1) for each row, from the names of the things alone.

    The same (seed, factor, species, individual, photo) always gives the same numbers, whatever else is drawn.
    """
    species, individual, photo = np.broadcast_arrays(species, individual, photo)
    blocks = []
    for block in range(-(-count // 4)):
        name = np.full(species.shape, (block << 32) | zlib.crc32(factor.encode()), dtype=np.uint64)
        counter = np.stack(
            [photo.astype(np.uint64), individual.astype(np.uint64), species.astype(np.uint64), name]
        )
        blocks.append(philox(counter, (seed, 0)))
    words = np.concatenate(blocks)[:count].T
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def normals(
    seed: int,
    factor: str,
    count: int,
    species: np.ndarray,
    individual: np.ndarray | int,
    photo: np.ndarray | int = 0,
) -> Float[np.ndarray, "n count"]:
    """Draw `count` standard normal numbers for each row; see `uniforms`."""
    return ndtri(uniforms(seed, factor, count, species, individual, photo))


def generator(seed: int, factor: str) -> np.random.Generator:
    """Give the generator that grows one part of a world (tree, names, …), independent of all others."""
    return np.random.Generator(
        np.random.Philox(key=np.array([seed, zlib.crc32(factor.encode()) + 1], np.uint64))
    )
