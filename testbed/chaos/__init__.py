"""Faults done to cases on purpose, and what TensorFlow and the case made of them."""
