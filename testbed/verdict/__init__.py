"""Observations of workers, and the verdict on them."""
