"""Errors of GPUs and of memory: a driver that does not fit, a GPU that does not start, OOM."""

from __future__ import annotations

from testbed.check.known_errors.entry import KnownError, Sign
from testbed.verdict.out_of_memory import BATCH, COMPILED, COPY, KERNEL, TENSOR

_STARTING = r"(?:cudaGetDevice\(\) failed|CUDA runtime implicit initialization on GPU:\d+ failed)\."

_ON_GPUS = """\
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0)
"""
_ON_CPUS = f"""\
tf.config.set_visible_devices([], "GPU")  # CPUs, until the GPU can be used
{_ON_GPUS}"""

ERRORS = (
    KnownError(
        "driver_is_too_old",
        "the driver of the GPU is too old for the CUDA of this TensorFlow",
        (Sign(("InternalError",), _STARTING + r" Status: CUDA driver version is insufficient"),),
        "TensorFlow lists the GPU, and starts it with the first operation. Then CUDA's runtime"
        " finds that the driver does not support its version",
        "update the driver (CUDA 12 needs 525.60.13 or newer), or install a TensorFlow for an"
        " earlier CUDA; testbed doctor shows both versions",
        _ON_GPUS,
        _ON_CPUS,
        needs_gpu=True,
    ),
    KnownError(
        "gpu_cannot_start",
        "TensorFlow lists a GPU that does not start",
        (Sign(("InternalError",), _STARTING + r" Status: (?P<status>[^\n\[]+)"),),
        "the first operation starts the GPU, and CUDA says: {status}. 'out of memory' and 'busy or"
        " unavailable' mean that other processes have taken it; 'initialization error', that this"
        " process was forked from one that had used a GPU; 'Error loading CUDA libraries', that a"
        " library of CUDA is missing",
        "testbed doctor checks driver and libraries; nvidia-smi lists the processes on each GPU."
        " Use another GPU by CUDA_VISIBLE_DEVICES, and fork before the first operation",
        _ON_GPUS,
        _ON_CPUS,
        needs_gpu=True,
    ),
    KnownError(
        "out_of_memory",
        "a device has no memory left for a tensor",
        (
            *(Sign(("ResourceExhaustedError",), form) for form in (TENSOR, BATCH, KERNEL)),
            Sign(("ResourceExhaustedError", "InternalError"), COPY),
        ),
        "the error comes from the operation whose tensor no longer fits. Every replica holds a copy"
        " of all mirrored variables and optimizer slots, and the activations of its part of the"
        " batch. Another process on the same GPU takes memory, too: TensorFlow takes nearly all of"
        " a GPU unless memory growth is set",
        "make the batch of a replica smaller, or use mixed precision; more replicas divide the"
        " batch, and not the model. With several processes on a GPU, set memory growth or"
        " limits in each before the first operation",
        """\
strategy = tf.distribute.MirroredStrategy()
examples_per_replica = 2**32
batch = strategy.run(lambda: tf.zeros([examples_per_replica, 1024]))
""",
        """\
strategy = tf.distribute.MirroredStrategy()
examples_per_replica = 2**6
batch = strategy.run(lambda: tf.zeros([examples_per_replica, 1024]))
""",
        threads=("tensorflow#22088", "tensorflow#37057", "tensorflow#39110"),
    ),
    KnownError(
        "out_of_memory_in_compiled_code",
        "a device has no memory left for a function that XLA has compiled",
        (Sign(("ResourceExhaustedError",), COMPILED),),
        "the function needs {size} at once for its temporary values and results. XLA plans all"
        " memory of a compiled function together, so that no single operation is named",
        "make the batch of a replica smaller, or compile smaller functions: without jit_compile"
        " the error names the operation and the shape",
        """\
@tf.function(jit_compile=True)
def distances(points):
    return tf.square(points[:, None] - points[None, :])
strategy = tf.distribute.MirroredStrategy()
points = tf.zeros([2**21])
result = strategy.run(distances, args=(points,))
""",
        """\
@tf.function(jit_compile=True)
def distances(points):
    return tf.square(points[:, None] - points[None, :])
strategy = tf.distribute.MirroredStrategy()
points = tf.zeros([2**7])
result = strategy.run(distances, args=(points,))
""",
    ),
)
