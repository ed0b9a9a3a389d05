"""Folders and files that other users must not have made, nor be able to change."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.engines.job_files import JobFiles
from testbed.errors import UsageError
from testbed.hosts.invitation import Invitation, read_invitation
from testbed.launcher.run_folder import (
    RUNS,
    RunFolder,
    is_running,
    new_run_folder,
    next_run_path,
    shared_run_folder,
)
from testbed.launcher.trusted import (
    make_folder,
    read_private,
    read_regular,
    replaceable_by_all,
    require_private,
    write_private,
)

STRANGER = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Each umask that people have, and none."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for this user alone."""
    made = tmp_path / "run"
    made.mkdir(0o755)
    return made


def test_folders_are_closed_to_others_writing(tmp_path: Path, umask: int) -> None:
    """No folder of a run can be written to by others, whatever the umask."""
    with new_run_folder(tmp_path / "here" / RUNS) as run:
        folders = [run.path, run.case("a").path, run.case("a").restart(1).path, run.agent(1).path]
        folders += [run.path / "cases", run.path / "agents"]
    with shared_run_folder(str(tmp_path / "new" / "shared")) as shared:
        JobFiles(shared.path).make()
        folders.append(shared.path)
    assert {mode_of(each) for each in folders} == {0o755 & ~umask}
    assert mode_of(JobFiles(shared.path).engine) == 0o700


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    """A folder that is there stays as it is, and a file in its place is told."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a")
    assert mode_of(tmp_path / "a") == 0o750
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "b")


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777, 0o722])
def test_a_folder_that_others_may_write_to_is_refused(folder: Path, mode: int) -> None:
    """The refusal names the folder, its mode and what to type, and nothing is made in it."""
    folder.chmod(mode)
    with pytest.raises(UsageError) as problem, shared_run_folder(str(folder)):
        pytest.fail("others may write there")
    assert str(problem.value) == (
        f"other users may write to the folder {folder} (mode {mode:o}): chmod go-w {folder};"
        " or give another --folder: one that is not there yet is made for you"
    )
    assert list(folder.iterdir()) == []
    folder.chmod(0o755)
    with shared_run_folder(str(folder)):
        pass


@needs_root
def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    """A folder whose owner is somebody else is refused, whatever its mode."""
    folder.chmod(0o700)
    os.chown(folder, STRANGER, -1)
    with pytest.raises(UsageError, match=f"the folder {folder} belongs to user .*: run as that"):
        require_private(folder)


@needs_root
@pytest.mark.parametrize("name", ["lock", "meeting.json", "agents", "server.log"])
def test_what_another_user_has_left_is_refused(folder: Path, name: str) -> None:
    """A folder that was closed to others only after one of them made something there is refused."""
    (folder / name).symlink_to("/nowhere")
    os.lchown(folder / name, STRANGER, -1)
    with pytest.raises(UsageError, match=f"the folder {folder} holds {name} of user .*: remove it"):
        require_private(folder)


@pytest.mark.parametrize(("mode", "told"), [(0o777, True), (0o1777, False), (0o775, False)])
def test_a_parent_in_which_all_may_rename_is_told(folder: Path, mode: int, told: bool) -> None:
    """Where every user could exchange the folder, that is told with what to type."""
    folder.parent.chmod(mode)
    assert replaceable_by_all(folder).endswith(f": chmod +t {folder.parent}") is told


def test_a_private_file_is_new(folder: Path, umask: int) -> None:
    """A file of the same name is replaced, not filled, and nothing else is left."""
    path = folder / "meeting.json"
    theirs = folder / "theirs"
    theirs.write_text("old")
    path.symlink_to(theirs)
    write_private(path, b"token")
    assert (mode_of(path), path.is_symlink(), theirs.read_text()) == (0o600, False, "old")
    assert read_private(path, 5) == b"token"
    assert sorted(folder.iterdir()) == [path, theirs]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_draft_that_is_there_already_is_not_filled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, link: Callable[[Path, Path], None]
) -> None:
    """Even who guesses the name of the draft gets nothing written into a file of his."""
    theirs = folder / "theirs"
    theirs.touch()
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    link(theirs, folder / f".testbed-{os.getpid()}-guessed")
    with pytest.raises(FileExistsError):
        write_private(folder / "meeting.json", b"token")
    assert theirs.read_bytes() == b""
    assert not (folder / "meeting.json").exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o666])
def test_a_file_that_others_may_open_is_no_private_one(folder: Path, mode: int) -> None:
    """What others may read or write is refused with its mode."""
    path = folder / "meeting.json"
    write_private(path, b"token")
    path.chmod(mode)
    with pytest.raises(PermissionError, match=rf"other users may open it \(mode {mode:o}\)"):
        read_private(path, 100)


@needs_root
def test_a_file_of_another_user_is_no_private_one(folder: Path) -> None:
    """An invitation that somebody else has written is not followed, whatever its mode."""
    path = folder / "meeting.json"
    Invitation("127.0.0.1", 1, "theirs", str(folder)).write(path)
    os.chown(path, STRANGER, -1)
    with pytest.raises(PermissionError, match=r"it belongs to user .*, and this process is user "):
        read_invitation(path)


def test_links_pipes_and_sockets_are_left_alone(folder: Path) -> None:
    """Nothing but a file is read, no link is followed, and no pipe without a writer waited for."""
    write_private(folder / "real", b"token")
    (folder / "link").symlink_to(folder / "real")
    os.mkfifo(folder / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        for name, told in (("link", "it is a link"), ("pipe", "it is not a file")):
            with pytest.raises(PermissionError, match=told):
                read_private(folder / name, 100)
        for name in ("pipe", "socket", "missing", "."):
            with pytest.raises(OSError, match=r"\[Errno"):
                read_regular(folder / name, 100)
    assert read_regular(folder / "link", 100) == b"token"


def test_a_file_has_a_limit(folder: Path) -> None:
    """A file of more bytes than it can have is not read on."""
    path = folder / "file"
    write_private(path, b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="it has more than 4 bytes"):
        read_regular(path, 4)
    with pytest.raises(OSError, match="it has more than 1000 bytes"):
        # Its size says 0.
        read_regular(Path("/proc/self/maps"), 1000)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"7",
        b"\xff",
        b"{}",
        b"[" * 50_000,
        b'{"host": "h", "port": 1e999, "token": "t", "folder": "/f"}',
        b'{"host": "h", "port": 70000, "token": "t", "folder": "/f"}',
        b'{"host": "h", "port": "x", "token": "t", "folder": "/f"}',
        b'{"host": "", "port": 1, "token": "t", "folder": "/f"}',
        b'{"host": "h", "port": 1, "token": "", "folder": "/f"}',
        b'{"host": "h", "port": 1, "token": "t"}',
    ],
    ids=lambda text: repr(text[:50]),
)
def test_what_is_no_invitation_is_told(folder: Path, text: bytes) -> None:
    """A damaged invitation is an error that names its file."""
    write_private(folder / "meeting.json", text)
    with pytest.raises(OSError, match="it does not say where worker 0 waits") as problem:
        read_invitation(folder / "meeting.json")
    assert problem.value.filename == str(folder / "meeting.json")


@needs_root
def test_runs_that_another_user_has_planted_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder such as /tmp nobody's runs land in, or remove, what somebody else has made."""
    tmp_path.chmod(0o1777)
    monkeypatch.chdir(tmp_path)
    precious = tmp_path / "precious"
    for number in range(30):
        (precious / f"20200101-0000{number:02}-abcd").mkdir(parents=True)
    RUNS.parent.mkdir()
    RUNS.symlink_to(precious)
    os.chown(RUNS.parent, STRANGER, -1)
    with pytest.raises(UsageError) as problem:
        next_run_path(RUNS)
    assert str(problem.value).startswith(f"{tmp_path}/.testbed belongs to user ")
    assert str(problem.value).endswith(": change to a folder of your own")
    assert len(list(precious.iterdir())) == 30
    tmp_path.chmod(0o755)
    # Who may write here may change the scripts, too.
    next_run_path(RUNS)


def test_only_runs_are_removed(tmp_path: Path) -> None:
    """What lies among the runs and is none by its name is kept."""
    runs = tmp_path / RUNS
    others = [runs / f"notes-{number}" for number in range(30)]
    for other in others:
        other.mkdir(parents=True)
    with new_run_folder(runs):
        assert all(other.is_dir() for other in others)


def test_a_gitignore_is_not_written_through_a_link(tmp_path: Path) -> None:
    """The file that keeps runs out of git is made once, and where there is one it stays."""
    runs = tmp_path / RUNS
    runs.mkdir(parents=True)
    (tmp_path / "theirs").write_text("precious")
    (runs.parent / ".gitignore").symlink_to(tmp_path / "theirs")
    next_run_path(runs)
    assert (tmp_path / "theirs").read_text() == "precious"


def test_a_pipe_in_place_of_a_lock_is_not_waited_for(folder: Path) -> None:
    """Whether a run goes on is told at once, whatever lies in its folder."""
    os.mkfifo(folder / "lock")
    assert is_running(folder) in (True, False)
    assert not is_running(RunFolder(folder / "missing").path)
