"""Ends this process as the interpreter ends itself, in the interpreter's own order.

Py_FinalizeEx waits for threads, runs exit handlers, flushes the standard streams, and then takes
the modules down, which calls finalizers and writes what files left open still hold.
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

    `threading._shutdown` first calls what libraries have registered for the end of threads: by
    this the idle threads of a ThreadPoolExecutor end. The interpreter itself calls the same two
    functions. Whatever is run here is not run again by `end_interpreter`.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except BaseException as problem:
        # Ctrl-C while it waits, and nothing else, comes here; the interpreter goes on, too.
        kind, trace = type(problem), problem.__traceback__
        ignored = types.SimpleNamespace(
            exc_type=kind, exc_value=problem, exc_traceback=trace, err_msg=None, object=threading
        )
        sys.unraisablehook(ignored)
    atexit._run_exitfuncs()


def output_is_lost() -> bool:
    """Flush the standard streams; whether one of them still holds what it could not write.

    `end_interpreter` tries again, and tells about it as the interpreter does.
    """
    return not all([_flushed(sys.stdout), _flushed(sys.stderr)])


def end_interpreter(code: int) -> NoReturn:
    """Do what is left of Python's own end, and leave with this exit code.

    The frames that are on the stack are not unwound, as by `sys.exit` in an embedded interpreter.
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
