"""Spans of directions: what lies inside, what chance gives, one axis for all, erasure."""
