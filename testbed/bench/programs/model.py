"""Trains a small real model: a convolutional and an attention block."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed import scenario
from testbed.bench.programs.network import batch_of, build, train


@scenario(sites=("in_scope",), modes=("function",))
def training(bed: Any) -> None:
    """A step of training the network on a batch a replica."""
    sizes = bed.sizes
    network, optimizer = bed.make(build, sizes["width"], sizes["image"])
    images = bed.data(lambda replica: batch_of(replica, sizes["batch"], sizes["image"])[0])
    labels = bed.data(lambda replica: batch_of(replica, sizes["batch"], sizes["image"])[1])

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return train(network, optimizer, images, labels)

    bed.run(step, images, labels)
