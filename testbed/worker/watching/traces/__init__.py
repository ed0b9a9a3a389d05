"""Traces of tf.functions, and the values they keep."""
