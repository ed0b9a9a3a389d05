"""What an interpreter does with an exception that a program has not caught."""

from __future__ import annotations

import contextlib
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

# What starts a program and what watches it; no program calls anything in this folder.
_OURS = f"{Path(__file__).resolve().parents[1]}/"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def code_of_exit(leaving: SystemExit) -> int:
    """The exit code of a program that raised SystemExit; what is no number is printed."""
    asked = leaving.code
    if asked is None:
        return 0
    if isinstance(asked, int):
        # As C converts it: a number that fits no long becomes -1.
        return (asked if _SMALLEST <= asked <= _LARGEST else -1) & 0xFF
    _print_to_stderr(asked)
    return 1


def show_uncaught(problem: BaseException) -> int:
    """Have `sys.excepthook` show an exception, as the interpreter does; the exit code.

    The hook, be it Python's own or one of the program's, finds the program's frames and no others.
    """
    _leave_ours_out(problem)
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
        _leave_ours_out(second)
        _print_to_stderr("Error in sys.excepthook:")
        sys.__excepthook__(type(second), second, second.__traceback__)
        _print_to_stderr("\nOriginal exception was:")
        sys.__excepthook__(kind, problem, trace)
    # The interpreter kills itself by the signal, which a shell gives as this code.
    return 128 + signal.SIGINT if kind is KeyboardInterrupt else 1


def _print_to_stderr(what: object) -> None:
    try:
        text = str(what)
    except Exception:
        text = ""
    # A program may have closed it, or put something else in its place.
    with contextlib.suppress(Exception):
        print(text, file=sys.stderr or sys.__stderr__, flush=True)


def _leave_ours_out(problem: BaseException) -> None:
    """Take our frames out of the tracebacks of an exception and of those that it came from."""
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
        # What an exception group holds, where Python has them.
        waiting += [part for part in getattr(each, "exceptions", ()) if _is_exception(part)]


def _is_exception(part: object) -> bool:
    return isinstance(part, BaseException)
