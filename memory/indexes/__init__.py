"""Nearest-neighbour search over the vectors in the store."""
