"""Runs the user's program in a worker and watches it, without changing its behaviour."""

from __future__ import annotations

import contextlib
import linecache
import re
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from testbed.check.observations.seen import (
    ProgramError,
    SourceLine,
    WorkerObservations,
)
from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import RUN_CHECKED, CheckedReport, ProgramOrders
from testbed.verdict.raised_error import RaisedError
from testbed.worker.user_code.own_code import own_code, text_of
from testbed.worker.user_code.program import end_program, outcome
from testbed.worker.user_code.steps import counting_steps
from testbed.worker.watching.data.text_hashes import salt_of
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.parity.first_steps import FirstStepsRecorder
from testbed.worker.watching.stack import is_authors
from testbed.worker.watching.traces.leaks import leaks
from testbed.worker.watching.watchers import Watchers

_IN_MESSAGE = re.compile(
    r'^ +File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)  \*+$', re.MULTILINE
)


@RUN_CHECKED.implementation
def run_checked(orders: ProgramOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker, and watch it."""
    end_program(orders.setup, channel, _watched(orders, channel))


def _watched(orders: ProgramOrders, channel: Channel) -> CheckedReport:
    problems: list[BaseException] = []
    watchers = Watchers(orders.setup.place.worker)
    code = own_code(
        orders.setup, channel, exit_code_counts=True, config_changes=watchers.events.config_changes
    )
    with code as details:
        salt = salt_of(orders.setup.place.worker)
        first = FirstStepsRecorder(watchers.events, watchers.now, watchers.variables)
        with watching(watchers.events, salt), counting_steps(details):
            end = outcome(orders.program, problems.append)
        first_steps = first.recorded()
        seconds = round(watchers.events.log.seconds, 3)
        raised = _raised(problems[0], end.error) if problems and end.error else None
        seen = watchers.observations(raised, tuple(leaks(watchers.objects)))
        return CheckedReport(**vars(end), seen=seen, watching=seconds, first=first_steps)


@contextlib.contextmanager
def seen_here() -> Iterator[Callable[[], WorkerObservations]]:
    """Watch this process in the block; yields a function that returns the observations so far."""
    watchers = Watchers(worker=0)
    with watching(watchers.events, salt=0):
        yield lambda: watchers.observations(None, tuple(leaks(watchers.objects)))


def _raised(problem: BaseException, error: RaisedError) -> ProgramError:
    frames, text = traceback.extract_tb(problem.__traceback__), text_of(problem)
    own = [
        SourceLine(frame.filename, frame.lineno, frame.name)
        for frame in frames
        if is_authors(frame.filename) and frame.lineno
    ]
    # The traceback has no lines of code that AutoGraph generated; the message names them.
    named = [
        SourceLine(found["file"], int(found["line"]), found["function"])
        for found in _IN_MESSAGE.finditer(text)
    ]
    own += [place for place in named if is_authors(place.file)]
    innermost = named[-1].file if named else frames[-1].filename if frames else ""
    by_author = bool(innermost) and is_authors(innermost)
    return ProgramError(
        error.type,
        error.message,
        own[-1] if own else None,
        by_author=by_author,
        stated=by_author and _states(own[-1]),
        frames=error.frames,
        runtime_start=error.runtime_start,
        memory=error.memory,
    )


def _states(place: SourceLine) -> bool:
    """Whether a line raises an exception by a statement of its own."""
    return linecache.getline(place.file, place.line).lstrip().startswith(("raise", "assert"))
