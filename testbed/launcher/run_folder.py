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
"""The folder, inside the run folder, of the process that follows the run on an engine."""

_STAMP = "%Y%m%d-%H%M%S"

# Old runs are removed. Only a name of this form is a run; other files beside it are kept.
_RUN = re.compile(r"\d{8}-\d{6}-|slurm-")

# A byte of a file name that is not text becomes one of these; no JSON reader accepts them.
_NO_TEXT = re.compile("[\ud800-\udfff]")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: it is complete, or it does not exist.

    Raises:
        OSError: it cannot be written; the error names the file, and no part of it is left.
    """
    # The draft's name does not contain the file's name, which may be as long as a name can be.
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
    """Write a text file atomically."""
    # The text may contain a file name whose bytes are not text; it is written as Python shows it.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def json_text(data: Any) -> str:
    """Return the JSON text that the files of a run contain."""
    text = json.dumps(data, indent=1)
    if "\\ud" in text:
        readable = json.dumps(data, ensure_ascii=False)
        data = json.loads(_NO_TEXT.sub(lambda half: f"\\\\u{ord(half[0]):04x}", readable))
        text = json.dumps(data, indent=1)
    return text + "\n"


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file atomically."""
    write_text(path, json_text(data))


def keep_json(path: Path, data: Any) -> None:
    """Write JSON that a run can do without: on a full disk the run goes on."""
    with contextlib.suppress(OSError):
        write_json(path, data)


class RunFolder:
    """`.testbed/runs/<id>`, with a folder for each case that ran."""

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
        """The copy of a scenario script that workers run: later edits do not change it."""
        return self.path / "scripts" / _file_name(f"{name}.py")

    @property
    def server_log(self) -> Path:
        """What the preloaded server printed."""
        return self.path / "server.log"

    @property
    def temporary(self) -> Path:
        """The folder of the workers' temporary files; removed at the end of the run."""
        return self.path / "tmp"

    @property
    def plan(self) -> Path:
        """The plan of the run, written before the run starts."""
        return self.path / "plan.json"

    @property
    def progress(self) -> Path:
        """The number of judged cases; a process on another host can read it."""
        return self.path / "progress.json"

    @property
    def program(self) -> Path:
        """The description of a run of the user's program, written before it starts."""
        return self.path / "program.json"

    @property
    def notices(self) -> Path:
        """Notices about workers that stood still, one a line."""
        return self.path / "notices.txt"

    @property
    def outcome(self) -> Path:
        """How a run of the user's program ended."""
        return self.path / "outcome.json"

    @property
    def end(self) -> Path:
        """How a run on an engine ended: its status, and what went wrong."""
        return self.path / "end.json"

    @property
    def meeting(self) -> Path:
        """The address at which worker 0 waits for its agents, and the token; for this user only."""
        return self.path / "meeting.json"

    def agent(self, number: int) -> RunFolder:
        """The folder for the files of one worker's host, made on first use."""
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
        """The log: all output of the worker."""
        return self.path / f"worker-{worker}.log"

    def nccl(self, worker: int) -> Path:
        """What NCCL logs in the worker, where NCCL_DEBUG asks for it."""
        return self.path / f"worker-{worker}.nccl.log"

    @property
    def nccl_status(self) -> Path:
        """What NCCL reported about the job when it hung."""
        return self.path / "nccl-status.txt"

    def report(self, worker: int) -> Path:
        """The worker's report; it exists only once it is complete."""
        return self.path / f"worker-{worker}.report.json"

    @property
    def verdict(self) -> Path:
        """The verdict on the case; it exists as soon as it is known."""
        return self.path / "verdict.json"

    @property
    def program(self) -> Path:
        """The copy of a program that workers run: later edits do not change it."""
        return self.path / "program.py"

    @property
    def arguments(self) -> Path:
        """The arguments with which every worker calls the function."""
        return self.path / "arguments.json"

    def restart(self, number: int) -> CaseFolder:
        """The files of the workers after the number-th restart; made anew."""
        folder = CaseFolder(self.path / f"restart-{number}")
        make_folder(folder.path)
        return folder

    @property
    def shared(self) -> Path:
        """The folder that the workers of the case share; it survives a restart."""
        return self.path / "shared"

    def temporary(self, worker: int) -> Path:
        """The temporary files of the worker's tests, kept so that the user can read them."""
        return self.path / f"worker-{worker}.tmp"

    @property
    def ledger(self) -> Path:
        """Every phase that a worker reported, one JSON object a line."""
        return self.path / "ledger.jsonl"

    def stacks(self, worker: int) -> Path:
        """The worker's Python stacks, written when it hangs."""
        return self.path / f"worker-{worker}.stacks"


@contextlib.contextmanager
def new_run_folder(runs: Path = RUNS) -> Iterator[RunFolder]:
    """Make the folder of a new run, and remove the oldest finished runs.

    A lock on the folder shows other processes that the run goes on.

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
    """Use a run folder that all hosts know by this path; it must not contain a run yet.

    Raises:
        UsageError: it contains a run, cannot be made, or other users may write to it.
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
    """Reject the folder of another run, whose end would be taken for the end of this one.

    Raises:
        UsageError: the folder contains a run.
    """
    if any(file.exists() for file in (folder.end, folder.plan, folder.program)):
        raise UsageError(f"{folder.path} holds a run already: give another --folder")


@contextlib.contextmanager
def agent_folder(run: RunFolder, number: int) -> Iterator[RunFolder]:
    """Open the folder for the files of one worker's host, and lock it while the run goes on."""
    folder = run.agent(number)
    with contextlib.ExitStack() as stack:
        # Worker 0 soon rejects a second process with this number.
        with contextlib.suppress(BlockingIOError):
            stack.enter_context(locked(folder.path))
        yield folder


def next_run_path(runs: Path) -> Path:
    """Choose the path of a new run folder; make the folder of all runs if it is missing.

    Raises:
        OSError: the folder of all runs cannot be made.
        UsageError: another user has made it in a folder that all users share, such as /tmp.
    """
    runs.mkdir(parents=True, exist_ok=True)
    require_not_planted(runs.parent)
    require_not_planted(runs)
    with contextlib.suppress(FileExistsError), (runs.parent / ".gitignore").open("x") as ignored:
        ignored.write("*\n")
    return runs / f"{_next_stamp(runs)}-{secrets.token_hex(2)}"


def _next_stamp(runs: Path) -> str:
    """The time now, or one second after the newest run if that run's clock was ahead.

    The oldest runs are found by name, so the newest run must have the last name.
    """
    now = datetime.datetime.now().replace(microsecond=0)
    names = [run.name for run in runs.iterdir()] if runs.is_dir() else []
    return f"{max([now, *filter(None, map(_second_after, names))]):{_STAMP}}"


def _second_after(name: str) -> datetime.datetime | None:
    """The second after the time in a run's id; None where the name is not an id."""
    try:
        return datetime.datetime.strptime(name[:15], _STAMP) + datetime.timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None


def is_running(run: Path) -> bool:
    """Whether the process that launched a run still exists; True where this cannot be found out."""
    return _is_locked(run) or _is_locked(run / ENGINE)


def _is_locked(folder: Path) -> bool:
    try:
        # Another user may have put a pipe in place of the lock.
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
    """Lock a folder for as long as the block lasts.

    Raises:
        BlockingIOError: another process has locked it.
    """
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            # A file system that hosts share may have no locks; then a run there is not protected.
            pass
        yield


def _remove_old(runs: Path) -> None:
    found = [run for run in sorted(runs.iterdir()) if _RUN.match(run.name) and run.is_dir()]
    finished = [run for run in found if not is_running(run)]
    for run in finished[:-KEPT_RUNS]:
        shutil.rmtree(run, ignore_errors=True)


def _file_name(case_id: str) -> str:
    """A file name that is easy to type, and unique for each id."""
    name = re.sub(r"[^A-Za-z0-9_.@]+", "-", case_id).lstrip(".")[:150]
    plain = case_id.replace("[", "-").replace(",", "-").replace("]", "-")
    if name == plain:
        return name
    digest = hashlib.sha256(case_id.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{name}-{digest[:8]}"


def utc_now() -> str:
    """The current time as in records, ISO 8601, UTC."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
