"""Real samples."""
import numpy as np


def circle(count):
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, size=count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
