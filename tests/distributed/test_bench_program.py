"""`testbed bench PROGRAM` names the cause of programs with known causes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.held_runs import HELD, held_run, truths


def test_a_program_is_taken_apart(tmp_path: Path) -> None:
    """The command shows the cause with its line, and writes record, page and trace."""
    files = {name: tmp_path / name for name in ("json", "html", "trace")}
    written = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "testbed", "bench", "--quick", "--rounds", "2"),
            *("--replicas", "2"),
            *(*written, str(HELD / "input_map.py")),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bound by its input" in done.stdout
    record = json.loads(files["json"].read_text(encoding="utf-8"))
    assert record["bound_by"] == "input"
    lines = (HELD / "input_map.py").read_text(encoding="utf-8").splitlines()
    assert "dataset.map" in lines[record["line"] - 1]
    assert [(scale["workers"], scale["replicas"]) for scale in record["scales"]] == [(1, 1), (1, 2)]
    assert record["scales"][0]["rows"] == 32
    kinds = {event["kind"] for worker in record["workers"] for event in worker["events"]}
    assert {"collective", "operation"} <= kinds
    trace = json.loads(files["trace"].read_text(encoding="utf-8"))
    assert any(event["name"] == "step 0" for event in trace["traceEvents"])
    assert "bound by its input" in files["html"].read_text(encoding="utf-8")


SUMMED = """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
strategy.run(lambda: total.assign_add(1.0))
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("print(1)", ["no more than 4 steps"]),
        ("raise ValueError('no data')", ["ValueError: no data"]),
        (SUMMED, ["ValueError: A non-DistributedValues", "explain sum_of_common_value"]),
    ],
    ids=["no step", "raises", "a known error"],
)
def test_a_program_without_steps_is_refused(tmp_path: Path, text: str, said: list[str]) -> None:
    """A program that fails, or takes no steps, ends the command with a line, and with the cure."""
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "bench", "--quick", "train.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))


@pytest.mark.soak
@pytest.mark.parametrize("program", truths())
def test_known_cause_is_named(program: str) -> None:
    """What bounds each program is named first; no cause is named where there is none."""
    run = held_run(program)
    assert run.is_right, run


def test_every_program_has_a_truth() -> None:
    """The table of truths and the folder agree."""
    assert set(truths()) == {path.name for path in HELD.glob("*.py")} - {"device.py"}
