"""Runs jobs on a Ray cluster of two nodes, and prints what became of them, as JSON.

It is run in namespaces of its own, where nobody else can reach what Ray has listen, and which end
all of Ray with it:

    python -m testbed.launcher.isolation.isolation required tests/engines/ray_jobs.py FOLDER
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.engines.job import Job
from testbed.engines.job_files import JobFiles
from testbed.engines.ray import connected, require_ray
from testbed.engines.ray.job import RayJob
from testbed.engines.ray.request import RayRequest, passed_on
from testbed.errors import LaunchError
from tests.engines.programs import PROGRAM, cells

SECONDS = 90
"""After which a job is given up."""

PORT = 6399

SCENARIO = "module_global.counter"

PREAMBLE = """
import json, os, pathlib, signal, sys, threading, time
place = json.loads(os.environ["TF_CONFIG"])
rank = place["task"]["index"]
folder = pathlib.Path(sys.argv[1])
def wait_for(name):
    while not (folder / name).exists():
        time.sleep(0.1)
"""

TELL = """
told = {"place": place, "pid": os.getpid(), "directory": os.getcwd(), "node": os.environ.get(
    "RAY_RAYLET_PID"), "variables": {name: os.environ.get(name) for name in ("TF_USE_LEGACY_KERAS",
    "TF_FOR_TEST", "PYTHONBREAKPOINT", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")}}
print(json.dumps(told), flush=True)
print("complaint", rank, file=sys.stderr, flush=True)
"""

# Worker 0 notices that its peer is gone, and tells it, later than Ray would kill it by itself.
AGENT_FAILS = """
if rank == 1:
    (folder / "gone").touch()
    sys.exit(3)
wait_for("gone")
time.sleep(6)
(folder / "end.json").write_text("{}")
signal.pause()
"""

LAUNCHER_KILLED = """
if rank == 0:
    wait_for("there")
    os.kill(os.getpid(), signal.SIGKILL)
(folder / "there").touch()
signal.pause()
"""

RAYS_WORKER_KILLED = """
print(os.getpid(), flush=True)
if rank == 1:
    time.sleep(1)
    os.kill(os.getppid(), signal.SIGKILL)
signal.pause()
"""

LASTING = """
print(os.getpid(), flush=True)
signal.pause()
"""


def start_node(*words: str) -> None:
    ray = str(Path(sys.executable).with_name("ray"))
    fixed = ["--num-cpus=1", "--object-store-memory=80000000", "--node-ip-address=127.0.0.1"]
    subprocess.run(
        [ray, "start", *fixed, "--disable-usage-stats", *words],
        check=True,
        stdout=sys.stderr,
        timeout=60,
    )


def follow_to_the_end(job: Job, seen: Callable[[str], None]) -> dict[str, Any]:
    began = time.monotonic()
    texts: list[str] = []
    while not (state := job.state()).over and time.monotonic() - began < SECONDS:
        if state.text not in texts:
            texts.append(state.text)
        seen(state.text)
        time.sleep(0.1)
    return {
        "name": job.name,
        "over": state.over,
        "text": state.text,
        "before": texts,
        "seconds": round(time.monotonic() - began, 1),
    }


def job_of(top: Path, name: str, code: str, workers: int = 2) -> tuple[RayJob, Path]:
    folder = top / name
    (folder / "here").mkdir(parents=True)
    # As whoever follows the job makes it beforehand.
    JobFiles(folder).prepare()
    # Ray's own way of finding the worker's child, with a stand-in for the testbed.
    arguments = ("tests.engines.given_code", PREAMBLE + code, str(folder))
    here = passed_on(os.environ)
    return RayJob(
        RayRequest(arguments, str(folder), str(folder / "here"), workers, environment=here)
    ), folder


def run_job(top: Path, name: str, code: str) -> dict[str, Any]:
    job, folder = job_of(top, name, code)
    result = follow_to_the_end(job, lambda text: None)
    return result | outputs(folder) | {"end": (folder / "end.json").exists()}


def outputs(folder: Path) -> dict[str, Any]:
    texts = {
        kind: [getattr(JobFiles(folder), kind)(rank).read_text() for rank in range(2)]
        for kind in ("out", "err")
    }
    return {**texts, "living": [pid for pid in map(leading_number, texts["out"]) if lives(pid)]}


def leading_number(text: str) -> int:
    first = text.split("\n", 1)[0]
    return int(first) if first.isdigit() else 0


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is more than a status that nobody has read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def cancelled(top: Path) -> dict[str, Any]:
    job, folder = job_of(top, "cancelled", LASTING)

    def cancel(text: str) -> None:
        if text.startswith("running on") and all(
            JobFiles(folder).out(n).read_text() for n in (0, 1)
        ):
            job.cancel()

    result = follow_to_the_end(job, cancel)
    job.cancel()
    pids = [leading_number(text) for text in outputs(folder)["out"]]
    deadline = time.monotonic() + 10
    while any(map(lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return result | outputs(folder)


def never_room(top: Path) -> dict[str, Any]:
    job, _ = job_of(top, "never_room", "", workers=3)
    began = time.monotonic()

    def cancel(text: str) -> None:
        if time.monotonic() - began > 3:
            job.cancel()

    return follow_to_the_end(job, cancel)


def typed(top: Path, name: str, *words: str, program: str = "") -> dict[str, Any]:
    """A command of the testbed, as it is typed in a folder of its own."""
    here = top / name
    here.mkdir()
    (here / "train.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-m", "testbed", *words],
        cwd=here,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    record = here / "run.json"
    return {
        "status": done.returncode,
        "out": done.stdout,
        "err": done.stderr,
        "cells": cells(json.loads(record.read_text())) if record.exists() else {},
    }


def without_cluster() -> str:
    try:
        with connected():
            return "connected"
    except LaunchError as problem:
        return str(problem)


def run_all(top: Path) -> dict[str, Any]:
    os.environ["TF_FOR_TEST"] = "passed on"
    require_ray()
    results: dict[str, Any] = {"without_cluster": without_cluster()}
    start_node("--head", f"--port={PORT}", "--include-dashboard=false")
    start_node(f"--address=127.0.0.1:{PORT}")
    with connected():
        results["places"] = run_job(top, "places", TELL)
        results["agent_fails"] = run_job(top, "agent_fails", AGENT_FAILS)
        results["launcher_killed"] = run_job(top, "launcher_killed", LAUNCHER_KILLED)
        results["rays_worker_killed"] = run_job(top, "rays_worker_killed", RAYS_WORKER_KILLED)
        results["cancelled"] = cancelled(top)
        results["never_room"] = never_room(top)
    engine = ("--engine", "ray", "--workers", "2")
    results["run"] = typed(top, "run", "run", *engine, "--json", "run.json", SCENARIO)
    failing = PROGRAM.replace("# SEED", "sys.exit(7 * index)")
    results["launch"] = typed(top, "launch", "launch", *engine, "train.py", program=failing)
    return results


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    # A path of a socket may not be long, and this one holds several names.
    (folder / "results.json").write_text(json.dumps(run_all(folder)))
