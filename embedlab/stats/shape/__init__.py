"""The shape of a cloud of vectors: dimension, hubs, collapse, and what a displacement costs."""
