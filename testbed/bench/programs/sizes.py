"""What the model's sizes have to fit; the one module here that needs no TensorFlow."""

HEADS = 4
"""Of the attention: its width is divided among them."""
