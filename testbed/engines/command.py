"""Runs a command on the engine that it names: here, or by what each process there runs."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Protocol

from testbed.engines import ENVIRONMENT, KUBERNETES, LOCAL, MEETING_S, RAY, SLURM, InnerCommand
from testbed.errors import UsageError
from testbed.hosts.rank import Rank
from testbed.launcher.run_folder import RUNS, next_run_path
from testbed.terminal import TERMINAL_WIDTH

DEFAULT_WORKERS = 2

JOB_ID = "$SLURM_JOB_ID"
"""What Slurm's script puts its job's number in place of."""


class Command(Protocol):
    """The module of a command."""

    def main(self, options: argparse.Namespace) -> int:
        """Carry it out."""

    def require_valid(self, options: argparse.Namespace) -> None:
        """Refuse what `main` would refuse."""


_JOBS = (SLURM, RAY, KUBERNETES)
_FOR = {
    "folder": (ENVIRONMENT, *_JOBS),
    "address": (ENVIRONMENT,),
    "gpus_per_worker": _JOBS,
    "cpus_per_worker": _JOBS,
    "time": (SLURM, KUBERNETES),
    "export": (SLURM, KUBERNETES),
    "partition": (SLURM,),
    "account": (SLURM,),
    "nodes": (SLURM,),
    "sbatch": (SLURM,),
    "container": (KUBERNETES,),
    "claim": (KUBERNETES,),
    "kube_namespace": (KUBERNETES,),
    "tfjob": (KUBERNETES,),
}
"""The engines that have a use for each option."""


def start(options: argparse.Namespace, command: Command) -> int:
    """Run a command on its engine; the exit status.

    Raises:
        UsageError: some options do not go with the engine, or it cannot do what they ask for.
        LaunchError: the engine does not give what the run needs.
    """
    require_engine(options)
    if options.engine == LOCAL:
        return command.main(options)
    engine = importlib.import_module(f"testbed.engines.{options.engine}")
    if options.engine == ENVIRONMENT:
        return int(engine.main(options, command.main))
    # As worker 0 will: so nothing waits in a queue for what is refused in the end.
    options.rank = Rank(0, options.workers or DEFAULT_WORKERS, options.engine)
    command.require_valid(options)
    if sys.stdout.isatty():
        os.environ[TERMINAL_WIDTH] = str(shutil.get_terminal_size().columns)
    return int(engine.main(options, inner_of(options)))


def require_engine(options: argparse.Namespace) -> None:
    """Refuse options that do not go with the engine.

    Raises:
        UsageError: one of them does not.
    """
    for name, engines in _FOR.items():
        if getattr(options, name) and options.engine not in engines:
            raise UsageError(
                f"--{name.removeprefix('kube_').replace('_', '-')}: needs --engine"
                f" {', '.join(engines)}"
            )
    if options.engine == LOCAL:
        return
    if options.isolation == "required":
        raise UsageError("--isolation required: workers of several hosts need their network")
    if options.engine in (ENVIRONMENT, KUBERNETES) and not options.folder:
        raise UsageError("--folder is missing: one that all workers share, and that holds no run")
    for name in ("gpus_per_worker", "cpus_per_worker", "time", "nodes", "workers"):
        number = getattr(options, name)
        if number is not None and number < 1 and (name, number) != ("workers", 0):
            raise UsageError(f"--{name.replace('_', '-')} {number}: at least 1")
    if not options.meeting_timeout > 0:
        raise UsageError(f"--meeting-timeout {options.meeting_timeout:g}: more than 0")


def inner_of(options: argparse.Namespace) -> InnerCommand:
    """What an engine has each of its processes run, for what the options ask for."""
    options.workers = options.workers or DEFAULT_WORKERS
    if options.gpus_per_worker:
        if not hasattr(options, "device"):
            raise UsageError(f"--gpus-per-worker: testbed {options.command} runs on CPUs")
        options.device = "gpu"
        options.replicas = options.replicas or options.gpus_per_worker
    folder = str(Path(options.folder or _own_folder(options)).absolute())
    words = [options.command, "--engine", ENVIRONMENT, "--folder", folder]
    if options.meeting_timeout != MEETING_S:
        words += ["--meeting-timeout", _text(options.meeting_timeout)]
    return InnerCommand(
        (*words, *_own_words(options)), folder, options.workers, options.gpus_per_worker or 0
    )


def _own_folder(options: argparse.Namespace) -> Path:
    """The folder of a run that nobody has named; of a script a new one each time that it runs."""
    if options.export and options.engine == SLURM:
        return RUNS / f"slurm-{JOB_ID}"
    return next_run_path(RUNS)


def words_without_cluster(options: argparse.Namespace) -> list[str]:
    """What was typed of the command's own, but for its devices and how many."""
    cluster = ("device", "workers", "replicas")
    kept = [action for action in options.actions if action.dest not in cluster]
    return _own_words(argparse.Namespace(**{**vars(options), "actions": kept}))


def _own_words(options: argparse.Namespace) -> list[str]:
    """The options of the command itself, as they would be typed, and then its arguments."""
    words: list[str] = []
    last: list[str] = []
    for action in options.actions:
        given = getattr(options, action.dest, None)
        if given in (None, action.default, []):
            continue
        if not action.option_strings:
            last = [str(each) for each in given]
            if action.nargs != argparse.REMAINDER and any(map(_is_like_an_option, last)):
                last = ["--", *last]
        elif action.nargs == argparse.REMAINDER:
            last = [action.option_strings[0], *given]
        else:
            words += _typed(action, given)
    return [*words, *last]


def _typed(action: argparse.Action, given: Any) -> list[str]:
    name = action.option_strings[-1]
    if action.nargs == 0:
        return [name]
    words = []
    for text in map(_text, given if isinstance(given, list) else [given]):
        words += [f"{name}={text}"] if _is_like_an_option(text) else [name, text]
    return words


def _is_like_an_option(text: str) -> bool:
    return text.startswith("-")


def _text(given: Any) -> str:
    """What is typed to give just that; of a number no more digits than it needs."""
    if isinstance(given, float) and float(f"{given:g}") == given:
        return f"{given:g}"
    return str(given)
