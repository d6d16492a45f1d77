"""Things compared two by two: distance matrices, groups of rows, two spaces of the same things."""
