"""A simulated tree of life, in photographs: species, traits, sexes and stages of which all is known."""

from __future__ import annotations

from typing import Any

__all__ = ["Evolution", "World", "grow_world", "plate", "world_here", "write_specimens"]


def __getattr__(name: str) -> Any:
    if name == "World":
        from embedlab.world.world import World

        return World
    if name == "Evolution":
        from embedlab.world.dials import Evolution

        return Evolution
    if name in ("grow_world", "write_specimens"):
        from embedlab.world import writer

        return getattr(writer, name)
    if name == "world_here":
        from embedlab.world.here import world_here

        return world_here
    if name == "plate":
        from embedlab.world.sheet import plate

        return plate
    raise AttributeError(f"module 'embedlab.world' has no attribute {name!r}; it has {__all__}")
