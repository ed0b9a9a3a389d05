"""`python -m testbed.bench.programs.plain_loop`: the model's loop without the testbed.

It has no bed, no fork, no channel and no observer. It takes its sizes as JSON on its command line.
Each input line is a number of steps, and the answer is the seconds of each step.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import tensorflow as tf

from testbed.bench.programs.network import batch_of, build, train


def main() -> None:
    """Build the model on R logical CPUs or GPUs, and train until the input ends."""
    sizes = json.loads(sys.argv[1])
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    if kind == "CPU":
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * sizes["replicas"],
        )
    strategy = tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(sizes["replicas"])])
    with strategy.scope():
        network, optimizer = build(sizes["width"], sizes["image"])
    images, labels = (
        strategy.experimental_distribute_values_from_function(
            lambda context, part=part: batch_of(
                context.replica_id_in_sync_group, sizes["batch"], sizes["image"]
            )[part]
        )
        for part in (0, 1)
    )

    @tf.function  # type: ignore[untyped-decorator]
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return strategy.run(lambda *batch: train(network, optimizer, *batch), (images, labels))

    print(json.dumps([timed(step, images, labels) for _ in range(sizes["warm_up"])]), flush=True)
    for line in sys.stdin:
        print(json.dumps([timed(step, images, labels) for _ in range(int(line))]), flush=True)


def timed(step: Any, images: Any, labels: Any) -> float:
    """The seconds of one step."""
    began = time.perf_counter()
    step(images, labels)
    if tf.config.list_logical_devices("GPU"):
        tf.test.experimental.sync_devices()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
