"""A device without memory: worker, step, operation and what would fit are named; it is raised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import Done
from tests.soak import later

BIG = """
@scenario(sites=("outside_scope",), modes=("function",))
def big(bed: Bed) -> None:
    \"\"\"A sum of noise.\"\"\"
    steps = bed.make(lambda: tf.Variable(0.0))
    bed.run(lambda: steps.assign_add(1.0), times=2)
    bed.run(lambda: steps.assign_add(tf.reduce_sum(tf.random.normal([2**32, 1024], name="noise"))))
    bed.claim(steps, value=5.0)
"""
PROGRAM = """\
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function
def step(width):
    def replica():
        return tf.reduce_sum(tf.random.normal([2**20, width], name="noise"))

    return strategy.run(replica)


for width in (1, 1, 2**24):
    step(width)
"""
REQUEST = "has no memory left for a tensor of float[{}] ({} TiB), which the operation {}"


def test_a_case_without_memory_is_an_error_and_no_symptom(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """It says nothing about the claim; the record has what the device held."""
    done = command("run", script(BIG), "--strategy", "mirrored", "--json", "result.json")
    assert done.status == 1
    (case,) = done.record["cases"]
    assert (case["verdict"], case["symptom"]) == ("error", None)
    assert case["evidence"].startswith("worker 0: in step 3, CPU:")
    assert REQUEST.format("4294967296, 1024", "16.0", "") in case["evidence"]
    assert "noise/RandomStandardNormal needs" in case["evidence"]
    assert " of its 4294967296 rows would fit" in case["evidence"]
    (report,) = case["reports"]
    assert report["memory"] is None, "TensorFlow has no such numbers for CPUs"
    assert report["raised"]["memory"]["device"].startswith("CPU:")
    assert 0 < report["raised"]["memory"]["free"] < 2**44


# TensorFlow waits ten seconds for each allocation that failed.
@pytest.mark.parametrize("name", ["launch", later("check", name="check")])
def test_a_program_without_memory_is_told_what_would_fit(
    command: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    """The sentence has step, operation, line, and the rows that would fit."""
    (tmp_path / "train.py").write_text(PROGRAM)
    done = command(name, "--workers", "1", "--replicas", "2", "train.py")
    said = done.errors if name == "launch" else done.output
    assert "in step 3, CPU:" in said
    assert REQUEST.format("1048576, 16777216", "64.0", "") in said
    assert "noise/RandomStandardNormal needs, at train.py:15; the worker uses " in said
    assert " of its 1048576 rows would fit" in said
    assert "testbed explain out_of_memory" in said
    assert done.status == 1
