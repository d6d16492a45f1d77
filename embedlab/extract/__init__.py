"""Images and names in, vectors in a store out; torch lives here, imported only when a model is loaded."""
