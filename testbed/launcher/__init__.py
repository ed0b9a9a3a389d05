"""Operating-system work only: processes, ports, folders. Nothing here knows of TensorFlow."""
