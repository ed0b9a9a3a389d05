"""Injects faults into cases, and records how the workers and TensorFlow react."""
