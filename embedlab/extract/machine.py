"""What of this machine the extraction loop may use: cores, torch threads, and memory that is kept warm."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # names of <malloc.h>
_LARGE, _USUAL = 1 << 30, 128 << 10  # bytes; the second is glibc's own value at the start of a process


def granted_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def granted_threads() -> Iterator[None]:
    """Keep torch to the cores that were granted: two threads on one core can be 17 times slower than one."""
    import torch

    before = torch.get_num_threads()
    if before > granted_cores():
        torch.set_num_threads(granted_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def warm_memory() -> Iterator[None]:
    """Let freed memory be used again instead of going back to the system after every layer (glibc only).

    A feature map is megabytes large, and glibc maps and unmaps each one afresh: on EfficientNet-Lite0 that
    was 10,000 page faults an image, and 25 images a second where 70 to 90 are reached without them. The
    numbers that come out are the same.
    """
    try:
        libc = ctypes.CDLL(None)
        tune, trim = libc.mallopt, libc.malloc_trim
    except (OSError, AttributeError, TypeError):  # not glibc: macOS, Windows, musl
        yield
        return
    tune(_MMAP_THRESHOLD, _LARGE)
    tune(_TRIM_THRESHOLD, _LARGE)
    try:
        yield
    finally:
        tune(_MMAP_THRESHOLD, _USUAL)
        tune(_TRIM_THRESHOLD, _USUAL)
        trim(0)
