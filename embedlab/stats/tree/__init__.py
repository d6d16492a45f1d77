"""Species that are related: walks of a tree, models of evolution, signal, regression, intervals."""
