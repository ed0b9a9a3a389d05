"""`testbed launch`: somebody's own program, as python would run it, in every worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import Done
from tests.soak import later

TELLS = """
import json, os, sys
def annotated(number: int): ...
with open("told-" + json.loads(os.environ["TF_CONFIG"])["task"]["index"].__str__(), "w") as file:
    json.dump([__name__, __file__, sys.argv, sys.path[0], os.getcwd(), __spec__ is None,
        str(annotated.__annotations__)], file)
"""
TRAINS = """
import json, os, signal, sys, threading
import tensorflow as tf

worker = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

@tf.function
def step():
    strategy.run(lambda: total.assign_add(tf.constant(1.0)))

step()
if worker == 1:
    exec(sys.argv[1])
step()
print("total", float(total.numpy()))
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., str]:
    """Writes a program into the test's folder; gives its name."""

    def write(text: str, name: str = "own program.py") -> str:
        (tmp_path / name).write_text(text)
        return name

    return write


def test_a_program_finds_what_python_gives_it(
    command: Callable[..., Done], program: Callable[..., str], tmp_path: Path
) -> None:
    """Name, file, arguments, path and folder are those of a script that python runs."""
    done = command("launch", "--workers", "3", program(TELLS), "--epochs", "1", "-v")
    assert (done.status, done.output, done.errors) == (0, "", "")
    told = [json.loads((tmp_path / f"told-{worker}").read_text()) for worker in range(3)]
    environment = {"TF_CONFIG": json.dumps({"task": {"index": "python"}}), "PATH": ""}
    words = [sys.executable, "own program.py", "--epochs", "1", "-v"]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True)
    assert told == [json.loads((tmp_path / "told-python").read_text())] * 3


def test_a_module_is_run_by_its_name(
    command: Callable[..., Done], program: Callable[..., str], tmp_path: Path
) -> None:
    """With -m a module is `__main__`, found in the working folder, with its own arguments."""
    program("import sys\nprint(__name__, sys.argv[1:], __spec__.name)", "own_module.py")
    done = command("launch", "--workers", "1", "-m", "own_module", "--workers", "7")
    assert done.status == 0
    assert done.output == "worker 0 | __main__ ['--workers', '7'] own_module\n"


def test_workers_train_together(command: Callable[..., Done], program: Callable[..., str]) -> None:
    """All replicas of all workers take part, and the last line needs no end to be shown."""
    done = command(
        "launch", "--workers", "2", "--replicas", "2", program(TRAINS), "print('half', end='')"
    )
    assert (done.status, done.errors) == (0, "")
    shown = [line for line in done.output.splitlines() if "total" in line]
    assert sorted(shown) == ["worker 0 | total 8.0", "worker 1 | halftotal 8.0"]


@pytest.mark.parametrize(
    ("how", "status", "told"),
    [
        pytest.param(
            "raise ValueError('boom')", 1, "with exit code 1: ValueError: boom", id="raises"
        ),
        later("sys.exit(7)", 7, "worker 1 failed after", name="exits"),
        pytest.param("sys.exit('no good')", 1, "with exit code 1", id="exits with a text"),
        later("os._exit(5)", 5, "exit code 5", name="leaves"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGKILL)", 137, "killed by SIGKILL", id="is killed"
        ),
    ],
)
def test_the_first_failure_decides(
    command: Callable[..., Done], program: Callable[..., str], how: str, status: int, told: str
) -> None:
    """The exit status is that of the worker that failed first, which is named with its reason."""
    done = command("launch", program(TRAINS), how)
    assert done.status == status
    assert done.errors.startswith("testbed: worker 1 ")
    assert told in done.errors
    assert done.errors.count("\n") == 1
    if "raise" in how:
        trace = [line for line in done.output.splitlines() if line.startswith("worker 1 |   File")]
        assert len(trace) == 2, "the program's own frames, and none of ours"
    if "no good" in how:
        assert "worker 1 | no good" in done.output


def test_a_hang_is_explained(command: Callable[..., Done], program: Callable[..., str]) -> None:
    """When the time is over, who keeps whom waiting is told, with status 124."""
    done = command("launch", "--timeout", "8", program(TRAINS), "threading.Event().wait()")
    assert done.status == 124
    assert "worker 1 is in phase 'joined', at <string>" in done.errors or (
        "worker 1 is in phase 'joined', at own program.py:" in done.errors
    )
    assert (
        "and has not entered step 2's collective; worker 0 is in it, at own program.py:"
        in done.errors
    )


def test_who_does_not_join_is_named(
    command: Callable[..., Done], program: Callable[..., str]
) -> None:
    """From when the first worker makes its strategy, the others have so long to come."""
    text = TRAINS.replace(
        "strategy = tf", "if worker == 1: threading.Event().wait()\nstrategy = tf", 1
    )
    done = command("launch", "--start-timeout", "2", program(text))
    assert done.status == 124
    assert "worker 1 has not joined and is in phase 'started'" in done.errors


def test_workers_are_no_twins(command: Callable[..., Done], program: Callable[..., str]) -> None:
    """Random numbers differ between workers, and between launches, as between processes."""
    text = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    lines = {
        line.partition("|")[2]
        for _ in range(2)
        for line in command("launch", "--workers", "2", program(text)).output.splitlines()
    }
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no program: testbed launch"),
        (["nowhere.py"], "no such script: nowhere.py"),
        (["--workers", "0", "x.py"], "--workers 0: at least 1"),
        (["--timeout", "0", "x.py"], "--timeout 0: more than 0"),
    ],
)
def test_wrong_commands(
    command: Callable[..., Done], program: Callable[..., str], arguments: list[str], told: str
) -> None:
    """A wrong command is one line and status 2, before anything is started."""
    program("", "x.py")
    done = command("launch", *arguments)
    assert done.status == 2
    assert told in done.errors
    assert done.errors.count("\n") == 1
