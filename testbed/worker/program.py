"""Runs somebody's own program in a worker, as `python program.py` would."""

from __future__ import annotations

import atexit
import contextlib
import runpy
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.launcher.channel import Channel
from testbed.launcher.import_path import put_first
from testbed.worker.own_code import in_a_line, make_main, own_code, report_and_leave, shown


def run_program(orders: dict[str, Any], channel: Channel) -> None:
    """The entry of a worker that runs a program.

    Orders: `program` (a script's path, or a module's name), `is_module`, `arguments`, `report`,
    and those of `own_code`.
    """
    with own_code(orders, channel):
        report = outcome(orders)
    report_and_leave(orders, channel, report, good=report["code"] == 0)


def outcome(
    orders: dict[str, Any], told: Callable[[BaseException], None] = lambda _: None
) -> dict[str, Any]:
    """Run the program to its end, with all that an interpreter does then.

    Args:
        orders: of the worker.
        told: called with what the program raised.
    """
    raised = ""
    try:
        _run(orders["program"], orders["arguments"], is_module=orders["is_module"])
        code = 0
    except SystemExit as leaving:
        code = _code_of(leaving)
    except BaseException as problem:
        told(problem)
        code, raised = 1, in_a_line(problem)
        print(shown(problem), end="", file=sys.stderr)
    with contextlib.suppress(Exception):
        # What is not a daemon is waited for; then what was registered for the end is run.
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return {"code": code, "raised": raised}


def _run(program: str, arguments: list[str], *, is_module: bool) -> None:
    """Make the program `__main__`, as the interpreter does."""
    if is_module:
        # As with -m: the working directory comes first, and argv[0] is the module's file.
        put_first(str(Path.cwd()))
        sys.argv = [program, *arguments]
        sys.orig_argv = [sys.executable, "-m", *sys.argv]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return
    sys.argv = [program, *arguments]
    sys.orig_argv = [sys.executable, *sys.argv]
    put_first(str(Path(program).resolve().parent))
    make_main(program)


def _code_of(leaving: SystemExit) -> int:
    """The status with which an interpreter ends on sys.exit, which says what is no number."""
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    print(leaving.code, file=sys.stderr)
    return 1
