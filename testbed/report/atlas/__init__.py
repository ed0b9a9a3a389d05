"""The atlas: what each case of the catalogue shows in which version of TensorFlow."""
