"""A program as TensorFlow's guides teach it, which knows nothing of the testbed, as a cluster."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.distributed.conftest import Done
from tests.soak import later

TUTORIAL = Path(__file__).parent / "tutorial"
TRAIN = str(TUTORIAL / "train.py")


def python(program: str, folder: Path) -> str:
    """What one of the tutorial's programs prints as one process, without any testbed."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    command = [sys.executable, str(TUTORIAL / program), "learnt"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_worker(output: str, worker: int) -> str:
    """What a worker printed, as it printed it."""
    mark = f"worker {worker} | "
    return "\n".join(line[len(mark) :] for line in output.splitlines() if line.startswith(mark))


def told(output: str, what: str) -> Any:
    """The one value that stands behind these words."""
    (found,) = re.findall(rf"{what} (\[.*\]|[\d.e-]+)", output)
    return ast.literal_eval(found)


def left_in(folder: Path) -> set[str]:
    """Every file that training has left, without the parts in which a format keeps it."""
    paths = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {"/".join(path.parts[:2]) for path in paths}


KEPT = {f"epochs/{epoch}.weights.h5" for epoch in (1, 2, 3)}
KEPT |= {f"checkpoints/{name}" for name in ("checkpoint", "ckpt-1.index")}
KEPT |= {"checkpoints/ckpt-1.data-00000-of-00001"}
KEPT |= {f"model/{name}" for name in ("saved_model.pb", "keras_metadata.pb", "fingerprint.pb")}
KEPT |= {"model/variables"}


@pytest.mark.parametrize("count", [2, later(4)])
def test_workers_learn_one_model(command: Callable[..., Done], tmp_path: Path, count: int) -> None:
    """Workers share the images, agree on every digit of the loss, and leave one model behind."""
    done = command("launch", "--workers", str(count), TRAIN, "learnt")
    assert done.status == 0, done.errors
    workers = [of_worker(done.output, worker) for worker in range(count)]
    (loss,) = {told(worker, "loss") for worker in workers}
    assert all(told(worker, "accuracy") > 0.8 for worker in workers), "chance reads 1 of 10"
    assert left_in(tmp_path / "learnt") == KEPT

    # A process that was not there finds the same model, saved either way.
    read = python("read.py", tmp_path)
    assert told(read, "loss") == pytest.approx(loss, rel=1e-5)
    (digits,) = {str(told(worker, "reads")) for worker in workers}
    assert str(told(read, "model reads")) == str(told(read, "checkpoint reads")) == digits

    # Every image was given to one worker, and an equal share of them to each.
    shares = [told(worker, "of them here, by digit:") for worker in workers]
    assert [sum(of_digit) for of_digit in zip(*shares, strict=True)] == told(read, "by digit:")
    assert [told(worker, "of") for worker in workers] == [1000] * count
    assert all(abs(sum(share) - 1000 / count) <= 10 for share in shares)
    assert len({str(share) for share in shares}) == count


def test_it_trains_alone_as_it_is(tmp_path: Path) -> None:
    """The very same program is whole as one process that no launcher started."""
    output = python("train.py", tmp_path)
    assert told(output, "accuracy") > 0.6
    assert sum(told(output, "of them here, by digit:")) == 1000
    assert left_in(tmp_path / "learnt") == KEPT


def test_a_crash_costs_one_epoch(command: Callable[..., Done], tmp_path: Path) -> None:
    """Launched again, the program goes on at the epoch in which it crashed, and ends well."""
    crashed = command("launch", TRAIN, "learnt", "--crash-in-epoch", "3")
    assert crashed.status == 1
    assert "RuntimeError: as if the power were gone" in crashed.errors
    assert "backup/chief" in left_in(tmp_path / "learnt")
    done = command("launch", TRAIN, "learnt")
    assert done.status == 0, done.errors
    for worker in range(2):
        assert re.findall(r"epoch (\d)", of_worker(crashed.output, worker)) == ["1", "2", "3"]
        assert re.findall(r"epoch (\d)", of_worker(done.output, worker)) == ["3"]
    assert left_in(tmp_path / "learnt") == KEPT


def test_keras_3_says_itself_that_it_cannot(testbed: Callable[..., Done]) -> None:
    """Keras 3's own ValueError is the cause that is named, and the exit code is the program's."""
    done = testbed("launch", TRAIN, "learnt", TF_USE_LEGACY_KERAS="0")
    assert done.status == 1
    assert re.match(
        r"testbed: worker \d failed after .* with exit code 1: ValueError: ", done.errors
    )
    assert "Attempt to convert a value (PerReplica" in done.errors
    assert "keras/src/utils/traceback_utils.py" in done.output
