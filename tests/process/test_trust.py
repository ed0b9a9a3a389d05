"""Folders, files and processes of other users: what a run and the doctor make of them."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed.cli.main import main
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.machine import leftovers
from testbed.launcher.machine.leftovers import RUN_MARK, processes_of, users_of
from testbed.launcher.run_folder import RunFolder
from tests.process.ranks import HERE, end_of, ranks, wait_for
from tests.soak import later

STRANGER = 65534
# Every user may run it; its sleep is longer than any test.
WAITS = ("sh", "-c", "echo; exec sleep 600")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@contextmanager
def process_of(user: int, run: Path) -> Iterator[int]:
    """A process of another user, which has chosen the mark of a run."""
    with subprocess.Popen(
        WAITS,
        env={"PATH": os.defpath, RUN_MARK: str(run)},
        cwd="/",
        user=user,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """Worker 0 and an agent refuse it in one line with the way out; that way leads to a run."""
    with ranks(tmp_path) as started:
        started.run.path.mkdir()
        started.run.path.chmod(0o777)
        for number in range(2):
            rank = started.start(number)
            assert rank.ends() == 2
            assert rank.said.splitlines()[-1] == (
                f"testbed: other users may write to the folder {started.run.path} (mode 777): chmod"
                f" go-w {started.run.path}; or give another --folder: one that is not there yet is"
                " made for you"
            )
        assert list(started.run.path.iterdir()) == []
        started.run.path.chmod(0o755)
        first, agent = started.start_all()
        assert [first.ends(), agent.ends()] == [0, 0]


@pytest.mark.parametrize("umask", [0o000, *(later(each) for each in (0o002, 0o027))])
def test_whatever_the_umask_the_run_is_private(tmp_path: Path, umask: int) -> None:
    """A run makes its own folder, so that nobody else can write to any folder of it."""
    with ranks(tmp_path) as started:
        before = os.umask(umask)
        try:
            started.start_all()
        finally:
            os.umask(before)
        assert [rank.ends() for rank in started.all] == [0, 0]
        paths = (started.run.path, *started.run.path.rglob("*"))
        modes = {path: path.lstat().st_mode for path in paths}
        assert [path for path, mode in modes.items() if stat.S_ISDIR(mode) and mode & 0o022] == []


@needs_root
def test_an_agent_follows_no_stranger(tmp_path: Path) -> None:
    """An invitation that another user has written leads no agent to that user's worker 0."""
    with ranks(tmp_path, meet=2.0) as started:
        started.run.path.mkdir(0o755)
        told = {"host": HERE, "port": started.ports[0], "token": "x"}
        started.run.meeting.write_text(json.dumps({**told, "folder": str(started.run.path)}))
        started.run.meeting.chmod(0o600)
        os.chown(started.run.meeting, STRANGER, -1)
        agent = started.start(1)
        assert agent.ends() == 2
        assert "holds meeting.json of user " in agent.said
        assert "Traceback" not in agent.said


def test_a_damaged_end_is_told(tmp_path: Path) -> None:
    """An end that does not say how a run ended is no traceback, and is told with its file."""
    with ranks(tmp_path, meet=1.0) as started:
        started.run.path.mkdir(0o755)
        for text in ("", "[]", '{"status": 1e999, "message": ""}', '{"status": 0}'):
            started.run.end.write_text(text)
            agent = started.start(1)
            assert agent.ends() == 1
            assert agent.said.endswith(f": {started.run.end} does not say how the run ended\n"), (
                agent.said
            )


def test_a_stranger_floods_a_run(tmp_path: Path) -> None:
    """A run in which a stranger keeps sending much to worker 0's port meets, and ends well."""
    with ranks(tmp_path, 3) as started:
        first = started.start(0)
        wait_for(started.run.meeting.exists)
        port = json.loads(started.run.meeting.read_text())["port"]
        flood = (
            "import socket, sys\n"
            "open_ = []\n"
            "while True:\n"
            "    try:\n"
            f"        open_.append(socket.create_connection(('{HERE}', {port}), 1))\n"
            "        open_[-1].setblocking(False)\n"
            "        open_[-1].send(b'[' * 2**20)\n"
            "        del open_[:-200]\n"
            "    except OSError:\n"
            "        pass\n"
        )
        with subprocess.Popen([sys.executable, "-S", "-c", flood]) as stranger:
            try:
                started.start(1)
                started.start(2)
                assert [rank.ends() for rank in started.all] == [0, 0, 0]
            finally:
                stranger.kill()
        peak = end_of(started.run)
        assert peak == {"status": 0, "message": ""}
        assert "Traceback" not in first.said


@needs_root
def test_the_doctor_leaves_other_users_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even root's doctor neither shows nor ends what another user has marked as a run's."""
    run = RunFolder(tmp_path / "20200101-000000-abcd")
    with process_of(STRANGER, run.path) as pid:
        assert processes_of(run.path) == []
        assert run.path not in leftovers.leftovers()
        assert main(["doctor", "--end", run.id]) == 2
        assert "no process is left of that run" in capsys.readouterr().err
        # Even one that is listed by mistake.
        listed = iter([[leftovers.Leftover(pid, run.path)], []])
        with monkeypatch.context() as patched:
            patched.setattr(leftovers, "processes_of", lambda run: next(listed))
            assert leftovers.end(run.path) == 0
        os.kill(pid, 0)
    with process_of(os.geteuid(), run.path) as pid:
        assert [each.pid for each in processes_of(run.path)] == [pid]
        assert leftovers.end(run.path) == 1


def test_a_process_counts_by_all_its_users() -> None:
    """A program that becomes root's, as su does, is still one of the user who has started it."""
    assert users_of("Name:\tsu\nUid:\t1000\t0\t0\t0\nGid:\t0\t0\t0\t0\n") == {0, 1000}
    assert users_of(Path("/proc/self/status").read_text()) == {os.geteuid()}
    assert users_of("") == set()


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a device"])
def test_a_report_that_is_no_file(tmp_path: Path, kind: str) -> None:
    """What a worker leaves in place of its report is told at once, and never waited for."""
    case = RunFolder(tmp_path).case("a")
    report = case.report(0)
    if kind == "pipe":
        os.mkfifo(report)
    elif kind == "folder":
        report.mkdir()
    else:
        report.symlink_to("/dev/zero")
    signal.alarm(20)
    try:
        with pytest.raises(UnreadableReportError, match=r"^worker 0's report is gone: "):
            read_report(case, 0, dict)
    finally:
        signal.alarm(0)
