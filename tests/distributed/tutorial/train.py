"""Workers learn to read digits together: `python train.py FOLDER`, in each of them.

Who they are, and which of them this one is, stands in TF_CONFIG; without it there is one alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

import digits  # type: ignore[import-not-found]  # it lies beside this file
import tensorflow as tf

BATCH_OF_A_WORKER = 64
EPOCHS = 3
STEPS = 20


def main() -> None:
    """Train, and keep what was learnt in a folder: once, however many workers there are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--crash-in-epoch", type=int, default=0)
    options = parser.parse_args()

    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    workers = len(config["cluster"]["worker"]) if config else 1
    batch = BATCH_OF_A_WORKER * workers
    # It meets the other workers, and has to come before whatever else TensorFlow does.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = digits.build()

    def begin(epoch: int, _: Any) -> None:
        print("epoch", epoch + 1, flush=True)

    def end(epoch: int, _: Any) -> None:
        if epoch + 1 == options.crash_in_epoch:
            raise RuntimeError("as if the power were gone")

    model.fit(
        digits.training_data(batch),
        epochs=EPOCHS,
        steps_per_epoch=STEPS,
        verbose=0,
        callbacks=[
            # Before the backup: an epoch in which it crashes is not in it.
            tf.keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end),
            tf.keras.callbacks.BackupAndRestore(str(options.folder / "backup")),
            tf.keras.callbacks.ModelCheckpoint(
                str(options.folder / "epochs" / "{epoch}.weights.h5"), save_weights_only=True
            ),
        ],
    )
    loss, accuracy, seen = model.evaluate(digits.test_data(batch), verbose=0)
    print(f"loss {loss!r}, accuracy {accuracy:.3f} of {seen:.0f} images", flush=True)
    print("of them here, by digit:", digits.seen_here(model, strategy), flush=True)
    print("reads", digits.read(model), flush=True)
    save(model, options.folder, strategy.cluster_resolver)


def save(model: Any, folder: Path, resolver: Any) -> None:
    """Save the model, and a checkpoint of it; what the chief writes is kept.

    The others have to write, too: some values are added up among all workers on the way.
    """
    chief = not resolver.task_type or resolver.task_id == 0
    place = folder if chief else folder / f"of-worker-{resolver.task_id}"
    model.save(place / "model")
    checkpoint = tf.train.Checkpoint(model=model)
    tf.train.CheckpointManager(checkpoint, place / "checkpoints", max_to_keep=1).save()
    if not chief:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
