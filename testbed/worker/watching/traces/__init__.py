"""Observes traces of tf.functions and the values that they keep."""
