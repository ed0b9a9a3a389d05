"""Runs one child process in each worker of Ray.

Ray's worker process has imported Ray and has threads, so the job runs in a new Python process,
which dies with Ray's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed.bootstrap import python_arguments, python_command
from testbed.decoding import decoded
from testbed.engines.job_files import JobFiles
from testbed.launcher.machine import process_tree
from testbed.launcher.run_folder import RunFolder, write_text

_RAYS_OWN = {
    # Ray sets it; without a user's request, the current Keras is tested, not the old one.
    "TF_USE_LEGACY_KERAS",
    # Ray's debugger, which works only in Ray's worker process.
    "PYTHONBREAKPOINT",
}

GRACE_SECONDS = 20.0
"""How long a failed worker waits for worker 0 to write the end of the job.

Ray kills all workers as soon as one of them reports a failure.
"""

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class ChildOrders:
    """The child of each worker of Ray."""

    arguments: tuple[str, ...]
    """A module and its arguments."""
    folder: str
    """Of the run."""
    directory: str
    """The working folder of the child."""
    environment: dict[str, str]
    """Variables that the child gets beyond those of Ray's worker."""

    def to_config(self) -> dict[str, Any]:
        """Encode as JSON types, for Ray."""
        return asdict(self)


def serve(config: dict[str, Any]) -> None:
    """Run the child that encoded `ChildOrders` describe, to its end.

    Raises:
        RuntimeError: the child did not end with status 0.
    """
    from ray import train

    orders = decoded(ChildOrders, config)
    rank = train.get_context().get_world_rank()
    status = _run(rank, orders)
    if status == 0:
        return
    if rank > 0:
        _wait_for(RunFolder(Path(orders.folder)).end, GRACE_SECONDS)
    raise RuntimeError(f"worker {rank} {how_it_ended(status)}")


def how_it_ended(status: int) -> str:
    """A return code of subprocess, in words."""
    if status >= 0:
        return f"ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def environment_of_child(worker: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """The environment of the child: that of Ray's worker, changed where it has to be."""
    kept = {name: value for name, value in worker.items() if name not in _RAYS_OWN}
    # Unbuffered: the submitting process shows the output while the job runs.
    return {**kept, "PYTHONUNBUFFERED": "1", **added}


def _run(rank: int, orders: ChildOrders) -> int:
    files = JobFiles(orders.folder)
    files.make()
    write_text(files.host(rank), socket.gethostname())
    # The testbed's path on this host, which may differ from its path on the driver's host.
    command = python_arguments(*orders.arguments)
    with (
        files.out(rank).open("wb") as out,
        files.err(rank).open("wb") as err,
    ):
        return subprocess.run(
            python_command("testbed.engines.ray.worker", str(os.getpid()), *command),
            cwd=orders.directory,
            env=environment_of_child(dict(os.environ), orders.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            check=False,
        ).returncode


def _wait_for(file: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    never = threading.Event()
    while not file.exists() and time.monotonic() < deadline:
        never.wait(_POLL_SECONDS)


def main(parent: str, arguments: list[str]) -> None:
    """Replace this process by Python with these arguments; it dies when its parent ends."""
    process_tree.die_with_parent(int(parent))
    os.execv(sys.executable, [sys.executable, *arguments])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
