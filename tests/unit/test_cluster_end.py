"""How a worker's end is told in words."""

from __future__ import annotations

import pytest

from testbed.launch.cluster_end import describe_end

CORE_DUMPED = 0x80


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0 << 8, "exit code 0, without a report"),
        (3 << 8, "exit code 3"),
        (255 << 8, "exit code 255"),
        (9, "killed by SIGKILL"),
        (15, "killed by SIGTERM"),
        (11 | CORE_DUMPED, "killed by SIGSEGV"),
        (6 | CORE_DUMPED, "killed by SIGABRT"),
        (40, "killed by signal 40"),
    ],
)
def test_an_end_is_told_in_words(status: int, words: str) -> None:
    """What waitpid gives is told as an exit code or as the signal's name."""
    assert describe_end(status) == words
