"""A world: its tree, names, traits and habitats, and any photograph of its endless set."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from embedlab.data.taxonomy import RANKS
from embedlab.world import keys, phenotype
from embedlab.world.camera import camera
from embedlab.world.characters import FUNCTIONAL, HABITATS, OTHER
from embedlab.world.dials import Evolution
from embedlab.world.names import coin
from embedlab.world.phenotype import SEXES, STAGES, Specimens
from embedlab.world.traits import evolve
from embedlab.world.tree import PLANS, grow, ranks

if TYPE_CHECKING:
    import polars

    from embedlab.data import Taxonomy, Traits, Tree

HELD_FAMILIES, HELD_SPECIES = 0.2, 0.375  # shares of each plan's species held out: in whole families, and in all
CAPTIONS = (("taxonomic", 0.35), ("scientific", 0.25), ("common", 0.15), ("taxonomic and common", 0.25))


class World:
    """A simulated tree of life of which everything is known: grown from `seed` alone, the same on every
    machine.

    Args:
        seed: names the world.
        species: how many species live today, shared evenly among the four body plans; at least 8.
        strengths: the dials, what evolution plants (convergence, rates, …); see `Evolution`.
    """

    def __init__(self, seed: int = 0, species: int = 256, strengths: Evolution | None = None):
        if seed < 0:
            raise ValueError(f"a world's seed is a number from 0 up, not {seed}")
        self.seed, self.strengths = seed, strengths or Evolution()
        self.growth = grow(keys.generator(seed, "tree"), species)
        self.groups = ranks(self.growth)
        self.plans = [PLANS[plan] for plan in self.growth.plan]
        self.columns = coin(keys.generator(seed, "names"), self.groups, self.plans)
        self.evolved = evolve(
            keys.generator(seed, "traits"), self.growth, self.groups["genus"], self.strengths
        )
        self.dimorphism, self.maturation = self.evolved.dimorphism, self.evolved.maturation
        self.split = self._split(keys.generator(seed, "split"))

    def __len__(self) -> int:
        return len(self.plans)

    def __repr__(self) -> str:
        return (
            f"World(seed={self.seed}, species={len(self)}): {int((self.split == 'held-out').sum())} held out"
        )

    @property
    def names(self) -> list[str]:
        """Scientific names of all species; the position is the species' number."""
        return self.columns["species"]

    @property
    def finches(self) -> np.ndarray:
        """Species of one genus of birds whose beaks vary widely in length and in depth, each by itself."""
        return self.evolved.finches

    @property
    def mimics(self) -> np.ndarray:
        """Pairs (mimic, model) of butterflies of different families in the same colours and pattern: (k, 2)."""
        return self.evolved.mimics

    @cached_property
    def tree(self) -> Tree:
        """The dated tree; branch lengths in units of its depth, tips named "Genus species"."""
        from embedlab.data.tree import Tree

        label: list[str | None] = [None] * len(self.growth.parent)
        for tip, name in zip(self.growth.tips, self.names, strict=True):
            label[tip] = name
        return Tree(self.growth.parent, self.growth.length, label)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The seven ranks of every species."""
        import polars as pl

        from embedlab.data.taxonomy import Taxonomy

        return Taxonomy.from_rows(pl.DataFrame({rank: self.columns[rank] for rank in RANKS}))

    @cached_property
    def traits(self) -> Traits:
        """What is true of each species: traits in species standard deviations, sexual dimorphism, habitat,
        body plan.
        """
        from embedlab.data.traits import Traits

        return Traits(self.trait_rows, self.trait_kinds)

    @cached_property
    def trait_rows(self) -> polars.DataFrame:
        """The table behind `traits`: one row per species."""
        import polars as pl

        evolved = {name: self.evolved[name] for name in (*FUNCTIONAL, *OTHER, "undrawn")}
        return pl.DataFrame(
            {
                "species": self.names,
                **evolved,
                "dimorphism": self.dimorphism,
                "maturation": self.maturation,
                "monomorphic": (self.dimorphism == 0).astype(np.int64),
                "habitat": [HABITATS[code] for code in self.evolved.habitat],
                "body_plan": self.plans,
            }
        )

    @property
    def trait_kinds(self) -> dict[str, str]:
        """Tell of each trait whether it is numeric, binary or categorical."""
        kinds = {name: "numeric" for name in self.trait_rows.columns if name != "species"}
        return kinds | {"monomorphic": "binary", "habitat": "categorical", "body_plan": "categorical"}

    def _split(self, rng: np.random.Generator) -> np.ndarray:
        held = np.zeros(len(self), dtype=bool)
        for plan in range(len(PLANS)):
            members = np.flatnonzero(self.growth.plan == plan)
            families = rng.permutation(np.unique(self.groups["family"][members]))
            for family in families[: max(len(families) - 1, 0)]:
                inside = members[self.groups["family"][members] == family]
                # Whole families up to their share; the first always, unless it is most of its class.
                if held[members].sum() + len(inside) <= max(HELD_FAMILIES * len(members), 1):
                    held[inside] = True
            rest = rng.permutation(members[~held[members]])
            held[rest[: max(round(HELD_SPECIES * len(members)) - int(held[members].sum()), 0)]] = True
        return np.where(held, "held-out", "core")

    def plan(
        self,
        species_indices,
        per_species: int,
        *,
        balanced: bool = False,
        background_bias: float = 0.5,
        start: int = 0,
        photos: int = 1,
        views: str = "own",
    ) -> Specimens:
        """Draw who is photographed, `per_species` images of each species in turn, numbered from `start`; no
        pixels.

        Args:
            species_indices: species by number, as in `names`.
            balanced: let sexes and stages take turns, so that four images in a row hold one of each.
            background_bias: probability that the place is the species' own habitat; 0 in evaluations.
            photos: photographs of each individual; it keeps its looks and changes pose, light and place.
            start: number of the first image of each species; other numbers are other individuals.
            views: "own" shows the habitat as the animal's body plan lives in it (fish in water); "any" as any of the
                four plans does, so that the place tells nothing of the plan: for evaluations.
        """
        species = np.asarray(species_indices, dtype=np.int64).ravel()
        if outside := [int(s) for s in species if not 0 <= s < len(self)][:5]:
            raise ValueError(
                f"species {outside} are not among the {len(self)} of this world (0 to {len(self) - 1})"
            )
        if per_species < 0 or start < 0:
            raise ValueError(f"images of a species are numbered from 0 up, not {per_species} from {start}")
        number = np.tile(np.arange(start, start + per_species), len(species))
        index = number * len(self) + np.repeat(species, per_species)
        return self.at(index, balanced=balanced, background_bias=background_bias, photos=photos, views=views)

    def at(
        self, index, *, balanced: bool = False, background_bias: float = 0.5, photos: int = 1, views: str = "own"
    ) -> Specimens:
        """Draw who is on photograph `index` of the endless set: species take turns, so index = number ×
        species + s; the rest as in `plan`.
        """
        number, species = np.divmod(np.asarray(index, dtype=np.int64).ravel(), len(self))
        if (number < 0).any():
            raise ValueError(
                f"photographs are numbered from 0 up, not {np.asarray(index)[number < 0][:5].tolist()}"
            )
        return phenotype.meet(
            self.seed,
            self.evolved.habitat,
            self.growth.plan,
            species,
            number,
            balanced=balanced,
            background_bias=background_bias,
            photos=photos,
            views=views,
        )

    def render(self, specimens: Specimens, size: int = 40, device: str = "cpu", *, layers: bool = False):
        """Paint photographs: uint8 (n, size, size, 3), the same bytes for any cut or order of the batch on
        one machine, and within one grey level on any `device` of torch.

        With `layers`, also return how much of each pixel the animal covers, float32 (n, size, size) from 0 to
        1.
        """
        from embedlab.world.painter import paint

        out = np.empty((len(specimens), size, size, 3), np.uint8)
        cover = np.empty((len(specimens), size, size), np.float32) if layers else None
        for plan, rows, look, lens in self._seen(specimens):
            place, view = specimens.background[rows], specimens.view[rows]
            painted = paint(plan, look, lens, place, size, self.seed, layers, device, view=view)
            if layers:
                out[rows], cover[rows] = painted
            else:
                out[rows] = painted
        return (out, cover) if layers else out

    def keypoints(self, specimens: Specimens) -> dict[str, np.ndarray]:
        """Tell where parts lie in each picture, in half-widths from its middle (x right, y up).

        `beak_base` and `beak_tip` (n, 2), `outermost` (n, 24, 2; repeated to fill) and `scale` (n,):
        half-widths to one body unit. Free ground truth for tests and explanations.
        """
        from embedlab.world.painter import keypoints

        found: dict[str, np.ndarray] = {}
        for plan, rows, look, lens in self._seen(specimens):
            for name, value in keypoints(plan, look, lens).items():
                if name == "outermost":
                    value = np.concatenate(
                        [value, np.repeat(value[:, :1], 24 - value.shape[1], axis=1)], axis=1
                    )
                found.setdefault(name, np.empty((len(specimens), *value.shape[1:])))[rows] = value
        return found

    def _seen(self, specimens: Specimens):
        plan_of = self.growth.plan[specimens.species]
        for number, plan in enumerate(PLANS):
            rows = np.flatnonzero(plan_of == number)
            if len(rows):
                some = specimens[rows]
                look = phenotype.looks(self.seed, plan, self.evolved, some)
                yield plan, rows, look, camera(self.seed, some, self.strengths)

    def captions(self, specimens: Specimens, rng: np.random.Generator) -> list[str]:
        """Write one caption per image: ranks and the common name only, in four mixed forms; nothing that must
        emerge.
        """
        forms = rng.choice(len(CAPTIONS), size=len(specimens), p=[share for _, share in CAPTIONS])
        return [self.caption(int(s), CAPTIONS[f][0]) for s, f in zip(specimens.species, forms, strict=True)]

    def caption(self, species: int, form: str = "taxonomic") -> str:
        """Name one species in one of BioCLIP 2's five forms: "taxonomic" (seven ranks), "scientific", "common",
        "scientific and common" or "taxonomic and common".
        """
        ranked = " ".join(
            [*(self.columns[rank][species] for rank in RANKS[:-1]), self.names[species].split()[1]]
        )
        common = self.columns["common_name"][species]
        written = {
            "taxonomic": ranked,
            "scientific": self.names[species],
            "common": common,
            "scientific and common": f"{self.names[species]} with common name {common}",
            "taxonomic and common": f"{ranked} with common name {common}",
        }
        if form not in written:
            raise KeyError(f"no caption form {form!r}; there are {list(written)}")
        return written[form]

    def manifest(self, specimens: Specimens, paths: list[str]) -> polars.DataFrame:
        """Give the table that comes with the images: canonical columns, one row per image."""
        import polars as pl

        s = specimens.species
        names = {name: np.array(values)[s] for name, values in self.columns.items()}
        return pl.DataFrame(
            {
                "image_id": [f"w{self.seed}-{i}" for i in specimens.index],
                "path": paths,
                "individual": [f"{a}-{b}" for a, b in zip(s, specimens.individual, strict=True)],
                **names,
                "sex": np.array(SEXES)[specimens.sex],
                "life_stage": np.array(STAGES)[specimens.life_stage],
                "habitat_background": np.array(HABITATS)[specimens.background],
                "view_background": np.array(PLANS)[specimens.view],
                "split": self.split[s],
                "source": f"embedlab world {self.seed}",
            }
        )

    @cached_property
    def card(self) -> dict:
        """Say what this world turned out to be: counts, shares of variance, strengths; plain JSON."""
        from embedlab.world.card import card

        return card(self)
