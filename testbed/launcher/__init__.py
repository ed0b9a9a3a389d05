"""Processes, ports and folders of the operating system; knows nothing of TensorFlow."""
