"""What an earlier run left is found by its mark, and ended when asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.cli.main import main
from testbed.errors import LaunchError
from testbed.launcher.machine import leftovers
from testbed.launcher.machine.leftovers import RUN_MARK, end, processes_of
from testbed.launcher.run_folder import new_run_folder
from tests.unit.cli.doctor import without_workers

# Says that it runs, and then waits; its sleep is longer than any test.
WAITS = "import time; print(flush=True); time.sleep(600)"

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that waits, with the mark of a run or without one."""
    started: list[subprocess.Popen[bytes]] = []

    def command(run: Path | None, code: str = WAITS) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name != RUN_MARK}
        marks = {RUN_MARK: str(run)} if run else {}
        process = subprocess.Popen(
            [sys.executable, "-c", code], env={**environment, **marks}, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    yield command
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run that is over."""
    with new_run_folder(tmp_path / "runs") as folder:
        return folder.path


def is_alive(pid: int) -> bool:
    """Whether the operating system has such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Show only processes whose run lies in this test's folder: others may have runs, too."""
    everybody = processes_of
    monkeypatch.setattr(
        leftovers,
        "processes_of",
        lambda run=None: [p for p in everybody(run) if p.run.is_relative_to(tmp_path)],
    )


def test_the_doctor_finds_what_is_left_and_ends_it(
    start: Start, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor tells a run's processes with the command that ends them, and no others."""
    without_workers(monkeypatch)
    left = [start(run), start(run)]
    twin = start(None)
    pids = sorted(process.pid for process in left)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    found = next(line for line in shown.splitlines() if run.name in line)
    assert found.startswith(f"look  run {run.name} has left 2 processes: ")
    assert sorted(map(int, found.rpartition(":")[2].split(","))) == pids
    assert f"      cure: testbed doctor --end {run.name}\n" in shown

    assert main(["doctor", "--end", run.name]) == 0
    assert capsys.readouterr().out == f"ended 2 processes of run {run.name}\n"
    assert [is_alive(pid) for pid in pids] == [False, False]
    assert [process.wait() for process in left] == [-signal.SIGKILL, -signal.SIGKILL]
    assert is_alive(twin.pid)
    assert main(["doctor", "--end", run.name]) == 2


def test_all_that_is_left_is_ended(
    start: Start,
    tmp_path: Path,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`all` ends what any run left, but nothing of a run that goes on; then nothing is left."""
    mine(monkeypatch, tmp_path)
    with new_run_folder(tmp_path / "others") as other, new_run_folder(tmp_path / "runs") as going:
        first, goes_on = start(run), start(going.path)
        # Its launching process has died: the folder is there, and nobody holds its lock.
        (other.path / "lock").unlink()
        second = start(other.path)
        assert main(["doctor", "--end", "all"]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert sorted(shown) == sorted(
            f"ended 1 process of run {name}" for name in (run.name, other.id)
        )
        assert [is_alive(each.pid) for each in (first, second, goes_on)] == [False, False, True]
        assert main(["doctor", "--end", "all"]) == 0
        assert capsys.readouterr().out == "no process is left of an earlier run\n"


def test_a_run_that_goes_on_is_not_ended(
    start: Start,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A run whose lock is held is refused in one line, and its processes live."""
    with new_run_folder(tmp_path / "runs") as folder:
        process = start(folder.path)
        assert main(["doctor", "--end", folder.id]) == 2
        assert capsys.readouterr().err == (
            f"testbed: --end {folder.id}: that run still goes on;"
            " Ctrl-C where it was started ends it\n"
        )
        assert is_alive(process.pid)


def test_an_unknown_run_is_told(
    start: Start,
    tmp_path: Path,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An id that no leftover has is refused with those that are valid."""
    mine(monkeypatch, tmp_path)
    assert main(["doctor", "--end", "cake"]) == 2
    start(run)
    assert main(["doctor", "--end", "cake"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "testbed: --end cake: no process is left of that run, nor of any other",
        f"testbed: --end cake: no process is left of that run; choose from {run.name}, all",
    ]


def test_a_number_that_became_somebody_else_s_is_spared(
    start: Start, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has the number of one that was listed, but not its mark, is not ended."""
    stranger = start(None)
    listed = iter([[leftovers.Leftover(stranger.pid, run)], []])
    monkeypatch.setattr(leftovers, "processes_of", lambda run: next(listed))
    assert end(run) == 0
    assert is_alive(stranger.pid)


def test_a_process_that_appears_meanwhile_is_ended_too(
    start: Start, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was forked after the list was made is in the next one."""
    first, second = start(run), start(run)
    everybody = processes_of
    listed = iter([[leftovers.Leftover(first.pid, run)]])
    monkeypatch.setattr(leftovers, "processes_of", lambda run: next(listed, None) or everybody(run))
    assert end(run) == 2
    assert not is_alive(second.pid)


def test_what_the_kernel_holds_is_told(
    start: Start, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that SIGKILL does not end is told with its number when time is over."""
    process = start(run)
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda *_: None)
    monkeypatch.setattr(leftovers, "END_DEADLINE_S", 0.2)
    with pytest.raises(LaunchError, match=f"are still there after 0 s: {process.pid};"):
        end(run)


def test_a_folder_whose_name_is_no_text_is_found(start: Start, tmp_path: Path) -> None:
    """A run's mark is its folder, whatever bytes its name is made of."""
    run = tmp_path / os.fsdecode(b"r\xfcn \n'$")
    process = start(run)
    assert [found.pid for found in processes_of(run)] == [process.pid]


def test_the_doctor_does_not_end_itself(run: Path) -> None:
    """Started from a shell that a worker left, the doctor has its mark, and is no leftover."""
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "doctor", "--end", run.name],
        env={**os.environ, RUN_MARK: str(run)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"--end {run.name}: no process is left of that run" in done.stderr
