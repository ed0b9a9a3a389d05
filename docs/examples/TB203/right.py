import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


class Weight(tf.Module):
    def __init__(self, start):
        super().__init__()
        self.value = tf.Variable(start)

    @tf.function
    def shrink(self):
        self.value.assign(0.5 * self.value)


with strategy.scope():
    online, target = Weight(1.0), Weight(5.0)

online.shrink()
target.shrink()
print(online.value.numpy(), target.value.numpy())
