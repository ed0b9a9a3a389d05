"""Errors of scopes: variables, models and optimizers that belong to different strategies."""

from __future__ import annotations

from testbed.check.known_errors.entry import KERAS, TENSORFLOW, TF_KERAS, KnownError, Sign

_MIXED = r"Mixing different tf\.distribute\.Strategy objects"
_BUILDS = r"(?:tf_)?keras/src/"

ERRORS = (
    KnownError(
        "scope_within_other_scope",
        "the scope of a strategy is entered within the scope of another one",
        (
            Sign(
                ("RuntimeError",),
                _MIXED,
                r"tensorflow/python/distribute/distribute_lib\.py:__enter__>_require",
            ),
            Sign(("RuntimeError",), r"Must not nest tf\.distribute\.Strategy scopes"),
        ),
        "one scope can be open at a time, and two strategies over the same devices are different"
        " strategies",
        "make one strategy and pass it, or take the open one by tf.distribute.get_strategy();"
        " leave one scope before entering the other",
        """\
def build_model():
    with tf.distribute.MirroredStrategy().scope():
        return tf.Variable(1.0)

with strategy.scope():
    model = build_model()
""",
        """\
def build_model():
    return tf.Variable(1.0)

with strategy.scope():
    model = build_model()
""",
        scenario="mixed_strategies.nested_scopes",
        threads=("tensorflow#47466", "tensorflow#35601"),
    ),
    KnownError(
        "optimizer_made_outside_scope",
        "an optimizer or metric is made outside the scope of the model",
        (
            Sign(
                ("RuntimeError",),
                _MIXED
                + r": \S*?(?P<strategy>\w+Strategy)\b.* is not .*_DefaultDistributionStrategy",
            ),
        ),
        "the model's variables belong to {strategy}, while the optimizer, metric or loss was made"
        " or first used without a scope",
        "make model, optimizer and metrics, and call compile, inside one strategy.scope()",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="keras_fit.optimizer",
        threads=("tensorflow#35601", "models#9972"),
    ),
    KnownError(
        "variable_of_other_strategy",
        "a variable of one strategy is used under another one",
        (Sign(("RuntimeError",), _MIXED),),
        "a variable belongs to the strategy in whose scope it was made; two strategies over the"
        " same devices are different strategies",
        "make one strategy and pass it to all functions, or take variable.distribute_strategy",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

def train_step():
    tf.distribute.MirroredStrategy().run(lambda: weight.assign_add(1.0))

train_step()
""",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

def train_step():
    strategy.run(lambda: weight.assign_add(1.0))

train_step()
""",
        scenario="mixed_strategies.run_by_equal_strategy",
        threads=("tensorflow#47466", "tensorflow#35601"),
    ),
    KnownError(
        "model_made_outside_scope",
        "a model is made outside the scope of its optimizer",
        (
            Sign(
                ("RuntimeError",),
                r"Need to be inside \"with strategy\.scope\(\)\" for .*?(?P<strategy>\w+Strategy)",
                _BUILDS,
            ),
        ),
        "the optimizer was made in the scope of {strategy}, and the model outside of it",
        "make the model inside the scope, too",
        """\
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
with strategy.scope():
    model.compile("adam", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
    ),
    KnownError(
        "used_outside_scope",
        "a method of the strategy is used outside its scope",
        (Sign(("RuntimeError",), r"Need to be inside \"with strategy\.scope\(\)\""),),
        "the call works on the strategy whose scope is open, and none is",
        "call it inside strategy.scope()",
        """\
weight = tf.Variable(1.0)
with strategy.scope():
    copy = tf.Variable(1.0)
with strategy.extended.colocate_vars_with(copy):
    momentum = tf.Variable(0.0)
""",
        """\
weight = tf.Variable(1.0)
with strategy.scope():
    copy = tf.Variable(1.0)
    with strategy.extended.colocate_vars_with(copy):
        momentum = tf.Variable(0.0)
""",
    ),
    KnownError(
        "slots_of_variable_outside_scope",
        "an optimizer or average of a scope meets a variable that was made outside of it",
        (
            Sign(
                ("ValueError",),
                r"`colocate_vars_with` must only be passed a variable created in this"
                r" tf\.distribute\.Strategy\.scope\(\), not: .*?'(?P<variable>[^']+?)(?::0)?'",
            ),
        ),
        "the variable '{variable}' has one copy, because it was made outside strategy.scope(); the"
        " optimizer or moving average wants to place its own variables beside each copy",
        "make '{variable}', or the model that it belongs to, inside the same strategy.scope()",
        """\
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
with strategy.scope():
    optimizer = keras.optimizers.Adam(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        seen_on=(TENSORFLOW, KERAS, TF_KERAS),
        scenario="module_global.trained_by_optimizer",
        threads=("tensorflow#27392", "addons#605"),
    ),
    KnownError(
        "legacy_slots_outside_scope",
        "a legacy optimizer of a scope meets a variable that was made outside of it",
        (
            Sign(
                ("ValueError",),
                r"Trying to create optimizer slot variable under the scope.*?"
                r"<tf\.Variable '(?P<variable>[^']+?)(?::0)?'",
            ),
        ),
        "the variable '{variable}' was made, or restored, outside the scope in which the optimizer"
        " works",
        "make and restore '{variable}' and its model inside the same strategy.scope()",
        """\
from tf_keras import Sequential, layers, optimizers
model = Sequential([layers.Dense(1, input_shape=(3,))])
with strategy.scope():
    optimizer = optimizers.legacy.Adam(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        """\
from tf_keras import Sequential, layers, optimizers
with strategy.scope():
    model = Sequential([layers.Dense(1, input_shape=(3,))])
    optimizer = optimizers.legacy.Adam(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        seen_on=(TENSORFLOW, TF_KERAS),
        scenario="optimizer.variable_of_legacy",
    ),
    KnownError(
        "compiled_in_other_scope",
        "compile is called in a scope, and the model was made outside of it",
        (
            Sign(
                ("ValueError",),
                r"Variable \(<tf\.Variable '(?P<variable>[^']+?)(?::0)?'[\s\S]*?was not created in"
                r" the distribution strategy scope",
            ),
        ),
        "the variable '{variable}' was made outside the scope in which compile is called",
        "make the model inside the same strategy.scope()",
        """\
from tf_keras import Sequential, layers
model = Sequential([layers.Dense(1, input_shape=(3,))])
with strategy.scope():
    model.compile("adam", "mse")
""",
        """\
from tf_keras import Sequential, layers
with strategy.scope():
    model = Sequential([layers.Dense(1, input_shape=(3,))])
    model.compile("adam", "mse")
""",
        seen_on=(TENSORFLOW, TF_KERAS),
    ),
    KnownError(
        "optimizer_updates_unmirrored_variable",
        "a Keras optimizer updates a variable that was made outside the scope",
        (
            Sign(
                ("AssertionError",),
                r"\A\Z",
                r"tensorflow/python/distribute/mirrored_strategy\.py:_update|"
                r"keras/src/backend/tensorflow/optimizer\.py:_distributed_tf_update_step",
            ),
        ),
        "TensorFlow asserts, without a word, that the updated variable is mirrored; this one has"
        " one copy, because it was made outside strategy.scope()",
        "make the model inside the same strategy.scope() as the optimizer",
        """\
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
with strategy.scope():
    optimizer = keras.optimizers.SGD(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="optimizer.variable",
    ),
)
