"""`tf_keras.callbacks.BackupAndRestore`: a fit that was cut short goes on at its last epoch."""

import numpy as np
import tensorflow as tf
import tf_keras

from testbed import Bed, Fault, run_script, scenario

GROUP = "what happens to workers"

EPOCHS = 4
NETWORK = ("multi_worker_mirrored",)


class Epochs(tf_keras.callbacks.Callback):
    """Counts those of this process, and remembers how many were finished before a restart."""

    def __init__(self, bed: Bed) -> None:
        super().__init__()
        self.bed = bed
        self.taken = 0
        self.file = bed.folder / "finished"
        self.finished_before = len(self.file.read_text()) if self.file.exists() else 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.taken += 1
        self.bed.phase(f"epoch {epoch + 1}")

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if self.bed.worker == 0:
            self.file.write_text("." * (epoch + 1))


def create_model() -> tf_keras.Model:
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    return model


def fit(bed: Bed, *callbacks: tf_keras.callbacks.Callback) -> tf_keras.Model:
    model = bed.make(create_model)
    inputs, targets = np.ones([32, 2], np.float32), np.ones([32, 1], np.float32)
    data = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(16).repeat()
    model.fit(data, epochs=EPOCHS, steps_per_epoch=2, verbose=0, callbacks=list(callbacks))
    return model


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("kill", 0, "epoch 3"),
    restarts=1,
)
def restored(bed: Bed) -> None:
    """After a restart of all workers, fit goes on with the epoch that was cut short."""
    epochs = Epochs(bed)
    backup = tf_keras.callbacks.BackupAndRestore(str(bed.folder / "backup"))
    model = fit(bed, backup, epochs)
    bed.claim(model.optimizer.iterations, value=2 * EPOCHS)
    bed.claim(epochs.taken, value=EPOCHS - epochs.finished_before)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("kill", 0, "epoch 3"),
    restarts=1,
)
def without_it_all_is_done_again(bed: Bed) -> None:
    """Without BackupAndRestore the restarted workers take all epochs again."""
    epochs = Epochs(bed)
    model = fit(bed, epochs)
    bed.claim(model.optimizer.iterations, value=2 * EPOCHS)
    bed.claim(epochs.taken, value=EPOCHS)


if __name__ == "__main__":
    run_script()
