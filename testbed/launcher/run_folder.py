"""The folder of a run: the only place that knows its file names."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testbed.errors import UsageError
from testbed.launcher.trusted import make_folder, require_not_planted, require_private

RUNS = Path(".testbed/runs")
KEPT_RUNS = 20

ENGINE = "engine"
"""The folder, within that of a run, of whoever follows it on an engine."""

_STAMP = "%Y%m%d-%H%M%S"

# What is removed when it is old is a run by its name, and nothing else that lies beside it.
_RUN = re.compile(r"\d{8}-\d{6}-|slurm-")

# What a byte of a file name becomes that is no text; no reader of JSON takes it for one.
_NO_TEXT = re.compile("[\ud800-\udfff]")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there.

    Raises:
        OSError: it cannot be written; names the file, and nothing is left of it.
    """
    # Not made of the file's own name, which may be as long as a name can be.
    draft = path.with_name(f".testbed-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            draft.unlink()
        if isinstance(problem, OSError):
            raise OSError(problem.errno, problem.strerror, str(path)) from problem
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text that is either whole or not there."""
    # A file name whose bytes are no text can be part of it, and is written as Python shows it.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def json_text(data: Any) -> str:
    """JSON as it stands in the files of a run."""
    text = json.dumps(data, indent=1)
    if "\\ud" in text:
        readable = json.dumps(data, ensure_ascii=False)
        data = json.loads(_NO_TEXT.sub(lambda half: f"\\\\u{ord(half[0]):04x}", readable))
        text = json.dumps(data, indent=1)
    return text + "\n"


def write_json(path: Path, data: Any) -> None:
    """Write JSON that is either whole or not there."""
    write_text(path, json_text(data))


def keep_json(path: Path, data: Any) -> None:
    """Write JSON that a run can do without: on a full disk it goes on."""
    with contextlib.suppress(OSError):
        write_json(path, data)


class RunFolder:
    """`.testbed/runs/<id>`, with a folder for every case that ran."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def id(self) -> str:
        """The run's id, which is the name of its folder."""
        return self.path.name

    @property
    def record(self) -> Path:
        """The result of the whole run."""
        return self.path / "run.json"

    @property
    def environment(self) -> Path:
        """The environment that the run started from, without secrets."""
        return self.path / "environment.json"

    def script(self, name: str) -> Path:
        """The copy of a scenario script that workers run: as it was read, whoever edits it."""
        return self.path / "scripts" / _file_name(f"{name}.py")

    @property
    def server_log(self) -> Path:
        """What the preloaded server printed."""
        return self.path / "server.log"

    @property
    def temporary(self) -> Path:
        """Where the workers' temporary files go; gone when the run is over."""
        return self.path / "tmp"

    @property
    def plan(self) -> Path:
        """What the run is going to do, written before it does it."""
        return self.path / "plan.json"

    @property
    def progress(self) -> Path:
        """How many of its cases are judged; for who looks on from another host."""
        return self.path / "progress.json"

    @property
    def program(self) -> Path:
        """What a run of the user's own program is, written before it begins."""
        return self.path / "program.json"

    @property
    def notices(self) -> Path:
        """What was told of its workers while they stood still, one a line."""
        return self.path / "notices.txt"

    @property
    def outcome(self) -> Path:
        """How such a run ended."""
        return self.path / "outcome.json"

    @property
    def end(self) -> Path:
        """How a run on an engine ended: its status, and what was wrong."""
        return self.path / "end.json"

    @property
    def meeting(self) -> Path:
        """Where worker 0 waits for its agents, and how they know each other; for this user only."""
        return self.path / "meeting.json"

    def agent(self, number: int) -> RunFolder:
        """What belongs to the host of one worker alone, made on first use."""
        folder = RunFolder(self.path / "agents" / str(number))
        make_folder(folder.path)
        return folder

    def case(self, case_id: str) -> CaseFolder:
        """The folder of one case, made on first use."""
        folder = self.existing_case(case_id)
        make_folder(folder.path)
        return folder

    def existing_case(self, case_id: str) -> CaseFolder:
        """The folder of one case, which may not be there."""
        return CaseFolder(self.path / "cases" / _file_name(case_id))


class CaseFolder:
    """The files of one case, by worker."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def log(self, worker: int) -> Path:
        """Everything that the worker printed."""
        return self.path / f"worker-{worker}.log"

    def report(self, worker: int) -> Path:
        """What the worker had to say, there only once it is complete."""
        return self.path / f"worker-{worker}.report.json"

    @property
    def verdict(self) -> Path:
        """What became of the case, there as soon as that is known."""
        return self.path / "verdict.json"

    @property
    def program(self) -> Path:
        """The copy of a program that workers run: as it was read, whoever edits it."""
        return self.path / "program.py"

    @property
    def arguments(self) -> Path:
        """What a function is called with, in every worker."""
        return self.path / "arguments.json"

    def restart(self, number: int) -> CaseFolder:
        """The files of the workers that were started again, for the number-th time; made anew."""
        folder = CaseFolder(self.path / f"restart-{number}")
        make_folder(folder.path)
        return folder

    @property
    def shared(self) -> Path:
        """What the workers of the case keep for each other, and over a restart."""
        return self.path / "shared"

    def temporary(self, worker: int) -> Path:
        """The temporary files that the worker's tests make, which people want to look at."""
        return self.path / f"worker-{worker}.tmp"

    @property
    def ledger(self) -> Path:
        """Every phase that a worker told, one JSON object a line."""
        return self.path / "ledger.jsonl"

    def stacks(self, worker: int) -> Path:
        """The worker's Python stacks, filled when it hangs."""
        return self.path / f"worker-{worker}.stacks"


@contextlib.contextmanager
def new_run_folder(runs: Path = RUNS) -> Iterator[RunFolder]:
    """Make the folder of a new run, and remove the oldest of those that are finished.

    A lock on the folder tells other processes that the run goes on.

    Raises:
        UsageError: the folder cannot be made here.
    """
    try:
        folder = RunFolder(next_run_path(runs))
        folder.path.mkdir(0o755)
    except OSError as problem:
        raise UsageError(
            f"cannot make a run folder in {runs.absolute()}: {problem.strerror};"
            " change to a folder that you may write to"
        ) from problem
    with locked(folder.path):
        _remove_old(runs)
        yield folder


@contextlib.contextmanager
def shared_run_folder(path: str) -> Iterator[RunFolder]:
    """The folder of a run whose hosts all know it by this path; it may not hold a run yet.

    Raises:
        UsageError: it does, or cannot be made, or other users may write to it.
    """
    folder = RunFolder(Path(path))
    try:
        make_folder(folder.path)
        require_private(folder.path)
        with locked(folder.path):
            require_unused(folder)
            yield folder
    except BlockingIOError as problem:
        raise UsageError(
            f"a run goes on in {path} already: is there a second worker 0?"
        ) from problem
    except OSError as problem:
        if problem.filename is None or not str(problem.filename).startswith(str(folder.path)):
            raise
        raise UsageError(f"cannot use the folder {path}: {problem.strerror}") from problem


def require_unused(folder: RunFolder) -> None:
    """Refuse the folder of another run, whose end would be taken for that of this one.

    Raises:
        UsageError: it holds one.
    """
    if any(file.exists() for file in (folder.end, folder.plan, folder.program)):
        raise UsageError(f"{folder.path} holds a run already: give another --folder")


@contextlib.contextmanager
def agent_folder(run: RunFolder, number: int) -> Iterator[RunFolder]:
    """What belongs to the host of one worker; a lock tells others there that the run goes on."""
    folder = run.agent(number)
    with contextlib.ExitStack() as stack:
        # A second process with this number is sent away soon.
        with contextlib.suppress(BlockingIOError):
            stack.enter_context(locked(folder.path))
        yield folder


def next_run_path(runs: Path) -> Path:
    """Where the folder of a new run is to be, in a folder that is made for all runs.

    Raises:
        OSError: that one cannot be made.
        UsageError: another user has made it in a folder for everybody, such as /tmp.
    """
    runs.mkdir(parents=True, exist_ok=True)
    require_not_planted(runs.parent)
    require_not_planted(runs)
    with contextlib.suppress(FileExistsError), (runs.parent / ".gitignore").open("x") as ignored:
        ignored.write("*\n")
    return runs / f"{_next_stamp(runs)}-{secrets.token_hex(2)}"


def _next_stamp(runs: Path) -> str:
    """The time, or where a clock was ahead of it, the second after the newest run's.

    Names are what tells the oldest runs, so the newest must come last among them.
    """
    now = datetime.datetime.now().replace(microsecond=0)
    names = [run.name for run in runs.iterdir()] if runs.is_dir() else []
    return f"{max([now, *filter(None, map(_second_after, names))]):{_STAMP}}"


def _second_after(name: str) -> datetime.datetime | None:
    """The second after that of a run's id; None where the name is no id."""
    try:
        return datetime.datetime.strptime(name[:15], _STAMP) + datetime.timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None


def is_running(run: Path) -> bool:
    """Whether the process that launched a run is still there; where nobody can tell, it is."""
    return _is_locked(run) or _is_locked(run / ENGINE)


def _is_locked(folder: Path) -> bool:
    try:
        # Where a run is, another user may have put a pipe.
        lock = os.open(folder / "lock", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        finally:
            os.close(lock)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # It is locked; or the file system has no locks, and the run may be another host's.
        return True
    return False


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Tell other processes that this one works on a folder, as long as the block lasts.

    Raises:
        BlockingIOError: another one does.
    """
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            # Folders that hosts share may know no locks; a run there is just not told from others.
            pass
        yield


def _remove_old(runs: Path) -> None:
    found = [run for run in sorted(runs.iterdir()) if _RUN.match(run.name) and run.is_dir()]
    finished = [run for run in found if not is_running(run)]
    for run in finished[:-KEPT_RUNS]:
        shutil.rmtree(run, ignore_errors=True)


def _file_name(case_id: str) -> str:
    """A file name that is easy to type, and another one for every other id."""
    name = re.sub(r"[^A-Za-z0-9_.@]+", "-", case_id).lstrip(".")[:150]
    plain = case_id.replace("[", "-").replace(",", "-").replace("]", "-")
    if name == plain:
        return name
    digest = hashlib.sha256(case_id.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{name}-{digest[:8]}"
