"""The nouns: embeddings, manifests, taxonomies, traits and trees. Polars and NumPy; no statistics."""

from embedlab.data.embeddings import Embeddings, SpeciesMeans
from embedlab.data.manifest import Manifest
from embedlab.data.report import JoinReport, ReadReport
from embedlab.data.taxonomy import RANKS, Taxonomy
from embedlab.data.traits import TraitColumn, Traits
from embedlab.data.tree import Tree, TreeStructure

__all__ = [
    "RANKS",
    "Embeddings",
    "JoinReport",
    "Manifest",
    "ReadReport",
    "SpeciesMeans",
    "Taxonomy",
    "TraitColumn",
    "Traits",
    "Tree",
    "TreeStructure",
]
