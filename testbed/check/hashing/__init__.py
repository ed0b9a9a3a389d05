"""Finds programs whose results may depend on the hash seed of each process."""
