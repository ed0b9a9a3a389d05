from __future__ import annotations

import builtins
import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.ray import require_ray
from testbed.engines.ray.request import RayRequest, passed_on, request_of
from testbed.engines.ray.training import failure_of
from testbed.engines.ray.worker import environment_of_child, how_it_ended
from testbed.errors import UsageError

INNER = InnerCommand(("run", "--folder", "/shared/night", "returned"), "/shared/night", 2, 3)


def test_what_is_asked_for_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker runs the words as the testbed's, where the launching process was started."""
    monkeypatch.chdir(tmp_path)
    request = request_of(EngineOptions(), INNER, {"TF_X": "1"})
    assert request.arguments == ("testbed", *INNER.words)
    assert (request.folder, request.directory, request.workers) == (
        "/shared/night",
        str(tmp_path),
        2,
    )
    assert request.resources == {"CPU": 1, "GPU": 3}
    assert request.environment == {"TF_X": "1"}


def test_no_gpu_is_asked_for_without_need() -> None:
    """A worker without GPUs runs on hosts that know of none."""
    assert RayRequest((), "", "", 2, cpus=4).resources == {"CPU": 4}


def test_a_client_of_ray_is_refused() -> None:
    """What is reached through a client shares no folder, so the way is told."""
    with pytest.raises(UsageError, match=r"RAY_ADDRESS=ray://far:10001: .*run this command there"):
        request_of(EngineOptions(), INNER, {"RAY_ADDRESS": "ray://far:10001"})


def test_without_ray_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Ray is not installed, one line says how to install it."""
    original = builtins.__import__

    def without_ray(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.split(".")[0] == "ray":
            raise ModuleNotFoundError("No module named 'ray'")
        return original(name, *arguments, **keywords)

    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(UsageError) as refusal:
        require_ray()
    assert "python -m pip install 'tf-scope-testbed[ray]'" in str(refusal.value)
    assert "No module named 'ray'" in str(refusal.value)


def test_tensorflow_is_set_up_as_here() -> None:
    """Workers get what this process tells TensorFlow, but not its place in another cluster."""
    here = {"TF_CONFIG": "{}", "TF_GPU": "1", "XLA_FLAGS": "x", "PYTHONPATH": "p", "SECRET": "s"}
    assert passed_on(here) == {"TF_GPU": "1", "XLA_FLAGS": "x", "PYTHONPATH": "p"}


def test_the_old_keras_is_not_asked_for_by_ray() -> None:
    """TF_USE_LEGACY_KERAS is in a child only if the launching process had it."""
    worker = {"TF_CONFIG": "{}", "TF_USE_LEGACY_KERAS": "1", "PYTHONBREAKPOINT": "x", "A": "1"}
    plain = {"TF_CONFIG": "{}", "A": "1", "PYTHONUNBUFFERED": "1"}
    assert environment_of_child(worker, {}) == plain
    asked = passed_on({"TF_USE_LEGACY_KERAS": "1"})
    assert environment_of_child(worker, asked) == {**plain, "TF_USE_LEGACY_KERAS": "1"}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (3, "ended with status 3"),
        (-signal.SIGKILL, "was ended by SIGKILL"),
        (-40, "was ended by signal 40"),
    ],
)
def test_an_end_is_told_in_words(status: int, told: str) -> None:
    """A status, and a signal by its name where it has one."""
    assert how_it_ended(status) == told


class GroupError(Exception):
    def __init__(self, failures: dict[int, Exception]) -> None:
        super().__init__("Training failed due to worker errors:\nand much more")
        self.worker_failures = failures


class HealthError(Exception):
    def __init__(self, failure: Exception) -> None:
        super().__init__("A worker health check failed.")
        self.health_check_failure = failure


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            GroupError({1: RuntimeError("worker 1 ended with status 3\nTraceback")}),
            "failed: worker 1 ended with status 3",
        ),
        (
            GroupError({1: HealthError(OSError("it died")), 0: OSError("x\ny")}),
            "failed: worker 0: x; worker 1: it died",
        ),
        (ValueError("no room\nat all"), "failed: no room"),
        (ValueError(), "failed: ValueError"),
    ],
)
def test_a_failure_names_its_worker_in_one_line(problem: Exception, told: str) -> None:
    """Of all that Ray says about a failure, what happened to which worker is kept."""
    assert failure_of(problem) == told


PARENT = """
import os, subprocess, sys
sleeping = ["-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"]
me = str(os.getpid())
child = subprocess.Popen([sys.executable, "-m", "testbed.engines.ray.worker", me, *sleeping])
child.wait()
"""


def test_a_child_dies_with_its_worker() -> None:
    """When Ray kills its worker, which nothing can catch, the child is gone as well."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.wait()
        ended, _, _ = select.select([child], [], [], 10)
        assert ended
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(child, signal.SIGKILL)
        os.close(child)
        parent.stdout.close()
