"""The `testbed` command: parses the command line, runs the command, reports errors."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from testbed.cli.declarations.engine import ENVIRONMENT, EngineOptions
from testbed.cli.declarations.model import has_option
from testbed.cli.parser import CommandLine, parse
from testbed.errors import (
    INTERRUPTED,
    UNEXPECTED,
    WRONG_COMMAND,
    LaunchError,
    TooFewDevicesError,
    UsageError,
    limit_reached,
)
from testbed.interpreter_end import end_interpreter, run_exit_handlers
from testbed.terminal import complain, lost, prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit status."""
    if arguments is None and sys.flags.inspect:
        _end_without_looking()
    return _answer(arguments)


def _end_without_looking() -> NoReturn:
    # With PYTHONINSPECT, sys.exit does not end Python, but prints a traceback.
    try:
        status = _answer(None)
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    run_exit_handlers()
    end_interpreter(status)


def _answer(arguments: Sequence[str] | None) -> int:
    prepare()
    typed = parse(arguments)
    try:
        status = _run(typed)
    except TooFewDevicesError as problem:
        complain(f"{problem}; {_elsewhere(typed, problem)}")
        return WRONG_COMMAND
    except (UsageError, LaunchError) as problem:
        complain(problem)
        return WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED
    except KeyboardInterrupt:
        complain("interrupted; all workers are ended")
        return INTERRUPTED
    except OSError as problem:
        # The machine causes these: a limit, a full disk, a file that is read-only or removed.
        if why := limit_reached(problem):
            complain(why)
            return UNEXPECTED
        if problem.filename is None:
            raise
        complain(f"{problem.filename}: {problem.strerror}")
        return UNEXPECTED
    if why := lost():
        complain(f"the output is not complete: {why}")
        return status or UNEXPECTED
    return status


def _run(typed: CommandLine) -> int:
    """Import the command and run it, on its engine where it takes one."""
    # Before the import of a command, whose packages this Python may lack as well.
    _require_tensorflow(typed.options)
    command = importlib.import_module(f"testbed.cli.commands.{typed.command}")
    if not hasattr(typed.options, "engine"):
        return int(command.main(typed.options))
    engines = importlib.import_module("testbed.engines.command")
    return int(engines.start(typed.command, typed.options, command))


def _require_tensorflow(options: Any) -> None:
    """Check that a command which starts workers finds TensorFlow.

    A process that an engine has started checks it where it leads the others. An exported job may
    run on hosts that have another Python.
    """
    engine = options.engine if has_option(options, "engine") else EngineOptions()
    if has_option(options, "python") and engine.engine != ENVIRONMENT and not engine.export:
        # Imported here: other commands do not need it.
        from testbed.launcher.interpreter.interpreter import require_tensorflow

        require_tensorflow(options.python)


def _elsewhere(typed: CommandLine, problem: TooFewDevicesError) -> str:
    """The command that gets the missing devices from other hosts."""
    words = importlib.import_module("testbed.engines.command").words_without_cluster(typed.options)
    found = importlib.import_module("testbed.engines.detect")
    return str(found.elsewhere(problem, typed.command, words))
