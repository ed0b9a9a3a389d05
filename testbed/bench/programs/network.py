"""A small real model: a convolutional and an attention block, and one step of training it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.bench.programs.sizes import HEADS

CLASSES = 10


class Network(tf.Module):  # type: ignore[misc]
    """Convolves an image, attends over the patches, and classifies.

    `width` is the number of channels and the size of the attention's vectors.
    """

    def __init__(self, width: int, image: int) -> None:
        super().__init__()
        self.image, self.width = image, width
        self.kernel = tf.Variable(_start([3, 3, 3, width]))
        self.attention = tf.Variable(_start([3, width, width]))
        self.mixing = tf.Variable(_start([width, width]))
        self.classifier = tf.Variable(_start([width, CLASSES]))

    def loss(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Mean loss of a batch: images [batch, image, image, 3] in float32, labels [batch]."""
        patches = tf.nn.relu(tf.nn.conv2d(images, self.kernel, strides=2, padding="SAME"))
        tokens = tf.reshape(patches, [images.shape[0], -1, self.width])
        query, key, value = (self._heads(tokens @ self.attention[i]) for i in range(3))
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / self.width**0.5)
        attended = tf.transpose(weights @ value, [0, 2, 1, 3])
        mixed = tokens + tf.reshape(attended, tf.shape(tokens)) @ self.mixing
        logits = tf.reduce_mean(mixed, axis=1) @ self.classifier
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )

    def _heads(self, tokens: tf.Tensor) -> tf.Tensor:
        batch, length = tokens.shape[0], tokens.shape[1]
        split = tf.reshape(tokens, [batch, length, HEADS, self.width // HEADS])
        return tf.transpose(split, [0, 2, 1, 3])


def build(width: int, image: int) -> tuple[Network, Any]:
    """Create the network and its optimizer; both must be created in one scope."""
    network = Network(width, image)
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
    optimizer.build(list(network.trainable_variables))
    return network, optimizer


def batch_of(replica: int, batch: int, image: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The batch of one replica; it differs for every replica."""
    seed = [replica, 7]
    images = tf.random.stateless_uniform([batch, image, image, 3], seed)
    labels = tf.random.stateless_uniform([batch], seed, maxval=CLASSES, dtype=tf.int32)
    return images, labels


def train(network: Network, optimizer: Any, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """One step in a replica: gradients of the replica's batch, reduced and applied."""
    with tf.GradientTape() as tape:
        loss = network.loss(images, labels)
    variables = list(network.trainable_variables)
    gradients = tape.gradient(loss, variables)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return loss


def _start(shape: list[int]) -> tf.Tensor:
    return tf.random.stateless_normal(shape, [1, 2], stddev=0.05)
