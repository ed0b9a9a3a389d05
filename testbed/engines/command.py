"""Runs a command on the engine that it names: here, or by what each process there runs."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from testbed.cli.options.engine import EngineOptions, RunsOnEngine
from testbed.cli.options.model import has_option, option_name, words_of
from testbed.cluster.engine_names import ENVIRONMENT, KUBERNETES, LOCAL, RAY, SLURM
from testbed.engines import InnerCommand
from testbed.errors import UsageError
from testbed.hosts.rank import Rank
from testbed.hosts.role import ALONE, Role
from testbed.launcher.run_folder import RUNS, next_run_path
from testbed.terminal import TERMINAL_WIDTH

DEFAULT_WORKERS = 2

JOB_ID = "$SLURM_JOB_ID"
"""What Slurm's script puts its job's number in place of."""

Asked = TypeVar("Asked", bound=RunsOnEngine)


class Command(Protocol):
    """The module of a command."""

    def main(self, options: Any, role: Role) -> int:
        """Carry it out."""

    def require_valid(self, options: Any, role: Role) -> None:
        """Refuse what `main` would refuse."""


_JOBS = (SLURM, RAY, KUBERNETES)
_FOR = {
    "folder": (ENVIRONMENT, *_JOBS),
    "address": (ENVIRONMENT,),
    "gpus_per_worker": _JOBS,
    "cpus_per_worker": _JOBS,
    "time": (SLURM, KUBERNETES),
    "export": (SLURM, KUBERNETES),
}
"""The engines that have a use for each option; those of an engine's own group are for that one."""


def start(name: str, options: RunsOnEngine, command: Command) -> int:
    """Run a command on its engine; the exit status.

    Args:
        name: of the command.
        options: of the command.
        command: its module.

    Raises:
        UsageError: some options do not go with the engine, or it cannot do what they ask for.
        LaunchError: the engine does not give what the run needs.
    """
    require_engine(options)
    asked = options.engine
    if asked.engine == LOCAL:
        return command.main(options, ALONE)
    engine = importlib.import_module(f"testbed.engines.{asked.engine}")
    if asked.engine == ENVIRONMENT:
        return int(engine.main(options, command.main))
    # As worker 0 will: so nothing waits in a queue for what is refused in the end.
    rank = Rank(0, options.workers or DEFAULT_WORKERS, asked.engine)
    command.require_valid(options, Role(rank))
    if sys.stdout.isatty():
        os.environ[TERMINAL_WIDTH] = str(shutil.get_terminal_size().columns)
    return int(engine.main(asked, inner_of(name, options)))


def require_engine(options: RunsOnEngine) -> None:
    """Refuse options that do not go with the engine.

    Raises:
        UsageError: one of them does not.
    """
    asked = options.engine
    _require_uses(asked)
    if asked.engine == LOCAL:
        return
    if options.isolation == "required":
        raise UsageError("--isolation required: workers of several hosts need their network")
    if asked.engine in (ENVIRONMENT, KUBERNETES) and not asked.folder:
        raise UsageError("--folder is missing: one that all workers share, and that holds no run")
    numbers = {
        "--gpus-per-worker": asked.gpus_per_worker,
        "--cpus-per-worker": asked.cpus_per_worker,
        "--time": asked.time,
        "--nodes": asked.slurm.nodes,
        # Without a number of workers, bench has 0.
        "--workers": options.workers or None,
    }
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} {number}: at least 1")
    if not asked.meeting_timeout > 0:
        raise UsageError(f"--meeting-timeout {asked.meeting_timeout:g}: more than 0")


def _require_uses(asked: EngineOptions) -> None:
    uses: list[tuple[object, str, tuple[str, ...]]]
    uses = [(asked, name, engines) for name, engines in _FOR.items()]
    uses += [(asked.slurm, name, (SLURM,)) for name in vars(asked.slurm)]
    uses += [(asked.kubernetes, name, (KUBERNETES,)) for name in vars(asked.kubernetes)]
    for options, name, engines in uses:
        if getattr(options, name) and asked.engine not in engines:
            raise UsageError(f"{option_name(options, name)}: needs --engine {', '.join(engines)}")


def inner_of(name: str, options: RunsOnEngine) -> InnerCommand:
    """What an engine has each of its processes run, for what the options of a command ask for."""
    asked = options.engine
    workers = options.workers or DEFAULT_WORKERS
    options = _with(options, workers=workers)
    if asked.gpus_per_worker:
        if not has_option(options, "device"):
            raise UsageError(f"--gpus-per-worker: testbed {name} runs on CPUs")
        options = _with(options, device="gpu", replicas=options.replicas or asked.gpus_per_worker)
    folder = str(Path(asked.folder or _own_folder(asked)).absolute())
    inner = EngineOptions(engine=ENVIRONMENT, folder=folder, meeting_timeout=asked.meeting_timeout)
    words = [name, *words_of(inner), *words_of(options, leave_out=["engine"])]
    return InnerCommand(tuple(words), folder, workers, asked.gpus_per_worker or 0)


def _own_folder(asked: EngineOptions) -> Path:
    """Default run folder; an exported script makes a new one each time that it runs."""
    if asked.export and asked.engine == SLURM:
        return RUNS / f"slurm-{JOB_ID}"
    return next_run_path(RUNS)


def words_without_cluster(options: RunsOnEngine) -> list[str]:
    """What was typed of the command's own, but for its devices and how many."""
    return words_of(options, leave_out=["engine", "device", "workers", "replicas"])


def _with(options: Asked, **changed: Any) -> Asked:
    return replace(options, **changed)  # type: ignore[type-var]
