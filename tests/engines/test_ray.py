"""A real Ray of two nodes on this machine, within namespaces that nobody else can reach."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.programs import cells
from tests.house.sources import ROOT

if importlib.util.find_spec("ray") is None:
    pytest.skip("no Ray: pip install 'tf-scope-testbed[ray]'", allow_module_level=True)

pytestmark = pytest.mark.engine

SCENARIO = "module_global.counter"

SECONDS = 420


@pytest.fixture(scope="module")
def jobs() -> Iterator[dict[str, Any]]:
    """What became of all jobs; the cluster that they share takes longest."""
    # Sockets of Ray lie below, and their paths may not be long.
    with tempfile.TemporaryDirectory(prefix="tb-") as top:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "testbed.launcher.isolation.isolation", "required"),
                *("-m", "tests.engines.ray_jobs", top),
            ],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
                "PYTHONPATH": str(ROOT),
                "RAY_TMPDIR": top,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout[-1500:]
        yield json.loads((Path(top) / "results.json").read_text())


def test_each_child_has_its_place(jobs: dict[str, Any]) -> None:
    """Both nodes run a child, which is told its own index and the same two workers."""
    job = jobs["places"]
    assert (job["over"], job["text"]) == (True, "ended")
    told = [json.loads(text) for text in job["out"]]
    assert [each["place"]["task"]["index"] for each in told] == [0, 1]
    assert told[0]["place"]["cluster"] == told[1]["place"]["cluster"]
    assert len(set(told[0]["place"]["cluster"]["worker"])) == 2
    assert told[0]["node"] != told[1]["node"]
    assert job["err"] == ["complaint 0\n", "complaint 1\n"]


def test_each_child_runs_as_in_the_launching_process(jobs: dict[str, Any]) -> None:
    """In its directory, with its settings for TensorFlow, and without what Ray adds of its own."""
    for text in jobs["places"]["out"]:
        told = json.loads(text)
        assert told["directory"].endswith("/places/here")
        assert told["variables"]["TF_FOR_TEST"] == "passed on"
        assert told["variables"]["TF_USE_LEGACY_KERAS"] is None
        assert told["variables"]["PYTHONBREAKPOINT"] is None


def test_waiting_and_running_are_told_apart(jobs: dict[str, Any]) -> None:
    """Until a child is there, the job waits for what it needs; then it is said where all run."""
    before = jobs["places"]["before"]
    assert before[0] == "waiting for 2 times CPU 1; the cluster has CPU 2"
    assert before[-1] == f"running on {socket.gethostname()}"
    assert jobs["places"]["name"].startswith("Ray job 0")


def test_a_failure_ends_all_once_worker_0_has_told_it(jobs: dict[str, Any]) -> None:
    """A child's status is the job's cause, and worker 0 had the time to write down the end."""
    job = jobs["agent_fails"]
    assert (job["over"], job["text"]) == (True, "failed: worker 1 ended with status 3")
    assert job["end"]
    assert job["seconds"] < 60


def test_a_killed_child_ends_all(jobs: dict[str, Any]) -> None:
    """SIGKILL of worker 0's child is the job's cause, and the other child is gone."""
    job = jobs["launcher_killed"]
    assert (job["over"], job["text"]) == (True, "failed: worker 0 was ended by SIGKILL")
    assert job["seconds"] < 60


def test_a_killed_worker_of_ray_ends_all(jobs: dict[str, Any]) -> None:
    """Where Ray's own worker is killed, the job says of which, and no child outlives it."""
    job = jobs["rays_worker_killed"]
    assert job["over"]
    assert job["text"].startswith("failed: worker 1: The actor died")
    assert job["living"] == []


def test_cancelling_leaves_no_child(jobs: dict[str, Any]) -> None:
    """A running job is over when it is cancelled, and its children with it; twice does no harm."""
    job = jobs["cancelled"]
    assert (job["over"], job["text"]) == (True, "cancelled")
    assert job["before"][-1].startswith("running on")
    assert job["living"] == []


def test_a_job_without_room_waits_and_can_be_cancelled(jobs: dict[str, Any]) -> None:
    """What the cluster cannot give is said while the job waits for it."""
    job = jobs["never_room"]
    assert (job["over"], job["text"]) == (True, "cancelled")
    assert job["before"] == ["waiting for 3 times CPU 1; the cluster has CPU 2"]


def test_ray_gives_the_verdicts_of_one_machine(jobs: dict[str, Any], tmp_path: Path) -> None:
    """Every case has the same verdict as a job of Ray's as on one machine."""
    job = jobs["run"]
    assert job["status"] == 0, job["err"]
    here = tmp_path / "here.json"
    command = [sys.executable, "-m", "testbed", "run", SCENARIO, "--json", str(here)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = {case: tuple(seen) for case, seen in job["cells"].items()}
    assert found == cells(json.loads(here.read_text()))
    assert "worker 0 of 2 at 127.0.0.1, says TF_CONFIG" in job["err"]


def test_a_program_that_fails_on_ray(jobs: dict[str, Any]) -> None:
    """The status of a program is that of its first worker that failed, and its words are shown."""
    job = jobs["launch"]
    assert job["status"] == 7, job["err"]
    assert "testbed: worker 1 failed after" in job["err"]


def test_without_a_cluster_the_way_is_told(jobs: dict[str, Any]) -> None:
    """Where no cluster is running, one line says so and how to start one."""
    told = jobs["without_cluster"]
    assert told.startswith("no Ray cluster is running here")
    assert "ray start --head" in told
    assert "\n" not in told
