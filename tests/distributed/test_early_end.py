"""Programs and functions of which one worker ends before the others, and programs that hang."""

from __future__ import annotations

import asyncio
import math
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.run_folder import new_run_folder
from testbed.orders.own_code import RUN_PROGRAM, Program
from testbed.run.options import Options
from testbed.run.user_code.place import JOINING, own_code_place
from testbed.run.user_code.program import ProgramEnd, run_program
from tests.distributed.conftest import Done
from tests.soak import later

# Row by row a worker has more to do; the last line is worker 1's alone.
MODULE = RUN_PROGRAM.module
UNEVEN = """
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
worker = strategy.cluster_resolver.task_id
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

def replica_step(x):
    total.assign_add(x)

{decorator}
def train_step(x):
    strategy.run(replica_step, args=(x,))

for number in range(2 if worker == {first} else 4):
    train_step(tf.constant(1.0))  # the call that waits
"""
FUNCTION = "@tf.function"
EAGER = ""

HANGS = """
import threading
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()

def wait():
    threading.Event().wait()

if strategy.cluster_resolver.task_id == 1:
    wait()
strategy.run(lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0)))
"""

SLOWER = """
import threading
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
several = strategy.num_replicas_in_sync > 1
SLOW, STUCK = (0.1, 0.1), (0.0, None)

def step(number):
    if several:
        threading.Event().wait(STEP[number > 5])
    return tf.constant(1.0)

for number in range(500):
    strategy.run(step, (number,))
"""

EVALUATES = """
import time
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()

@tf.function
def step():
    return strategy.run(
        lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0))
    )

step()
if strategy.cluster_resolver.task_id == 1:
    step_of_evaluation = tf.function(lambda x: tf.reduce_sum(x))
    end = time.monotonic() + 8
    while time.monotonic() < end:
        step_of_evaluation(tf.ones([500, 500]))
    print("evaluated")
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Writes a program into the test's folder; gives its name."""

    def write(text: str) -> str:
        (tmp_path / "train.py").write_text(text)
        return "train.py"

    return write


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("first", "decorator"),
    [
        pytest.param(0, FUNCTION, id="0-function"),
        pytest.param(1, EAGER, id="1-eager"),
        later(0, EAGER, name="0-eager"),
        later(1, FUNCTION, name="1-function"),
    ],
)
def test_who_ends_early_is_named(
    command: Callable[..., Done], program: Callable[[str], str], decorator: str, first: int
) -> None:
    """A program whose workers take unequally many steps ends as under python, with the reason."""
    text = UNEVEN.format(decorator=decorator, first=first)
    done = command("launch", program(text))
    assert done.status == 1
    where = (line_of(text, "waits"), "<module>")
    if decorator == EAGER:
        # Without a trace it is the replica function that waits.
        where = (line_of(text, "assign_add"), "replica_step")
    assert re.search(
        rf"(?m)^testbed: worker {first} ended after 2 steps; worker {1 - first} is in step 3's"
        rf" collective, at train\.py:{where[0]} in {where[1]}; then worker {1 - first} failed"
        r" after \d+\.\d s with exit code 1: \S*UnavailableError",
        done.errors,
    )


def test_check_finds_who_ends_early(
    command: Callable[..., Done], program: Callable[[str], str]
) -> None:
    """The check finds the hang without a limit of time, where the collective is called."""
    text = UNEVEN.format(decorator=FUNCTION, first=0)
    done = command("check", program(text))
    assert done.status == 1
    found = f"train.py:{line_of(text, 'waits')}: error TB401 hang"
    assert found in done.output
    assert "worker 0 ended after 2 steps; worker 1 is in step 3's collective" in done.output
    assert "1 error on" in done.output


@pytest.mark.parametrize(("step", "hangs"), [("SLOW", False), ("STUCK", True)])
def test_a_slow_program_does_not_hang(
    command: Callable[..., Done], program: Callable[[str], str], step: str, hangs: bool
) -> None:
    """One that still makes steps when its time is over may only be slower with more replicas."""
    done = command(
        "check", "--timeout", "6", "--replicas", "2", program(SLOWER.replace("STEP", step))
    )
    assert ("TB404" in done.output) == hangs
    if not hangs:
        assert done.status == 3
        assert "nothing found until its time was over" in done.output
        assert re.search(r"it did not stand still: worker 0 had begun step \d+", done.errors)


def test_nobody_waits_for_an_evaluation(
    command: Callable[..., Done], program: Callable[[str], str]
) -> None:
    """A worker that goes on without the others is disturbed by nothing, as under python."""
    done = command("launch", program(EVALUATES))
    assert (done.status, done.errors, done.output) == (0, "", "worker 1 | evaluated\n")


@pytest.mark.parametrize("command", ["launch", later("check")])
def test_an_interrupted_hang_is_explained(
    start: Callable[..., subprocess.Popen[str]],
    testbed: Callable[..., Done],
    program: Callable[[str], str],
    tmp_path: Path,
    command: str,
) -> None:
    """Ctrl-C shows stacks and who keeps whom waiting; the report of the folder tells it again."""
    form = ("--format", "json") if command == "check" else ()
    process = start(command, *form, program(HANGS))
    runs = tmp_path / ".testbed/runs"
    joined = re.compile('"joined"')
    for _ in range(3000):
        ledgers = list(runs.glob("*/cases/*/ledger.jsonl"))
        if ledgers and len(joined.findall(ledgers[0].read_text())) == 2:
            break
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02)
    # Longer than it takes to see that nobody moves.
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(15)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert command == "launch" or output == ""
    sentence = (
        r"worker 1 is in phase 'joined', at train\.py:7 in wait, and has not entered step 1's"
    )
    assert re.search(rf"\ntestbed: {sentence} collective; worker 0 is in it", errors)
    assert re.search(r'worker 1 \| +File ".*train\.py", line 7 in wait\n', errors)
    assert errors.endswith("testbed: interrupted; all workers are ended\n")
    (run,) = runs.iterdir()
    shown = testbed("report", str(run))
    assert shown.status == 0
    assert f"testbed {command}" in shown.output
    assert "interrupted with status 130" in shown.output
    assert re.search(f"notice: {sentence}", shown.output)


def _launch(text: str, folder: Path, patience: Patience) -> tuple[ProgramEnd, str]:
    """How a program of two workers ends, and what was told meanwhile."""
    script = folder / "train.py"
    script.write_text(text)
    deadlines = Deadlines(60, 12, JOINING)
    options = Options(deadlines=deadlines, patience=patience)
    deployment = Deployment("multi_worker_mirrored", Cluster(2, 1))

    async def go() -> tuple[ProgramEnd, str]:
        with new_run_folder(folder / "runs") as run:
            place = own_code_place(MODULE, deployment, run, "program", options, show=False)
            async with place as opened:
                end = await run_program(opened, Program(str(script)), deadlines)
            return end, run.notices.read_text() if run.notices.exists() else ""

    return asyncio.run(go())


def test_a_standstill_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any limit, one line says where each worker waits."""
    end, told = _launch(HANGS, tmp_path, Patience(show=4.0))
    assert end.code == 124
    assert len(told.splitlines()) == 1
    assert re.match(r"no worker has moved for \d+ s: worker 1 is in phase 'joined', at", told)
    assert told.strip() in capsys.readouterr().err


@pytest.mark.soak
def test_programs_that_end_together(tmp_path: Path) -> None:
    """Workers that end right after their last collective never fail, 200 times in a row.

    Also where those that have ended leave after a fifth of a second.
    """
    script = tmp_path / "train.py"
    script.write_text(EVALUATES.partition("if strategy")[0])
    deadlines = Deadlines(300, math.inf, JOINING)
    deployment = Deployment("multi_worker_mirrored", Cluster(2, 1))

    async def causes(release: float) -> list[str]:
        options = Options(deadlines=deadlines, patience=Patience(release=release))
        with new_run_folder(tmp_path / "runs") as run:
            place = own_code_place(MODULE, deployment, run, "program", options, show=False)
            async with place as opened:
                program = Program(str(script))
                ends = [await run_program(opened, program, deadlines) for _ in range(100)]
        return [end.cause for end in ends if end.code]

    assert asyncio.run(causes(Patience().release)) == []
    assert asyncio.run(causes(0.2)) == []
