"""Follows a job of an engine: shows what worker 0 prints, until the run or the job is over."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from testbed.engines import InnerCommand
from testbed.engines.interrupts import Interrupts
from testbed.engines.job import Job, JobState
from testbed.engines.job_files import JobFiles
from testbed.engines.job_status import Asking, StatusLine
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import RunFolder, locked, require_unused
from testbed.launcher.trusted import make_folder, require_private
from testbed.report.output.follow import LogReader
from testbed.terminal import complain, one_line, write_utf8


@dataclass(frozen=True)
class Pace:
    """How long what takes at most, in seconds."""

    look: float = 0.2
    """From look to look into the files."""
    ask: float = 1.0
    """From question to question to the engine, of which schedulers dislike too many."""
    ask_later: float = 5.0
    """The same when a job has lasted `soon`."""
    soon: float = 30.0
    unanswered: float = 60.0
    """Without any answer of the engine, before it is given up."""
    end: float = 30.0
    """Until a job is over whose run is, or that was cancelled."""
    late_files: float = 3.0
    """Until the files of a job that is over are seen here."""


def follow(start: Callable[[], Job], inner: InnerCommand, pace: Pace | None = None) -> int:
    """Start a job and stay with it; the exit status of its run.

    Args:
        start: starts it; is not interrupted meanwhile, so that no job is lost that nobody follows.
        inner: what it runs.

    Raises:
        UsageError: its folder is another run's, or other users may write to it.
        KeyboardInterrupt: by SIGINT, SIGTERM or SIGHUP; the job was cancelled.
        LaunchError: the job is over without a run that has come to its end.
    """
    files, following = JobFiles(inner.folder), None
    try:
        make_folder(files.folder)
        require_private(files.folder)
        require_unused(RunFolder(files.folder))
        files.prepare()
    except OSError as problem:
        told = f"cannot use the folder {files.folder}: {problem.strerror}"
        raise UsageError(told) from problem
    with _reserved(files), Interrupts() as interrupts:
        try:
            with interrupts.held():
                following = _Following(start(), files, pace or Pace())
            return following.to_the_end()
        except KeyboardInterrupt:
            if following is not None:
                following.cancel()
            raise


@contextlib.contextmanager
def _reserved(files: JobFiles) -> Iterator[None]:
    """Have others on this machine leave alone what waits in a queue.

    Raises:
        UsageError: another one waits there.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(files.engine))
        except BlockingIOError:
            told = f"another job is followed in {files.folder}: give another --folder"
            raise UsageError(told) from None
        yield


class _Following:
    def __init__(self, job: Job, files: JobFiles, pace: Pace) -> None:
        self._job, self._files, self._pace = job, files, pace
        self._line = StatusLine(job.name)
        self._output, self._errors = LogReader(files.out(0)), LogReader(files.err(0))

    def to_the_end(self) -> int:
        """The status of the run, and everything shown."""
        with Asking(self._job, self._pace.ask, self._pace.ask_later, self._pace.soon) as asking:
            try:
                self._line.show(None, "")
                while (status := self._files.end()) is None:
                    self._copy()
                    if asking.unanswered_for > self._pace.unanswered:
                        said = f"{asking.problem}; it may go on; see {self._files.engine}"
                        raise LaunchError(f"{self._job.name}: {said}")
                    # It may be told anew at any moment.
                    state = asking.state
                    if state and state.over:
                        status = self._late_end(state)
                        break
                    self._line.show(state, self._files.progress())
                    threading.Event().wait(self._pace.look)
                asking.hurry()
                self._let_it_end(asking)
                self._copy(over=True)
                return status
            finally:
                self._line.hide()

    def cancel(self) -> None:
        """Have the engine end the job, see that it has, and show what was printed until then."""
        deadline = time.monotonic() + self._pace.end
        taken, problem = False, ""
        while time.monotonic() < deadline:
            try:
                if not taken:
                    self._job.cancel()
                    taken = True
                if self._job.state().over:
                    self._copy(over=True)
                    return
            except LaunchError as refused:
                problem = f": {refused}"
            threading.Event().wait(self._pace.ask)
        complain(f"{self._job.name} is not over after {self._pace.end:.0f} s{problem}")

    def _copy(self, *, over: bool = False) -> None:
        for log, stream in ((self._output, sys.stdout), (self._errors, sys.stderr)):
            while (piece := log.more(over=over)) is not None:
                if piece:
                    # Both may be the same terminal.
                    self._line.hide()
                    write_utf8(piece, stream)

    def _late_end(self, state: JobState) -> int:
        """The status of a run whose job is over."""
        deadline = time.monotonic() + self._pace.late_files
        self._files.look_anew()
        while (status := self._files.end()) is None and time.monotonic() < deadline:
            self._copy()
            threading.Event().wait(self._pace.look)
        self._copy(over=True)
        if status is None:
            self._broken(state)
        return status

    def _broken(self, state: JobState) -> NoReturn:
        said = one_line(self._files.last_complaint(0))
        parts = [f"{self._job.name}: {state.text}", f"worker 0 said: {said}" if said else ""]
        raise LaunchError("; ".join([*filter(None, parts), f"see {self._files.engine}"]))

    def _let_it_end(self, asking: Asking) -> None:
        """See that nothing of a job stays whose run is over."""
        deadline = time.monotonic() + self._pace.end
        while not ((state := asking.state) and state.over):
            self._copy()
            if time.monotonic() > deadline:
                self._line.hide()
                complain(f"{self._job.name} goes on after its run; it is cancelled")
                with contextlib.suppress(LaunchError):
                    self._job.cancel()
                return
            self._line.show(state, "done")
            threading.Event().wait(self._pace.look)
