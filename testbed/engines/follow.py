"""Follows a job of an engine: shows the output of worker 0 until the run or the job is over."""

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
from testbed.engines.job_status import StatePoller, StatusLine
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import RunFolder, locked, require_unused
from testbed.launcher.trusted import make_folder, require_private
from testbed.report.output.follow import LogReader
from testbed.terminal import complain, one_line, write_utf8


@dataclass(frozen=True)
class Pace:
    """Intervals and timeouts of following a job, in seconds."""

    look: float = 0.2
    """Interval at which the files are read."""
    ask: float = 1.0
    """Interval at which the engine is asked for the job's state; schedulers limit the rate."""
    ask_later: float = 5.0
    """The same interval after the job has lasted `soon`."""
    soon: float = 30.0
    unanswered: float = 60.0
    """Timeout of an engine that does not answer."""
    end: float = 30.0
    """Timeout of a job that was cancelled, or whose run is over."""
    late_files: float = 3.0
    """Timeout until the files of a job that is over are visible here."""


def follow(start: Callable[[], Job], inner: InnerCommand, pace: Pace | None = None) -> int:
    """Start a job, follow it to its end, and return the exit status of its run.

    Args:
        start: starts the job. Signals are held back meanwhile, so that no job runs unfollowed.
        inner: the command that the job runs.
        pace: intervals and timeouts.

    Raises:
        UsageError: the folder belongs to another run, or other users may write to it.
        KeyboardInterrupt: by SIGINT, SIGTERM or SIGHUP; the job was cancelled.
        LaunchError: the job is over, and its run did not finish.
    """
    files, following = JobFiles(inner.folder), None
    try:
        make_folder(files.folder)
        require_private(files.folder)
        require_unused(RunFolder(files.folder))
        files.prepare()
    except OSError as problem:
        message = f"cannot use the folder {files.folder}: {problem.strerror}"
        raise UsageError(message) from problem
    with _reserved(files), Interrupts() as interrupts:
        try:
            with interrupts.held():
                following = _Follower(start(), files, pace or Pace())
            return following.to_the_end()
        except KeyboardInterrupt:
            if following is not None:
                following.cancel()
            raise


@contextlib.contextmanager
def _reserved(files: JobFiles) -> Iterator[None]:
    """Lock the folder on this machine while its job waits in a queue or runs.

    Raises:
        UsageError: another command follows a job in this folder.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(files.engine))
        except BlockingIOError:
            message = f"another job is followed in {files.folder}: give another --folder"
            raise UsageError(message) from None
        yield


class _Follower:
    def __init__(self, job: Job, files: JobFiles, pace: Pace) -> None:
        self._job, self._files, self._pace = job, files, pace
        self._line = StatusLine(job.name)
        self._output, self._errors = LogReader(files.out(0)), LogReader(files.err(0))

    def to_the_end(self) -> int:
        """Show all output, and return the status of the run."""
        with StatePoller(
            self._job, self._pace.ask, self._pace.ask_later, self._pace.soon
        ) as poller:
            try:
                status = self._until_over(poller)
                poller.hurry()
                self._let_it_end(poller)
                self._copy(over=True)
                return status
            finally:
                self._line.hide()

    def _until_over(self, poller: StatePoller) -> int:
        """Show output until the run or its job is over, and return the status of the run."""
        self._line.show(None, "")
        while (status := self._files.end()) is None:
            self._copy()
            if poller.unanswered_for > self._pace.unanswered:
                said = f"{poller.problem}; it may go on; see {self._files.engine}"
                raise LaunchError(f"{self._job.name}: {said}")
            # Read once: the poller's thread may change it at any moment.
            state = poller.state
            if state and state.over:
                return self._late_end(state)
            self._line.show(state, self._files.progress())
            threading.Event().wait(self._pace.look)
        return status

    def cancel(self) -> None:
        """Cancel the job, wait until it is over, and show its remaining output."""
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
        """The status of a run whose job is over; its files may become visible late."""
        deadline = time.monotonic() + self._pace.late_files
        self._files.refresh_names()
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

    def _let_it_end(self, poller: StatePoller) -> None:
        """Wait until the job of a finished run is over; cancel it after the timeout."""
        deadline = time.monotonic() + self._pace.end
        while not ((state := poller.state) and state.over):
            self._copy()
            if time.monotonic() > deadline:
                self._line.hide()
                complain(f"{self._job.name} goes on after its run; it is cancelled")
                with contextlib.suppress(LaunchError):
                    self._job.cancel()
                return
            self._line.show(state, "done")
            threading.Event().wait(self._pace.look)
