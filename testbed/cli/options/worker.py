"""Options of `testbed worker`, which another launcher starts."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import ENGINES_ONLY, CommandWords
from testbed.cli.declarations.engine import EngineOptions, StartedEngineOptions, engine_group
from testbed.cli.options.run import EXIT_STATUS, RunOptions


@dataclass(frozen=True)
class WorkerOptions(RunOptions):
    """The options of `testbed worker`: those of `testbed run`, with another default engine."""

    engine: EngineOptions = engine_group(StartedEngineOptions)


COMMAND = CommandWords(
    "worker",
    ENGINES_ONLY,
    "run scenarios as one worker of a cluster that srun, mpirun or an Indexed Job started",
    "Run scenarios as one worker of a cluster that another launcher has started.",
    ("worker --folder /shared/run module_global",),
    WorkerOptions,
    "[OPTION ...] [NAME ...]",
    EXIT_STATUS,
)
