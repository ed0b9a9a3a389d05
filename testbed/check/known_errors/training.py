"""Errors of Keras' own training loops and options, and of XLA."""

from __future__ import annotations

from testbed.check.known_errors.entry import (
    KERAS,
    TENSORFLOW,
    TF_KERAS,
    WORKERS,
    KnownError,
    Sign,
)

# Keras names the function that its own condition was to call.
_MERGE = (
    r"`merge_call` called while defining a new graph[\s\S]*BaseOptimizer\._backend_apply_gradients"
)
_OPTIMIZER = r"keras/src/backend/tensorflow/optimizer\.py:"

ERRORS = (
    KnownError(
        "keras_3_fit_on_workers",
        "Keras 3 trains under MultiWorkerMirroredStrategy",
        (
            Sign(
                ("ValueError",),
                r"Attempt to convert a value \(PerReplica",
                r"keras/src/(?:utils/traceback_utils|backend/tensorflow/trainer)\.py:",
                alone=True,
            ),
        ),
        "fit and evaluate of Keras 3 do not support MultiWorkerMirroredStrategy: they take the"
        " distributed batch of a worker for a tensor",
        "set TF_USE_LEGACY_KERAS=1 before the first import of TensorFlow or Keras and train with"
        " tf_keras, which supports it; or write the loop with strategy.run",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        """\
import tf_keras
with strategy.scope():
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        strategy=WORKERS,
        seen_on=(TENSORFLOW, KERAS),
        scenario="keras_fit.several_workers",
        threads=("keras#20585", "tensorflow#72388"),
    ),
    KnownError(
        "gradient_accumulation_in_keras",
        "a Keras 3 optimizer accumulates gradients under several replicas",
        (Sign(("RuntimeError",), _MERGE, _OPTIMIZER + "_all_reduce_sum_gradients"),),
        "with gradient_accumulation_steps Keras applies the gradients inside a condition, and"
        " replicas cannot synchronise in there",
        "leave gradient_accumulation_steps out and take a larger batch; or accumulate yourself:"
        " decide outside of strategy.run whether this step applies",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), batch_size=4, verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), batch_size=8, verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
        threads=("keras#17429",),
    ),
    KnownError(
        "weight_average_in_keras",
        "a Keras 3 optimizer overwrites weights by their average under several replicas",
        (
            Sign(
                ("RuntimeError",),
                _MERGE,
                _OPTIMIZER + "_overwrite_model_variables_with_average_value",
            ),
        ),
        "with ema_overwrite_frequency Keras overwrites the weights inside a condition, and replicas"
        " cannot synchronise in there",
        "leave ema_overwrite_frequency out and call"
        " optimizer.finalize_variable_values(model.trainable_variables) at the end",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    average = keras.optimizers.SGD(0.1, use_ema=True, ema_overwrite_frequency=2)
    model.compile(average, "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), batch_size=4, verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    average = keras.optimizers.SGD(0.1, use_ema=True)
    model.compile(average, "mse")
model.fit(np.ones((16, 3)), np.ones((16, 1)), batch_size=4, verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
    ),
    KnownError(
        "automatic_loss_reduction",
        "a tf_keras loss with its default reduction is called in a step",
        (
            Sign(
                ("ValueError",),
                r"Please use `tf\.keras\.losses\.Reduction\.SUM` or"
                r" `tf\.keras\.losses\.Reduction\.NONE`",
            ),
        ),
        "the default AUTO would take the mean of a replica's part of the batch, while the replicas'"
        " gradients are summed: the step would be too large",
        "pass reduction=tf_keras.losses.Reduction.NONE, and take"
        " tf.nn.compute_average_loss(losses, global_batch_size=...)",
        """\
from tf_keras import losses
error = losses.MeanSquaredError()

def step(x, y):
    return error(y, x)

strategy.run(step, args=(tf.ones([4, 1]), tf.zeros([4, 1])))
""",
        """\
from tf_keras import losses
error = losses.MeanSquaredError(reduction=losses.Reduction.NONE)

def step(x, y):
    return tf.nn.compute_average_loss(error(y, x), global_batch_size=8)

strategy.run(step, args=(tf.ones([4, 1]), tf.zeros([4, 1])))
""",
        seen_on=(TENSORFLOW, TF_KERAS),
        threads=("keras#16285", "keras#15509", "tensorflow#33651"),
    ),
    KnownError(
        "compiled_step_on_cpus",
        "a step that XLA compiles uses a variable of another device",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Trying to access resource (?P<variable>\S+?)(?:/replica_\d+)?(?:/\d+)? "
                r".*located in device \S*(?P<device>device:\S+)",
            ),
        ),
        "XLA compiles for one device, and '{variable}' lives on {device}. On logical CPUs the"
        " copies of a mirrored variable are so; on GPUs it happens where jit_compile is around"
        " strategy.run instead of inside the step",
        "leave jit_compile out (compile(jit_compile=False)) where several replicas run on CPUs; on"
        " GPUs compile the computation inside the step, without the optimizer",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=True)
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
model.fit(np.ones((16, 3)), np.ones((16, 1)), verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
        scenario="compiled.reads_variable",
        threads=("keras#19005",),
    ),
    KnownError(
        "compiled_collective_on_cpus",
        "XLA is to compile a collective for CPUs",
        (
            Sign(
                ("UnimplementedError", "InvalidArgumentError"),
                r"Collectives are not yet implemented for CPU devices when compiling with XLA|"
                r"Only compiling NCCL/auto collective is supported",
            ),
        ),
        "with jit_compile=True the whole step is compiled, and XLA has no collective of several"
        " workers for CPUs",
        "compile the computation inside the step, and reduce or assign outside of the compiled"
        " part",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

@tf.function(jit_compile=True)
def train():
    strategy.run(lambda: weight.assign_add(1.0))

train()
""",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

@tf.function
def train():
    strategy.run(lambda: weight.assign_add(1.0))

train()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "variable_made_in_compiled_step",
        "a step that XLA compiles makes a variable",
        (Sign(("UnimplementedError",), r"We failed to lift variable creations out of this tf"),),
        "what makes a variable cannot be compiled, not even on the first call",
        "make the variable inside strategy.scope(), before the compiled function",
        """\
made = []

@tf.function(jit_compile=True)
def step():
    if not made:
        made.append(tf.Variable(1.0))
    return made[0] + 1.0

strategy.run(step)
""",
        """\
made = [tf.Variable(1.0)]

@tf.function(jit_compile=True)
def step(start):
    return start + 1.0

strategy.run(lambda: step(tf.constant(1.0)))
""",
    ),
)
