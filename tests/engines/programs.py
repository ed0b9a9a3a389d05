"""What is run on real engines, and what is compared of it."""

from __future__ import annotations

from typing import Any

PROGRAM = """
import json, os, sys
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
config = json.loads(os.environ["TF_CONFIG"])
index = config["task"]["index"]
with strategy.scope():
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
    unsynced = tf.Variable(0, dtype=tf.int32)

@tf.function
def step():
    strategy.run(lambda: steps.assign_add(1.0))

for _ in range(3):
    step()
# SEED
print(config["cluster"]["worker"][index], steps.numpy(), sys.argv[1:], flush=True)
"""
"""Three steps of two replicas; needs that the workers meet."""

SCENARIOS = ("module_global", "get_variable.counter", "random_generator")

STEPS_FOR_EVER = """
import json, os, pathlib
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()

@tf.function
def step():
    return strategy.reduce("SUM", strategy.run(lambda: tf.constant(1.0)), axis=None)

index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
pathlib.Path(f"pid-{index}").write_text(str(os.getpid()))
while True:
    step()
    pathlib.Path("stepped").touch()
"""


def cells(record: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """What each case of a record showed; of what TensorFlow said, which kind of error it was.

    The rest of its words is of that worker which came first, and that is chance.
    """
    return {
        case["id"]: (
            case["verdict"],
            case["symptom"] or "",
            case["evidence"].partition(":")[0],
            case["as_expected"],
        )
        for case in record["cases"]
    }
