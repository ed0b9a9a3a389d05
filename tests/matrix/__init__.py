"""Runs the catalogue and other parts on every supported version of TensorFlow: `make matrix`."""
