"""Which engines this host can reach, and the command that would run on them."""

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
    """The engines whose commands or packages are here."""
    return [engine for engine, is_here in _SIGNS.items() if is_here()]


def elsewhere(problem: TooFewDevicesError, command: str, words: Sequence[str]) -> str:
    """What to type to have on other hosts what this one does not have.

    Args:
        problem: what was asked for.
        command: of the testbed.
        words: its own options and arguments, without its cluster.
    """
    engines = found()
    if not engines:
        return "no engine for more hosts is found here (sbatch, ray or kubectl)"
    cluster = ["--workers", str(problem.workers)]
    cluster += ["--gpus-per-worker", str(problem.replicas_per_worker)]
    engine = engines[0]
    typed = ["testbed", command, "--engine", engine, *cluster, *_MORE.get(engine, ()), *words]
    return f"on more hosts ({', '.join(engines)} found here): {shlex.join(typed)}"
