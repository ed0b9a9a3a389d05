"""Runs a command on the engine that its options name, on this machine or as a job."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from testbed.cli.declarations.engine import ENGINES, ENVIRONMENT, LOCAL, EngineOptions, RunsOnEngine
from testbed.cli.declarations.model import has_option, option_name, words_of
from testbed.cluster.isolation_levels import REQUIRED
from testbed.engines import InnerCommand
from testbed.errors import UsageError
from testbed.hosts.rank import Rank
from testbed.hosts.role import ALONE, Role
from testbed.launcher.run_folder import RUNS, next_run_path
from testbed.terminal import TERMINAL_WIDTH

DEFAULT_WORKERS = 2

Asked = TypeVar("Asked", bound=RunsOnEngine)


class Command(Protocol):
    """The module of a command."""

    def main(self, options: Any, role: Role) -> int:
        """Run the command, and return the exit status."""

    def require_valid(self, options: Any, role: Role) -> None:
        """Reject options that `main` would reject."""


def start(name: str, options: RunsOnEngine, command: Command) -> int:
    """Run a command on its engine, and return the exit status.

    Args:
        name: of the command.
        options: of the command.
        command: its module.

    Raises:
        UsageError: some options do not fit the engine, or the engine cannot fulfil them.
        LaunchError: the engine does not provide what the run needs.
    """
    require_engine(options)
    asked = options.engine
    if asked.engine == LOCAL:
        return command.main(options, ALONE)
    engine = importlib.import_module(f"testbed.engines.{asked.engine}")
    if asked.engine == ENVIRONMENT:
        return int(engine.main(options, command.main))
    # Worker 0 does the same check; here it rejects a wrong command before the job is queued.
    rank = Rank(0, options.workers or DEFAULT_WORKERS, asked.engine)
    command.require_valid(options, Role(rank))
    if sys.stdout.isatty():
        os.environ[TERMINAL_WIDTH] = str(shutil.get_terminal_size().columns)
    return int(engine.main(asked, inner_of(name, options)))


def require_engine(options: RunsOnEngine) -> None:
    """Reject options that do not fit the engine.

    Raises:
        UsageError: an option is missing, is out of range, or belongs to another engine.
    """
    asked = options.engine
    _require_uses(asked)
    if asked.engine == LOCAL:
        return
    if options.isolation == REQUIRED:
        raise UsageError("--isolation required: workers of several hosts need their network")
    if asked.kind.needs_folder and not asked.folder:
        raise UsageError("--folder is missing: one that all workers share, and that holds no run")
    numbers = {
        "--gpus-per-worker": asked.gpus_per_worker,
        "--cpus-per-worker": asked.cpus_per_worker,
        "--time": asked.time,
        "--nodes": asked.slurm.nodes,
        # Without --workers, bench has 0 here.
        "--workers": options.workers or None,
    }
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} {number}: at least 1")
    if not asked.meeting_timeout > 0:
        raise UsageError(f"--meeting-timeout {asked.meeting_timeout:g}: more than 0")


def _require_uses(asked: EngineOptions) -> None:
    """Reject an option that the engine does not use."""
    shared = {name for engine in ENGINES.values() for name in engine.uses}
    for name in sorted(shared - set(asked.kind.uses)):
        _require_unset(asked, name, [each.name for each in ENGINES.values() if name in each.uses])
    for engine in ENGINES:
        own = getattr(asked, engine, None)
        for name in vars(own) if own and engine != asked.engine else ():
            _require_unset(own, name, [engine])


def _require_unset(options: Any, name: str, engines: list[str]) -> None:
    if getattr(options, name):
        raise UsageError(f"{option_name(options, name)}: needs --engine {', '.join(engines)}")


def inner_of(name: str, options: RunsOnEngine) -> InnerCommand:
    """The inner command of a job, from the name and the options of the typed command."""
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
    """The default run folder; an exported script makes a new one for each run."""
    if asked.export and asked.kind.exported_folder:
        return RUNS / asked.kind.exported_folder
    return next_run_path(RUNS)


def words_without_cluster(options: RunsOnEngine) -> list[str]:
    """The words of a command's options, without those for the engine, device and cluster."""
    return words_of(options, leave_out=["engine", "device", "workers", "replicas"])


def _with(options: Asked, **changed: Any) -> Asked:
    return replace(options, **changed)  # type: ignore[type-var]
