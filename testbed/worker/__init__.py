"""The child side, the only place that imports TensorFlow at the top; started by name."""
