"""The command line: what can be typed, and which command answers."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence

from testbed.arguments import parser
from testbed.arguments.engine import inner_of, require_engine, words_without_cluster
from testbed.engines import ENVIRONMENT, LOCAL
from testbed.engines.found import elsewhere
from testbed.errors import LaunchError, TooFewDevicesError, UsageError
from testbed.status import INTERRUPTED, UNEXPECTED, WRONG_COMMAND
from testbed.streams import complain, lost, prepare

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    prepare()
    options = parser().parse_args(arguments)
    try:
        if options.command in ("run", "worker") and not options.python:
            require_tensorflow()
        command = importlib.import_module(f"testbed.commands.{options.command}")
        status: int = _engine_of(options)(command.main)
    except TooFewDevicesError as problem:
        complain(
            f"{problem}; {elsewhere(problem, options.command, words_without_cluster(options))}"
        )
        return WRONG_COMMAND
    except (UsageError, LaunchError) as problem:
        complain(problem)
        return WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED
    except KeyboardInterrupt:
        complain("interrupted; all workers are ended")
        return INTERRUPTED
    except OSError as problem:
        # A file that it names is the machine's matter: no space, read-only, removed meanwhile.
        if problem.filename is None:
            raise
        complain(f"{problem.filename}: {problem.strerror}")
        return UNEXPECTED
    if why := lost():
        complain(f"the output is not complete: {why}")
        return status or UNEXPECTED
    return status


def _engine_of(options: argparse.Namespace) -> Callable[[Command], int]:
    """How the engine that the options name runs a command."""
    if not hasattr(options, "engine"):
        return lambda command: command(options)
    require_engine(options)
    if options.engine == LOCAL:
        return lambda command: command(options)
    engine = importlib.import_module(f"testbed.engines.{options.engine}")
    if options.engine == ENVIRONMENT:
        return lambda command: int(engine.main(options, command))
    return lambda _: int(engine.main(options, inner_of(options)))


def require_tensorflow() -> None:
    """Check that workers will find TensorFlow, without importing it here.

    Raises:
        UsageError: they will not.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise UsageError(
            f"no TensorFlow in this Python ({sys.executable});"
            " install it there: python -m pip install 'tensorflow>=2.21,<2.22'"
        )
