"""Growth along a series of models: trends over species, and laws."""
