"""What becomes of a command where it may not write, or where no space is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.launcher.run_folder import write_json
from tests.house.sources import ROOT
from tests.process.conftest import Launcher
from tests.unit.builders import counted_per_replica, run_record

# A mount of one's own goes with the namespace; who is not root makes it as the owner of another.
UNSHARE = ["unshare", *(["--map-root-user"] if os.geteuid() else []), "--mount"]
MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" && cd "$2" && shift 2 && "$@"'
LOOK = '; status=$?; echo "left: $(find . -type f | sort | xargs)"; exit $status'


def mounted(folder: Path, options: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `testbed` in a mount of its own, on a folder, and tell what files are there then."""
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount of one's own is allowed here")
    return subprocess.run(
        [*UNSHARE, "sh", "-c", MOUNT + LOOK, "sh", options, str(folder), sys.executable, "-m",
         "testbed", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """Where a run folder cannot be made, that is one line and status 2."""
    done = mounted(tmp_path, "ro", "run", "returned")
    assert done.returncode == 2
    assert done.stderr == (
        f"testbed: cannot make a run folder in {tmp_path}/.testbed/runs: Read-only file system;"
        " change to a folder that you may write to\n"
    )


@pytest.mark.parametrize("option", ["--json", "--html", "--junit"])
def test_a_read_only_destination_is_told_before_the_work(tmp_path: Path, option: str) -> None:
    """A file that could not be written is refused before anything is run."""
    done = mounted(tmp_path, "ro", "run", "returned", option, "file")
    assert (done.returncode, done.stdout) == (2, "left: \n")
    assert done.stderr == f"testbed: {option} file: no permission to write there\n"


def test_a_run_that_cannot_begin_on_a_full_disk_is_told(tmp_path: Path) -> None:
    """A disk that is full from the start is the machine's fault: one line, and status 1."""
    # One page, which the first small file takes.
    done = mounted(tmp_path, "size=4k", "run", "returned")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"testbed: {tmp_path}/.testbed/runs/")
    assert line.endswith("/environment.json: No space left on device")
    assert ".testbed-" not in done.stdout


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_a_report_for_which_there_is_no_space_is_told(tmp_path: Path, option: str) -> None:
    """A report that does not fit is one line and status 1, and nothing of it is left."""
    record, folder = tmp_path / "run.json", tmp_path / "mount"
    folder.mkdir()
    write_json(record, run_record(*[counted_per_replica()]).to_json())
    # JUnit is small, so there is no space at all, but for a name.
    size = "size=4k,nr_inodes=1" if option == "--junit" else "size=4k"
    done = mounted(folder, size, "report", str(record), option, "file")
    assert (done.returncode, done.stdout) == (1, "left: \n")
    assert done.stderr == (f"testbed: {option} file: No space left on device; it is not written\n")


def test_a_page_for_which_there_is_no_space_keeps_its_old_table(tmp_path: Path) -> None:
    """`list --write` replaces a page as a whole or not at all."""
    page = tmp_path / "mount" / "page.md"
    page.parent.mkdir()
    marks = "<!-- catalogue: make catalogue writes this -->\n<!-- end of catalogue -->\n"
    (tmp_path / "page.md").write_text(marks)
    copy = ["sh", "-c", f'cp "{tmp_path}/page.md" . && "$@" && false || cat page.md', "sh"]
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount of one's own is allowed here")
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", MOUNT, "sh", "size=8k", str(page.parent), *copy,
         sys.executable, "-m", "testbed", "list", "--write", "page.md"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stdout == marks
    assert done.stderr == "testbed: page.md: No space left on device\n"


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not there")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """Where a folder is somebody else's, that is one line and status 2, for root without powers."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o500)
    powerless = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*powerless, sys.executable, "-m", "testbed", "run", "returned"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"testbed: cannot make a run folder in {folder}/.testbed/runs: Permission denied;"
        " change to a folder that you may write to\n"
    )


FULL = "/dev/full"
"""What is written there has no space."""

PRELOADED = ["tests.process.programs"]


def test_a_ledger_for_which_there_is_no_space_is_done_without(launcher: Launcher) -> None:
    """A run does not end because its ledger cannot be written, nor when it is closed."""
    launcher.folder.case("report").ledger.symlink_to(FULL)
    end = launcher.run("report")
    assert end.cause == ""
    assert [worker.reported for worker in end.workers] == [True, True]


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "fresh"])
def test_a_worker_whose_log_has_no_space_still_says_why_it_ends(
    launcher: Launcher, fresh: bool
) -> None:
    """The reason reaches the launching process, though the traceback has nowhere to go."""
    launcher.folder.case("raise_an_error").log(1).symlink_to(FULL)
    end = launcher.run("raise_an_error", fresh=fresh, preload=[] if fresh else PRELOADED)
    assert "exit code 1 (ValueError: worker 1 does not like this)" in end.cause
