"""Checks that other users did not make, and cannot change, a folder or file.

Trusted users are this user and root. Modes are read from the open file, so that no other file can
take its place in between. Links are not followed, and a read never waits for a pipe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from testbed.errors import UsageError

_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(path: Path, mode: int = 0o755) -> None:
    """Make a folder and its missing parents; other users may not write to them.

    Raises:
        OSError: it cannot be made.
    """
    try:
        path.mkdir(mode)
    except FileNotFoundError:
        make_folder(path.parent)
        path.mkdir(mode, exist_ok=True)
    except FileExistsError:
        if not path.is_dir():
            raise


def require_private(folder: Path) -> None:
    """Reject a folder that other users may write to, or that contains a file of theirs.

    Raises:
        UsageError: the folder is one of these; the message says how to go on.
        OSError: it cannot be looked at.
    """
    if problem := _shared_with(folder):
        raise UsageError(
            f"{problem}; or give another --folder: one that is not there yet is made for you"
        )


def _shared_with(folder: Path) -> str:
    found = folder.stat()
    if not _is_trusted(found.st_uid):
        return (
            f"the folder {folder} belongs to {_name(found.st_uid)}, and this process is"
            f" {_name(os.geteuid())}: run as that user"
        )
    if found.st_mode & _BY_OTHERS:
        return (
            f"other users may write to the folder {folder} (mode {_mode(found)}):"
            f" chmod go-w {shlex.quote(str(folder))}"
        )
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                owner = entry.stat(follow_symlinks=False).st_uid
                if not _is_trusted(owner):
                    return f"the folder {folder} holds {entry.name} of {_name(owner)}: remove it"
    return ""


def replaceable_by_all(folder: Path) -> str:
    """Why any user could replace this folder; empty where none could."""
    above = folder.parent
    found = above.stat()
    if not found.st_mode & stat.S_IWOTH or found.st_mode & stat.S_ISVTX:
        return ""
    return (
        f"every user may put another folder in place of {folder}, because {above} has mode"
        f" {_mode(found)}; to forbid it: chmod +t {shlex.quote(str(above))}"
    )


def require_not_planted(path: Path) -> None:
    """Reject a path that another user has made in a folder that all users may write to.

    Raises:
        UsageError: another user has made it; the message says how to go on.
        OSError: it cannot be looked at.
    """
    found, above = path.lstat(), path.parent.stat()
    if above.st_mode & stat.S_ISVTX and found.st_uid not in (os.geteuid(), 0, above.st_uid):
        raise UsageError(
            f"{path.absolute()} belongs to {_name(found.st_uid)}, who could change what is in it:"
            " change to a folder of your own"
        )


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only this user can read, atomically.

    Raises:
        OSError: it cannot be written, or the file system has no files for one user alone.
    """
    draft = path.with_name(f".testbed-{os.getpid()}-{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if problem := _shared_file(os.fstat(descriptor)):
                _refuse(path, f"what this process writes there is not for it alone: {problem}")
            file.write(data)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def read_private(path: Path, limit: int) -> bytes:
    """Read a file that this user or root has written for this user only.

    Raises:
        OSError: it does not exist, is not such a file, or has more than `limit` bytes.
    """
    with _opened(path, os.O_NOFOLLOW) as descriptor:
        if problem := _shared_file(os.fstat(descriptor)):
            _refuse(path, problem)
        return _read(descriptor, path, limit)


def read_regular(path: Path, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes, without waiting for a pipe or a device.

    Raises:
        OSError: it is not there, or not such a file.
    """
    with _opened(path, 0) as descriptor:
        return _read(descriptor, path, limit)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    except OSError as problem:
        if problem.errno == errno.ELOOP and path.is_symlink():
            _refuse(path, "it is a link")
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            _refuse(path, "it is not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: Path, limit: int) -> bytes:
    found = b""
    while len(found) <= limit and (part := os.read(descriptor, limit + 1 - len(found))):
        found += part
    if len(found) > limit:
        raise OSError(errno.EFBIG, f"it has more than {limit} bytes", str(path))
    return found


def _shared_file(found: os.stat_result) -> str:
    """Why other users can read or change a file; empty where only this user can."""
    if not _is_trusted(found.st_uid):
        return f"it belongs to {_name(found.st_uid)}, and this process is {_name(os.geteuid())}"
    if found.st_mode & _FOR_OTHERS:
        return f"other users may open it (mode {_mode(found)})"
    return ""


def _refuse(path: Path, why: str) -> NoReturn:
    raise PermissionError(errno.EPERM, why, str(path))


def _is_trusted(user: int) -> bool:
    return user in (os.geteuid(), 0)


def _name(user: int) -> str:
    try:
        return f"user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"user {user}"


def _mode(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):o}"
