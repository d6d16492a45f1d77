"""Mergeable one-pass summaries for spaces that do not fit in memory."""

from embedlab.stream.moments import Moments

__all__ = ["Moments"]
