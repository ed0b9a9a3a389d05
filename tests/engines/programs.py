"""What is run on real engines, and what is compared of it."""

from __future__ import annotations

import re
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

STEPS_FOR_EVER = """
import pathlib
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()

@tf.function
def step():
    return strategy.reduce("SUM", strategy.run(lambda: tf.constant(1.0)), axis=None)

while True:
    step()
    pathlib.Path("stepped").touch()
"""


def cells(record: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """What each case of a record showed; which of two tasks came first is chance."""
    return {
        case["id"]: (
            case["verdict"],
            case["symptom"] or "",
            re.sub(r"task:\d", "task:N", case["evidence"]),
            case["as_expected"],
        )
        for case in record["cases"]
    }
