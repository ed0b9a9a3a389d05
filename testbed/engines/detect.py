"""Finds the engines that this host can reach, and writes the command that would use one."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from collections.abc import Sequence

from testbed.cli.declarations.engine import ENGINES
from testbed.cli.declarations.shared import one_of
from testbed.errors import TooFewDevicesError


def found() -> list[str]:
    """The engines whose commands or packages are installed here."""
    return [
        engine.name
        for engine in ENGINES.values()
        if (engine.command and shutil.which(engine.command))
        or (engine.package and importlib.util.find_spec(engine.package))
    ]


def elsewhere(problem: TooFewDevicesError, command: str, words: Sequence[str]) -> str:
    """The command that gets the missing devices from other hosts.

    Args:
        problem: the number of devices that the command needs.
        command: of the testbed.
        words: options and arguments of the command, without its cluster.
    """
    engines = found()
    if not engines:
        signs = [each.command or each.package for each in ENGINES.values() if each.starts_job]
        return f"no engine for more hosts is found here ({one_of(signs)})"
    cluster = ["--workers", str(problem.workers)]
    cluster += ["--gpus-per-worker", str(problem.replicas_per_worker)]
    engine = engines[0]
    typed = ["testbed", command, "--engine", engine, *cluster, *ENGINES[engine].example, *words]
    return f"on more hosts ({', '.join(engines)} found here): {shlex.join(typed)}"
