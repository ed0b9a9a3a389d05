"""Leaves out what TensorFlow logs in the output of programs: its versions log different lines."""

from __future__ import annotations

import re

_LOGGED = re.compile(r"(worker \d+ \| )?([IWEF]\d{4} |WARNING: All log messages before absl)")


def without_log(output: str) -> list[str]:
    """The lines of an output that TensorFlow did not log."""
    return [line for line in output.splitlines() if not _LOGGED.match(line)]
