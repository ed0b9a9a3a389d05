"""Code that runs in workers; the only package that imports TensorFlow at the top."""
