"""Parts of scripts that call `testbed.launch`, and what they print."""

from __future__ import annotations

import json
from typing import Any

from tests.distributed.conftest import Done

HEAD = """
import json, os, signal, sys, threading
import testbed

def worker():
    return json.loads(os.environ["TF_CONFIG"])["task"]["index"]
"""
MEETS = """
def meet(how="", then=""):
    import tensorflow as tf
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

    @tf.function
    def step():
        strategy.run(lambda: total.assign_add(tf.constant(1.0)))
        return strategy.reduce("sum", strategy.run(lambda: tf.constant([1.0, 2.0])), axis=None)

    reduced = step()
    if worker() == 1:
        exec(how)
    step()
    return {"reduced": reduced, "total": total, "worker": worker()}
"""
GUARD = 'if __name__ == "__main__":\n    '
TRIES = GUARD + "try: print(testbed.launch({0}))\n    except testbed.WorkerFailedError as e: print("
"""A launch that fails, and what is told of the error."""

SCRIPT = "own script.py"
"""The name of the scripts."""


def returned(done: Done) -> Any:
    """What a script printed as JSON, where that was all."""
    assert done.status == 0, done.errors
    return json.loads(done.output)
