"""The exit status of a command that runs in this process."""

from __future__ import annotations

from typing import cast

from testbed.cli.main import main


def status_of(*words: str) -> int:
    try:
        return main(words)
    except SystemExit as leaving:
        return cast(int, leaving.code)
