"""Finds the engines that this host can reach, and writes the command that would use one."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from collections.abc import Callable, Sequence

from testbed.cluster.engine_names import KUBERNETES, RAY, SLURM
from testbed.errors import TooFewDevicesError

_SIGNS: dict[str, Callable[[], bool]] = {
    SLURM: lambda: shutil.which("sbatch") is not None,
    RAY: lambda: importlib.util.find_spec("ray") is not None,
    KUBERNETES: lambda: shutil.which("kubectl") is not None,
}
_MORE = {
    KUBERNETES: (
        "--export",
        "job.yaml",
        "--container",
        "IMAGE",
        "--claim",
        "NAME",
        "--folder",
        "/shared/run",
    )
}


def found() -> list[str]:
    """The engines whose commands or packages are installed here."""
    return [engine for engine, is_here in _SIGNS.items() if is_here()]


def elsewhere(problem: TooFewDevicesError, command: str, words: Sequence[str]) -> str:
    """The command that gets the missing devices from other hosts.

    Args:
        problem: the number of devices that the command needs.
        command: of the testbed.
        words: options and arguments of the command, without its cluster.
    """
    engines = found()
    if not engines:
        return "no engine for more hosts is found here (sbatch, ray or kubectl)"
    cluster = ["--workers", str(problem.workers)]
    cluster += ["--gpus-per-worker", str(problem.replicas_per_worker)]
    engine = engines[0]
    typed = ["testbed", command, "--engine", engine, *cluster, *_MORE.get(engine, ()), *words]
    return f"on more hosts ({', '.join(engines)} found here): {shlex.join(typed)}"
