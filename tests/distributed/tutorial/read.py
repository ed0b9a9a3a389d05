"""What training has left, read again by whoever was not there: `python read.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import digits  # type: ignore[import-not-found]  # it lies beside this file
import tensorflow as tf

folder = Path(sys.argv[1])
saved = tf.keras.models.load_model(folder / "model", compile=False)
print("model reads", digits.read(saved))

restored = digits.build()
latest = tf.train.latest_checkpoint(folder / "checkpoints")
tf.train.Checkpoint(model=restored).restore(latest).expect_partial()
print("checkpoint reads", digits.read(restored))
loss, accuracy, _ = restored.evaluate(digits.test_data(100), verbose=0)
print(f"loss {loss!r}, accuracy {accuracy:.3f}")
print("by digit:", digits.seen_here(restored, tf.distribute.get_strategy()))
