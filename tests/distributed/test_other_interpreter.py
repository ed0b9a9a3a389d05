"""Workers in another interpreter than the one that launches: with TensorFlow, and without."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import ROOT, Done

PROGRAM = """
import sys
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
for _ in range(2):
    strategy.run(lambda: steps.assign_add(1.0))
print("runs in", sys.prefix)
"""

NEEDS = """
import tf_keras

@scenario(sites=("in_scope",), modes=("eager",))
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    bed.claim(1.0, value=1.0)
"""

KEPT = """
@scenario(sites=("in_scope",), modes=("eager",))
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    steps = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has nothing installed."""
    return _made(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with TensorFlow, without the testbed, its dependencies and tf_keras."""
    python = _made(tmp_path_factory.mktemp("other"))
    (packages,) = Path(python).parents[1].glob("lib/python*/site-packages")
    spec = importlib.util.find_spec("tensorflow")
    assert spec
    assert spec.origin
    for package in Path(spec.origin).parents[1].iterdir():
        if not package.name.startswith(("testbed", "portpicker", "shtab", "tf_keras")):
            (packages / package.name).symlink_to(package)
    for hook in packages.glob("*.pth"):
        hook.unlink()
    return python


def _made(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin" / "python")


def test_run(testbed: Callable[..., Done], script: Callable[..., str], other: str) -> None:
    """Scenarios run there; those that need tf_keras are skipped, and the reason is shown."""
    where = ("--python", other, "--strategy", "mirrored", "--json", "result.json")
    script(NEEDS, name="needs")
    done = testbed("run", script(KEPT), "needs.py", *where, PYTHONPATH="")
    assert done.status == 0, done.output + done.errors
    assert [case["verdict"] for case in done.record["cases"]] == ["behaves", "skipped"]
    assert "needs tf_keras" in done.output


def test_launch(testbed: Callable[..., Done], tmp_path: Path, other: str) -> None:
    """Each worker of a program runs there."""
    (tmp_path / "train.py").write_text(PROGRAM)
    done = testbed("launch", "--python", other, "--workers", "2", "train.py", PYTHONPATH="")
    assert done.status == 0, done.errors
    prefix = Path(other).parents[1]
    for worker in (0, 1):
        assert f"worker {worker} | runs in {prefix}\n" in done.output


def test_check(testbed: Callable[..., Done], tmp_path: Path, other: str) -> None:
    """A program is watched there as it is here."""
    (tmp_path / "train.py").write_text(PROGRAM)
    options = ("--python", other, "--replicas", "2", "--format", "github")
    done = testbed("check", *options, "train.py", PYTHONPATH="")
    assert done.status == 1, done.errors
    assert "file=train.py,line=6,title=TB101" in done.output


@pytest.mark.soak
def test_chaos(testbed: Callable[..., Done], other: str) -> None:
    """Faults hit workers there, and the command that repeats one names the interpreter."""
    fault = ("--fault", "kill", "--worker", "1", "--at", "step 3", "--seed", "1")
    done = testbed("chaos", "lost_worker.all_restarted", "--python", other, *fault, PYTHONPATH="")
    assert done.status == 0, done.output + done.errors
    assert f"--python {other}" in done.output


@pytest.mark.soak
@pytest.mark.parametrize("part", ["own_cost", "sharing"])
def test_bench(testbed: Callable[..., Done], other: str, part: str) -> None:
    """Clusters there are measured, and compared with programs there."""
    options = ("--python", other, "--quick", "--rounds", "2", "--workers", "2", "--replicas", "2")
    done = testbed("bench", part, *options, PYTHONPATH="")
    assert done.status == 0, done.output + done.errors


@pytest.mark.parametrize(
    "words",
    [
        ("run", "returned"),
        ("launch", "train.py"),
        ("check", "train.py"),
        ("chaos", "collective"),
        ("bench", "--quick"),
    ],
    ids=lambda words: words[0],
)
def test_no_tensorflow_there(
    command: Callable[..., Done], tmp_path: Path, bare: str, words: tuple[str, ...]
) -> None:
    """Each command says in one line what the interpreter of the workers lacks, and starts none."""
    (tmp_path / "train.py").write_text(PROGRAM)
    done = command(words[0], "--python", bare, *words[1:])
    assert (done.status, done.output) == (2, "")
    assert done.errors.startswith(f"testbed: no TensorFlow in --python {bare}; install it there: ")
    assert done.errors.count("\n") == 1
    assert not (tmp_path / ".testbed").exists()


def test_no_tensorflow_here(tmp_path: Path, bare: str) -> None:
    """A Python that has nothing installed answers help and list, and says what run lacks."""
    list_done, run_done = (
        subprocess.run(
            [bare, "-m", "testbed", words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        for words in ("list", "run")
    )
    assert "  module_global " in list_done.stdout
    assert run_done.returncode == 2
    assert run_done.stderr.startswith(f"testbed: no TensorFlow in this Python ({bare});")
    assert run_done.stderr.count("\n") == 1


def test_no_interpreter(command: Callable[..., Done]) -> None:
    """An interpreter that does not exist is told in one line."""
    done = command("launch", "--python", "/no/such/python", "train.py")
    assert (done.status, done.errors) == (
        2,
        "testbed: --python /no/such/python: no such interpreter\n",
    )
