"""`tf_keras.callbacks.BackupAndRestore`: a fit that was cut short goes on at its last epoch."""

import numpy as np
import tensorflow as tf
import tf_keras

from testbed import Bed, Fault, run_script, scenario

GROUP = "what happens to workers"

EPOCHS = 4
NETWORK = ("multi_worker_mirrored",)


class TellEpochs(tf_keras.callbacks.Callback):
    def __init__(self, bed: Bed) -> None:
        super().__init__()
        self.bed = bed
        self.seen = 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.seen += 1
        self.bed.phase(f"epoch {epoch + 1}")


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
    told = TellEpochs(bed)
    backup = tf_keras.callbacks.BackupAndRestore(str(bed.folder / "backup"))
    model = fit(bed, backup, told)
    bed.claim(model.optimizer.iterations, value=2 * EPOCHS)
    bed.claim(told.seen, value=EPOCHS - 2)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("kill", 0, "epoch 3"),
    restarts=1,
)
def without_it_all_is_done_again(bed: Bed) -> None:
    """Without BackupAndRestore the restarted workers take all epochs again."""
    told = TellEpochs(bed)
    model = fit(bed, told)
    bed.claim(model.optimizer.iterations, value=2 * EPOCHS)
    bed.claim(told.seen, value=EPOCHS)


if __name__ == "__main__":
    run_script()
