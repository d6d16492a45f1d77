"""The whole study, from configurations to verdicts: train, extract, ask along every axis, judge over worlds."""

from __future__ import annotations

from typing import Any

__all__ = ["reproduce"]


def __getattr__(name: str) -> Any:
    if name == "reproduce":
        from embedlab.reproduction.study import reproduce

        return reproduce
    raise AttributeError(f"embedlab.reproduction has no {name!r}: it has {__all__}")
