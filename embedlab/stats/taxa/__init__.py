"""Does a space keep the order of taxa: triplets, taxa within taxa, trees made of distances."""
