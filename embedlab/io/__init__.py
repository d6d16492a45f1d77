"""Everything on disk: public tables in, the store, interop out."""
