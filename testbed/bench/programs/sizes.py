"""Constraints on the model's sizes; the only module here that needs no TensorFlow."""

HEADS = 4
"""Number of attention heads; they divide the width of the model."""
