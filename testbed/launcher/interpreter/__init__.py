"""The Python interpreter of the workers, and the TensorFlow that it has."""
