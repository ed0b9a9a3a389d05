"""Handles an uncaught exception of the user's program as the interpreter does."""

from __future__ import annotations

import contextlib
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

# The code that starts and watches a program; no program calls anything in this folder.
_OURS = f"{Path(__file__).resolve().parents[1]}/"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def code_of_exit(leaving: SystemExit) -> int:
    """The exit code of a program that raised SystemExit; a code that is no number is printed."""
    asked = leaving.code
    if asked is None:
        return 0
    if isinstance(asked, int):
        # As in C: a number that does not fit a long becomes -1.
        return (asked if _SMALLEST <= asked <= _LARGEST else -1) & 0xFF
    _print_to_stderr(asked)
    return 1


def show_uncaught(problem: BaseException) -> int:
    """Show an exception by `sys.excepthook`, as the interpreter does; returns the exit code.

    The hook, Python's default or the program's, sees only the frames of the program.
    """
    _remove_our_frames(problem)
    kind, trace = type(problem), problem.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = kind, problem, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = problem
    hook = getattr(sys, "excepthook", None)
    sys.audit("sys.excepthook", hook, kind, problem, trace)
    if hook is None:
        _print_to_stderr("sys.excepthook is missing")
        hook = sys.__excepthook__
    try:
        hook(kind, problem, trace)
    except SystemExit as leaving:
        return code_of_exit(leaving)
    except BaseException as second:
        _remove_our_frames(second)
        _print_to_stderr("Error in sys.excepthook:")
        sys.__excepthook__(type(second), second, second.__traceback__)
        _print_to_stderr("\nOriginal exception was:")
        sys.__excepthook__(kind, problem, trace)
    # After KeyboardInterrupt the interpreter kills itself by SIGINT; a shell shows this code.
    return 128 + signal.SIGINT if kind is KeyboardInterrupt else 1


def _print_to_stderr(what: object) -> None:
    try:
        text = str(what)
    except Exception:
        text = ""
    # A program may have closed or replaced standard error.
    with contextlib.suppress(Exception):
        print(text, file=sys.stderr or sys.__stderr__, flush=True)


def _remove_our_frames(problem: BaseException) -> None:
    """Remove our frames from the tracebacks of an exception and of its causes and contexts."""
    for each in _chain(problem, set()):
        kept = []
        trace = each.__traceback__
        while trace:
            if not trace.tb_frame.f_code.co_filename.startswith(_OURS):
                kept.append(trace)
            trace = trace.tb_next
        rest = None
        for trace in reversed(kept):
            rest = types.TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)
        each.__traceback__ = rest


def _chain(problem: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    waiting = [problem]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        # The parts of an exception group, in a Python that has them.
        waiting += [part for part in getattr(each, "exceptions", ()) if _is_exception(part)]


def _is_exception(part: object) -> bool:
    return isinstance(part, BaseException)
