"""The loop, and what it did."""
import tensorflow as tf

UPDATES = 0
LEARNING_RATE = 0.5


def descend(variables, gradients):
    for variable, gradient in zip(variables, gradients):
        variable.assign_sub(LEARNING_RATE * tf.convert_to_tensor(gradient))


class Loop:
    def __init__(self, strategy, loss, variables):
        self.strategy = strategy
        self.loss = loss
        self.variables = variables

    def replica(self, *batch):
        with tf.GradientTape() as tape:
            loss = self.loss(*batch)
        descend(self.variables, tape.gradient(loss, self.variables))
        return loss

    @tf.function
    def _step(self, *batch):
        losses = self.strategy.run(self.replica, args=batch)
        return self.strategy.reduce("SUM", losses, axis=None)

    def step(self, *batch):
        global UPDATES
        loss = self._step(*batch)
        UPDATES += len(self.variables)
        return loss


def summary():
    return f"{UPDATES} updates with a learning rate of {LEARNING_RATE}"
