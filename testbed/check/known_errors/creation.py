"""Errors of variables that are created inside steps and tf.functions."""

from __future__ import annotations

from testbed.check.known_errors.entry import KERAS, TENSORFLOW, KnownError, Sign

_SINGLETON = r"tf\.function only supports singleton tf\.Variables created on the first call"

ERRORS = (
    KnownError(
        "optimizer_made_in_function",
        "an optimizer is made, or makes its variables, inside a tf.function",
        (Sign(("ValueError",), _SINGLETON, r"keras/src/optimizers/"),),
        "each trace of the tf.function would make new variables: an optimizer has a counter, and"
        " most have variables for each weight",
        "make the optimizer once, inside strategy.scope(), and call"
        " optimizer.build(model.trainable_variables) there",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

def step():
    optimizer = keras.optimizers.Adam(0.1)
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

tf.function(lambda: strategy.run(step))()
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

tf.function(lambda: strategy.run(step))()
""",
        seen_on=(TENSORFLOW, KERAS),
        threads=("keras#20164",),
    ),
    KnownError(
        "layer_made_in_function",
        "a layer or model is made inside a tf.function",
        (Sign(("ValueError",), _SINGLETON, r"keras/src/(?:layers/|utils/traceback_utils)"),),
        "each trace of the tf.function would make new weights",
        "make the layer once, inside strategy.scope(), and build it there by calling it on a batch"
        " or by layer.build(shape)",
        """\
def step(x):
    return keras.layers.Dense(2)(x)

@tf.function
def predict(x):
    return strategy.run(step, args=(x,))

predict(tf.ones([4, 3]))
""",
        """\
with strategy.scope():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))

@tf.function
def predict(x):
    return strategy.run(lambda x: layer(x), args=(x,))

predict(tf.ones([4, 3]))
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="made_every_call.state",
    ),
    KnownError(
        "variable_made_in_function",
        "a variable is made inside a tf.function",
        (Sign(("ValueError",), _SINGLETON),),
        "each trace of the tf.function would make a new variable",
        "make the variable once, inside strategy.scope() and outside the tf.function",
        """\
def step(x):
    seen = tf.Variable(0.0)
    seen.assign_add(x)
    return seen.read_value()

@tf.function
def train(x):
    return strategy.run(step, args=(x,))

train(tf.constant(1.0))
""",
        """\
with strategy.scope():
    seen = tf.Variable(0.0)

def step(x):
    seen.assign_add(x)
    return seen.read_value()

@tf.function
def train(x):
    return strategy.run(step, args=(x,))

train(tf.constant(1.0))
""",
        scenario="module_global.variable_made_in_replica",
        threads=("tensorflow#27120", "tensorflow#33576", "tensorflow#48878"),
    ),
    KnownError(
        "variable_made_on_later_call",
        "a tf.function makes a variable on a later call",
        (Sign(("ValueError",), r"Creating variables on a non-first call to a function"),),
        "a tf.function may make variables on its first call only; a later trace (another shape,"
        " another Python value, a branch that is taken now) makes one",
        "make all variables, layers and optimizers inside strategy.scope(), before the first call",
        """\
layers = {}

def step(x):
    if x.shape[0] == 3:
        layers.setdefault("small", keras.layers.Dense(1))
    return layers["small"](x) if layers else x

train = tf.function(lambda x: strategy.run(step, args=(x,)))
for rows in (2, 4, 3):
    train(tf.ones([rows, 3]))
""",
        """\
with strategy.scope():
    layers = {"small": keras.layers.Dense(1)}
    layers["small"].build((None, 3))

def step(x):
    return layers["small"](x) if x.shape[0] == 3 else x

train = tf.function(lambda x: strategy.run(step, args=(x,)))
for rows in (2, 4, 3):
    train(tf.ones([rows, 3]))
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="made_on_later_call.when_first_needed",
        threads=("tensorflow#27120", "keras#19005"),
    ),
    KnownError(
        "function_called_under_condition",
        "a tf.function with a collective is called under a condition of another one",
        (
            Sign(
                ("InvalidArgumentError",),
                r"You must feed a value for placeholder tensor '[^']*Placeholder[^']*' with dtype"
                r" int32",
            ),
        ),
        "TensorFlow gives a collective its key when the tf.function around it is called, but not"
        " where that call is in a condition (tf.cond) of another tf.function. The condition may be"
        " hidden: in a tf.function that makes variables in its first call, as an optimizer of Keras"
        " 3 does that is not built, and in steps_per_execution of Keras 3",
        "for an optimizer, call optimizer.build(model.trainable_variables) in strategy.scope();"
        " with Keras 3, leave steps_per_execution at 1; in a condition of your own, call the"
        " function without its @tf.function",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

tf.function(lambda: strategy.run(step))()
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

tf.function(lambda: strategy.run(step))()
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="keras_fit.several_steps",
        threads=("keras#23085", "keras#20164", "keras#19246"),
    ),
    KnownError(
        "replicas_make_other_variables",
        "replicas make different variables",
        (
            Sign(
                ("RuntimeError",),
                r"Tried to create variable (?P<variable>\S+) with mismatching name on device"
                r" (?P<replica>\d+)",
            ),
        ),
        "each replica makes the same variables in the same order, because each is a copy; replica"
        " {replica} makes '{variable}' where replica 0 made another one or none",
        "make variables outside the step, inside strategy.scope(); let no name and no branch"
        " depend on the replica",
        """\
def step():
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    state = tf.Variable(0.0, name=f"state{tf.get_static_value(replica)}")
    return state.read_value()

strategy.run(step)
""",
        """\
with strategy.scope():
    state = tf.Variable(0.0, name="state", synchronization=tf.VariableSynchronization.ON_READ)

def step():
    return state.read_value()

strategy.run(step)
""",
        scenario="made_differently.on_one_replica",
        threads=("tensorflow#27392",),
    ),
    KnownError(
        "tensor_of_finished_trace",
        "a tensor of a finished trace is used",
        (
            Sign(
                ("TypeError", "InaccessibleTensorError"),
                r"<tf\.Tensor '(?P<tensor>[^']+)'[^>]*> is out of scope and cannot be used here",
            ),
        ),
        "'{tensor}' is the symbol of a value in a tf.function's graph. It was kept in a list, an"
        " attribute or a global name, and has no value outside of the trace",
        "return it from the tf.function, or keep it in a tf.Variable",
        """\
losses = []

def step(x):
    losses.append(x * x)

tf.function(lambda: strategy.run(step, args=(tf.constant(1.0),)))()
total = losses[0] + 1.0
""",
        """\
def step(x):
    return x * x

loss = tf.function(lambda: strategy.run(step, args=(tf.constant(1.0),)))()
total = strategy.reduce("SUM", loss, axis=None) + 1.0
""",
        code="TB303",
        scenario="symbolic_leak.logged_as_float",
        threads=("tensorflow#54540", "tensorflow#57756", "tensorflow#47139"),
    ),
)
