"""How a compact CLIP is built: which tower sees, which reads, and how large they are."""

from dataclasses import dataclass

TOWERS = ("conv", "vit", "pixels")
TEXTS = ("bag", "causal", "none")
STRIDES = (2, 2, 1, 2, 1)  # of the five convolutions
# name, lowest, highest: bounds that a description from elsewhere cannot leave
_BOUNDS = (
    ("size", 8, 512),
    ("width", 4, 256),
    ("dim", 2, 4096),
    ("patch", 1, 64),
    ("depth", 1, 32),
    ("heads", 1, 64),
    ("text_depth", 1, 32),
    ("context", 8, 512),
)


@dataclass(frozen=True)
class Shape:
    """Image edge in px, channels, length of a vector; then which towers, and what only transformers need.

    `width` is the channels of the first convolution. The last has 4 · width, and so has every token of
    a transformer: layer `features` is equally long for both, and width 96 is the 384 of a ViT-S.

    >>> Shape().grid, Shape(tower="vit").tokens, Shape(tower="vit", width=96).channels
    (5, 25, 384)
    >>> Shape(tower="vit", patch=7)
    Traceback (most recent call last):
    ValueError: patch 7 does not divide the image edge, 40 px: give one of [1, 2, 4, 5, 8, 10, 20, 40]
    """

    size: int = 40
    width: int = 16
    dim: int = 96
    tower: str = "conv"  # what sees: five convolutions, a vision transformer, or one linear map of all pixels
    text: str = "bag"  # what reads: a bag of words, a causal transformer over syllables, or nothing
    patch: int = 8  # vit: edge of a patch, px
    depth: int = 4  # vit: blocks
    heads: int = 4  # attention heads of either transformer
    text_depth: int = 2  # causal: blocks; names are simpler than pictures
    context: int = 77  # causal: most tokens of a caption, as in CLIP
    replay: bool = False  # a second visual projection, for the images of the replayed domain

    def __post_init__(self):
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}: give a whole number from {low} to {high}")
        for name, known in (("tower", TOWERS), ("text", TEXTS), ("replay", (False, True))):
            value = getattr(self, name)
            if type(value) is not type(known[0]) or value not in known:
                raise ValueError(f"{name} is {value!r}: give one of {list(known)}")
        if self.tower == "vit" and self.size % self.patch:
            fits = [p for p in range(1, min(self.size, 64) + 1) if self.size % p == 0]
            raise ValueError(f"patch {self.patch} does not divide the image edge, {self.size} px: give one of {fits}")
        if "vit" == self.tower or "causal" == self.text:
            if self.channels % self.heads:
                raise ValueError(
                    f"{self.heads} heads cannot share the {self.channels} channels of a token (4 · width) "
                    "evenly: give a divisor of it"
                )

    @property
    def channels(self) -> int:
        """Give the channels of the last feature map, and of a transformer's token: 4 · width."""
        return 4 * self.width

    @property
    def grid(self) -> int:
        """Give the edge of the last feature map, in cells: each stride of 2 halves it, rounding up."""
        edge = self.size
        for stride in STRIDES:
            edge = -(-edge // stride)
        return edge

    @property
    def tokens(self) -> int:
        """Give the number of patches that a vision transformer sees."""
        return (self.size // self.patch) ** 2

    @property
    def features(self) -> int:
        """Give the length of the layer `features`: channels, or all standardised pixels themselves."""
        return 3 * self.size**2 if self.tower == "pixels" else self.channels

    @property
    def cut(self) -> str:
        """Give what captions are cut into for the text tower: "words" or "syllables"."""
        return "syllables" if self.text == "causal" else "words"
