"""The two losses, summed over a replica's share of the global batch."""
import tensorflow as tf


def _cross_entropy(labels, logits, batch):
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(losses) / batch


def generator_loss(fake_scores, batch):
    return _cross_entropy(tf.ones_like(fake_scores), fake_scores, batch)


def discriminator_loss(real_scores, fake_scores, batch):
    real = _cross_entropy(tf.ones_like(real_scores), real_scores, batch)
    fake = _cross_entropy(tf.zeros_like(fake_scores), fake_scores, batch)
    return real + fake
