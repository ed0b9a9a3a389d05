"""What TensorFlow imports only on first use, imported once before the fork instead.

Without it every worker would pay for it again. Nothing here starts TensorFlow's runtime.
"""
