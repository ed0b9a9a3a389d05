"""Checks output files and folders before a run starts, so that no result is lost."""

from __future__ import annotations

import os
from pathlib import Path

from testbed.errors import UsageError


def destination(option: str, name: str | None) -> Path | None:
    """The file that an option names, or None where the option is not given.

    Raises:
        UsageError: no file can be written there.
    """
    if name is None:
        return None
    path = Path(name)
    if (path.exists() and not path.is_file()) or not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {name}: not a file in an existing folder")
    # The file itself is never opened. A temporary file beside it is renamed, so the folder must be
    # writable.
    if not os.access(path.absolute().parent, os.W_OK):
        raise UsageError(f"{option} {name}: no permission to write there")
    return path


def folder_destination(option: str, name: str | None) -> Path | None:
    """The folder that an option names, or None where the option is not given.

    The folder may exist already, or its parent must exist.

    Raises:
        UsageError: no file can be written into it.
    """
    if name is None:
        return None
    path = Path(name).absolute()
    if (path.exists() and not path.is_dir()) or not path.parent.is_dir():
        raise UsageError(f"{option} {name}: not a folder in an existing folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option} {name}: no permission to write there")
    return Path(name)
