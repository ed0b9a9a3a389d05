"""Runs the user's program in a worker, as `python program.py` would."""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from testbed.interpreter_end import (
    LOST_OUTPUT,
    end_interpreter,
    output_is_lost,
    run_exit_handlers,
)
from testbed.launcher.server.channel import Channel
from testbed.launcher.server.import_path import put_first
from testbed.orders.own_code import (
    RUN_PROGRAM,
    OwnCodeSetup,
    Program,
    ProgramOrders,
    ProgramReport,
)
from testbed.worker.device_memory import device_memory
from testbed.worker.user_code.first_import import not_imported_yet
from testbed.worker.user_code.own_code import in_a_line, make_main, own_code, report_and_leave
from testbed.worker.user_code.recorded_error import recording
from testbed.worker.user_code.steps import counting_steps
from testbed.worker.user_code.uncaught import code_of_exit, show_uncaught


@RUN_PROGRAM.implementation
def run_program(orders: ProgramOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker."""
    setup = orders.setup
    with own_code(setup, channel, exit_code_counts=True) as details, counting_steps(details):
        report = outcome(orders.program)
    end_program(setup, channel, report)


def outcome(
    program: Program, report: Callable[[BaseException], None] = lambda _: None
) -> ProgramReport:
    """Run the program to its end, with the exit handlers that an interpreter runs at its end.

    A process that the program forked may end here, too. It reports nothing, and exits.

    Args:
        program: is run.
        report: called with an uncaught exception of the program.
    """
    worker, code, uncaught, raised, error = os.getpid(), 0, None, "", None
    with not_imported_yet(), recording() as recorded:
        try:
            _run(program)
        except SystemExit as leaving:
            code = code_of_exit(leaving)
        except BaseException as problem:
            uncaught = problem
        if uncaught:
            if os.getpid() == worker:
                report(uncaught)
                raised, error = in_a_line(uncaught), recorded(uncaught)
            # Outside of `except`, so that an exception of the hook is not chained to this one.
            code = show_uncaught(uncaught)
        run_exit_handlers()
        if output_is_lost():
            code = LOST_OUTPUT
    if os.getpid() != worker:
        end_interpreter(code)
    return ProgramReport(code, raised, error, device_memory())


def end_program(setup: OwnCodeSetup, channel: Channel, report: ProgramReport) -> NoReturn:
    """Report how the program ended; end the interpreter once the worker may leave."""
    # The report may fail, because the program changed its user, root or limits. Then the exit code
    # counts.
    try:
        report_and_leave(setup, channel, report, good=report.code == 0)
    except OSError as problem:
        # On a full disk neither the report nor the log says why.
        with contextlib.suppress(OSError):
            channel.last_words(report.raised or f"its report cannot be written: {problem}")
    end_interpreter(report.code)


def _run(program: Program) -> None:
    """Run the program as `__main__`, as the interpreter does."""
    name, arguments = program.name, program.arguments
    if program.is_module:
        _leave_room_on_the_stack()
        # As with -m: the working directory comes first, and argv[0] becomes the module's file.
        put_first(str(Path.cwd()))
        sys.argv = ["-m", *arguments]
        sys.orig_argv[:] = [sys.executable, "-m", name, *arguments]
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=__builtins__)
        sys.modules["__main__"] = main
        runpy._run_module_as_main(name)  # type: ignore[attr-defined]
        return
    sys.argv = [name, *arguments]
    sys.orig_argv[:] = [sys.executable, name, *arguments]
    put_first(str(Path(name).resolve().parent))
    _leave_room_on_the_stack(further=1)
    make_main(name, copy=program.copy)


def _leave_room_on_the_stack(further: int = 0) -> None:
    """Raise the recursion limit by our frames, so that the program has its full depth.

    `further` counts our functions between the caller and the program. Each runs code by `exec`, as
    does the module that started this process; before Python 3.12 an `exec` counts, too.
    """
    frame, depth = sys._getframe(), further
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    if sys.version_info < (3, 12):
        depth += 1 + further
    sys.setrecursionlimit(sys.getrecursionlimit() + depth)
