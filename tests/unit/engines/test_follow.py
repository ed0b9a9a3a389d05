"""A job is followed: what is shown of it, how it ends, and what an interrupt does."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.engines import InnerCommand
from testbed.engines.follow import Pace, follow
from testbed.engines.job import JobState
from testbed.engines.job_files import JobFiles
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import RunFolder, locked, write_json

FAST = Pace(look=0.01, ask=0.02, ask_later=0.02, unanswered=0.3, end=0.4, late_files=0.1)

WAITING = JobState(over=False, text="waiting (Resources)")
RUNNING = JobState(over=False, text="running on n[1-2]")
DONE = JobState(over=True, text="completed")
FAILED = JobState(over=True, text="failed, exit code 1")

Step = JobState | Exception | Callable[[], JobState]


@pytest.fixture(autouse=True)
def signals_are_heard() -> Iterator[None]:
    """A shell starts background commands with SIGINT ignored, which these tests inherit."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in numbers[1:]:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class PlayedJob:
    """A job that is in one state after the other, at each question; the last one stays."""

    name = "Slurm job 17"

    def __init__(self, *steps: Step) -> None:
        self.cancelled = 0
        self._steps = list(steps)

    def state(self) -> JobState:
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, JobState) else step()

    def cancel(self) -> None:
        self.cancelled += 1
        self._steps = [JobState(over=True, text="cancelled")]


def followed(folder: Path, job: Any, pace: Pace = FAST) -> int:
    return follow(lambda: job, InnerCommand((), str(folder), 2), pace)


def ending(folder: Path, status: int = 0, state: JobState = RUNNING) -> Callable[[], JobState]:
    """A step in which the run comes to its end."""

    def step() -> JobState:
        write_json(folder / "end.json", {"status": status, "message": ""})
        return state

    return step


def printing(folder: Path, out: bytes = b"", err: bytes = b"") -> Callable[[], JobState]:
    """A step in which process 0 prints."""

    def step() -> JobState:
        for path, text in ((JobFiles(folder).out(0), out), (JobFiles(folder).err(0), err)):
            with path.open("ab") as file:
                file.write(text)
        return RUNNING

    return step


def test_a_run_that_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is the run's; each change of the job is a line where there is no terminal."""
    job = PlayedJob(WAITING, WAITING, RUNNING, RUNNING, ending(tmp_path, 3), DONE)
    assert followed(tmp_path, job, Pace(look=0.01, ask=0.1)) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "Slurm job 17: submitted",
        "Slurm job 17: waiting (Resources)",
        "Slurm job 17: running on n[1-2]",
    ]
    assert job.cancelled == 0


def test_a_line_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal one line tells how the job stands, and leaves where a worker prints."""
    ours, theirs = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w"))
    monkeypatch.setattr(sys, "stdout", sys.stderr)
    write_json(tmp_path / "progress.json", {"done": 3, "cases": 40})
    job = PlayedJob(RUNNING, RUNNING, printing(tmp_path, b"printed\n"), ending(tmp_path), DONE)
    followed(tmp_path, job, Pace(look=0.01, ask=0.1))
    os.set_blocking(ours, False)
    shown = ""
    with contextlib.suppress(BlockingIOError):
        while more := os.read(ours, 4096).decode():
            shown += more
    assert "Slurm job 17: running on n[1-2], 3 of 40 cases, 0 s" in shown
    assert "\x1b[2Kprinted\r\n" in shown
    assert shown.endswith("\x1b[2K")


def test_a_start_that_is_expected_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That a job is expected to start at another time is not told again and again."""
    times = [f"waiting (Priority), expected to start at 13:{m}" for m in range(10, 30)]
    job = PlayedJob(*(JobState(over=False, text=text) for text in times), ending(tmp_path), DONE)
    followed(tmp_path, job)
    assert capsys.readouterr().err.count("waiting (Priority)") == 1


def test_what_worker_0_prints_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every byte that is text is copied to the same stream once, an unfinished line at the end."""
    job = PlayedJob(
        printing(tmp_path, b"one\ntw", b"careful\n"),
        RUNNING,
        printing(tmp_path, b"o\r\x0c\xc3\xa9\n\xff last"),
        ending(tmp_path),
        DONE,
    )
    followed(tmp_path, job)
    shown = capsys.readouterr()
    assert shown.out == "one\ntwo\r\x0cé\n\\xff last"
    assert "careful\n" in shown.err


def test_what_is_printed_is_shown_while_the_job_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What worker 0 prints is shown long before the job is over."""
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)

    def has_been_shown() -> JobState:
        deadline = time.monotonic() + 20
        while shown.getvalue() != "early\n":
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
        return ending(tmp_path, 4)()

    assert followed(tmp_path, PlayedJob(printing(tmp_path, b"early\n"), has_been_shown, DONE)) == 4


def test_a_job_that_fails(tmp_path: Path) -> None:
    """A job that is over without an end of its run is told with what worker 0 said last."""
    job = PlayedJob(printing(tmp_path, err=b"first\nno \x1bspace left\n\n"), FAILED)
    with pytest.raises(LaunchError) as told:
        followed(tmp_path, job)
    assert str(told.value) == (
        "Slurm job 17: failed, exit code 1; worker 0 said: no \\x1bspace left;"
        f" see {tmp_path}/engine"
    )


def test_a_job_that_is_cancelled_by_others(tmp_path: Path) -> None:
    """A job that somebody has cancelled before it ran is told as that."""
    job = PlayedJob(WAITING, JobState(over=True, text="cancelled"))
    with pytest.raises(LaunchError, match=r"^Slurm job 17: cancelled; see "):
        followed(tmp_path, job)


def test_an_end_that_is_seen_late(tmp_path: Path) -> None:
    """The end of a run may become visible after the job is over, as on a network file system."""
    folder = tmp_path / "run"
    pace = Pace(look=0.01, ask=0.01, late_files=20)

    def over() -> JobState:
        threading.Timer(0.3, ending(folder, 6)).start()
        return DONE

    assert followed(folder, PlayedJob(RUNNING, over, DONE), pace) == 6


def test_a_job_that_goes_on_after_its_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that outlives its run is cancelled, and the status is still the run's."""
    job = PlayedJob(ending(tmp_path, 1), RUNNING)
    assert followed(tmp_path, job) == 1
    assert job.cancelled == 1
    assert "goes on after its run; it is cancelled" in capsys.readouterr().err


def test_a_scheduler_that_is_away_for_a_while(tmp_path: Path) -> None:
    """An engine that does not answer for a moment ends nothing."""
    away = LaunchError("Unable to contact slurm controller")
    assert followed(tmp_path, PlayedJob(RUNNING, away, away, RUNNING, ending(tmp_path), DONE)) == 0


def test_a_scheduler_that_stays_away(tmp_path: Path) -> None:
    """An engine that answers no more is told as that, in its words."""
    away = LaunchError("Unable to contact slurm controller")
    with pytest.raises(
        LaunchError, match=r"^Slurm job 17: Unable to contact slurm controller; it may"
    ):
        followed(tmp_path, PlayedJob(RUNNING, away))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_cancels_the_job(tmp_path: Path, number: int) -> None:
    """Ctrl-C, and what else asks a process to end, cancels the job first and then interrupts."""
    before = signal.getsignal(number)

    def interrupt() -> JobState:
        os.kill(os.getpid(), number)
        return RUNNING

    job = PlayedJob(RUNNING, interrupt, RUNNING)
    with pytest.raises(KeyboardInterrupt):
        followed(tmp_path, job)
    assert job.cancelled == 1
    assert signal.getsignal(number) == before


def test_what_is_printed_at_an_interrupt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What worker 0 prints while its job is cancelled is shown, too."""

    class Talking(PlayedJob):
        def cancel(self) -> None:
            super().cancel()
            printing(tmp_path, b"interrupted")()

    def interrupt() -> JobState:
        os.kill(os.getpid(), signal.SIGINT)
        return RUNNING

    with pytest.raises(KeyboardInterrupt):
        followed(tmp_path, Talking(interrupt, RUNNING))
    assert capsys.readouterr().out == "interrupted"


def test_an_interrupt_while_a_job_is_submitted(tmp_path: Path) -> None:
    """No job is lost that was being submitted: it is cancelled as soon as it is known."""
    job = PlayedJob(WAITING)

    def start() -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return job

    # Any thread may be told of a signal.
    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        follow(start, InnerCommand((), str(tmp_path), 2), FAST)
    over.set()
    assert job.cancelled == 1


def test_a_job_that_does_not_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that is not over in time after an interrupt is named, with what the engine says."""

    class Stubborn(PlayedJob):
        def cancel(self) -> None:
            raise LaunchError("no; end it yourself: scancel 17")

    def interrupt() -> JobState:
        os.kill(os.getpid(), signal.SIGINT)
        return RUNNING

    with pytest.raises(KeyboardInterrupt):
        followed(tmp_path, Stubborn(interrupt, RUNNING))
    said = "testbed: Slurm job 17 is not over after 0 s: no; end it yourself: scancel 17\n"
    assert said in capsys.readouterr().err


def test_progress_is_told_in_words(tmp_path: Path) -> None:
    """How far a run is stands in its folder, and nothing is said where it does not."""
    files = JobFiles(tmp_path)
    assert files.progress() == ""
    write_json(tmp_path / "progress.json", {"done": 3, "cases": 40})
    assert files.progress() == "3 of 40 cases"
    (tmp_path / "progress.json").write_text("[1")
    assert files.progress() == ""


def test_the_folder_of_another_run(tmp_path: Path) -> None:
    """A run whose folder holds another one is not started: that one's end would be its own."""
    RunFolder(tmp_path).end.write_text('{"status": 0, "message": ""}')
    job = PlayedJob(RUNNING)
    with pytest.raises(UsageError, match=r"holds a run already: give another --folder$"):
        followed(tmp_path, job, FAST)


def test_a_folder_that_another_job_waits_in(tmp_path: Path) -> None:
    """Two jobs that are followed at once need a folder each."""
    engine = JobFiles(tmp_path).engine
    engine.mkdir()
    with locked(engine), pytest.raises(UsageError, match="another job is followed in"):
        followed(tmp_path, PlayedJob(RUNNING), FAST)


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """No job is started whose folder others may write to: what they left there would be run."""
    tmp_path.chmod(0o777)
    with pytest.raises(UsageError, match=f"chmod go-w {tmp_path}; or give another --folder"):
        follow(lambda: pytest.fail("it is started"), InnerCommand((), str(tmp_path), 2), FAST)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A folder below a file is refused in one line, before anything is started."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "run"
    with pytest.raises(UsageError, match=f"cannot use the folder {folder}: Not a directory"):
        follow(lambda: pytest.fail("it is started"), InnerCommand((), str(folder), 2), FAST)


def test_the_folders_of_a_job_are_closed(tmp_path: Path) -> None:
    """What an engine leaves to be run lies in a folder for one user alone, whatever the umask."""
    folder, before = tmp_path / "run", os.umask(0)
    try:
        assert followed(folder, PlayedJob(ending(folder), DONE)) == 0
    finally:
        os.umask(before)
    files = JobFiles(folder)
    assert [path.stat().st_mode & 0o777 for path in (folder, files.engine)] == [0o755, 0o700]


def test_a_long_complaint_is_read_from_its_end(tmp_path: Path) -> None:
    """Of much output the last line is shown, and an end that is a pipe is not waited for."""
    files = JobFiles(tmp_path)
    files.prepare()
    files.err(0).write_bytes(b"x" * 2**20 + b"\nthe last\n\n")
    assert files.last_complaint(0) == "the last"
    os.mkfifo(RunFolder(tmp_path).end)
    assert files.end() is None
