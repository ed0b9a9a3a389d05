"""Ends this process as the interpreter does, in the interpreter's order of steps.

Py_FinalizeEx waits for threads, runs exit handlers and flushes the standard streams. Then it
destroys the modules, which calls finalizers and writes the buffers of files that are still open.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
import types
from typing import NoReturn

LOST_OUTPUT = 120
"""The exit code of an interpreter that could not flush its standard streams."""


def run_exit_handlers() -> None:
    """Do the first two steps: wait for threads and run exit handlers, each in Python's order.

    `threading._shutdown` first calls the handlers that libraries have registered for the end of
    threads; they end the idle threads of a ThreadPoolExecutor. The interpreter itself calls the
    same two functions. `end_interpreter` does not run these handlers again.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except BaseException as problem:
        # Only Ctrl-C during the wait comes here; the interpreter goes on after it, too.
        kind, trace = type(problem), problem.__traceback__
        ignored = types.SimpleNamespace(
            exc_type=kind, exc_value=problem, exc_traceback=trace, err_msg=None, object=threading
        )
        sys.unraisablehook(ignored)
    atexit._run_exitfuncs()


def output_is_lost() -> bool:
    """Flush the standard streams; True if one of them could not write all its data.

    `end_interpreter` tries again, and reports a failure as the interpreter does.
    """
    return not all([_flushed(sys.stdout), _flushed(sys.stderr)])


def end_interpreter(code: int) -> NoReturn:
    """Do the remaining steps of Python's shutdown, and exit with this code.

    The frames on the stack are not unwound, as by `sys.exit` in an embedded interpreter.
    """
    ctypes.pythonapi.Py_Exit(ctypes.c_int(code))
    raise AssertionError("Py_Exit does not return")


def _flushed(stream: object) -> bool:
    if stream is None or getattr(stream, "closed", False):
        return True
    try:
        stream.flush()  # type: ignore[attr-defined]
    except BaseException:
        return False
    return True
