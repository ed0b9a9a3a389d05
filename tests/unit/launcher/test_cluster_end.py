"""How a worker's end is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.launcher.cluster.cluster_end import (
    ClusterEnd,
    PhaseReport,
    WorkerEnd,
    describe_end,
    first_failed,
)
from testbed.launcher.cluster.step_count import Steps

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


def test_the_earliest_end_is_the_cause(tmp_path: Path) -> None:
    """Of several workers that ended the first is the cause; who only waits comes last."""
    log = tmp_path / "log"
    ledger = (PhaseReport("joined", 0.5),)
    waits = WorkerEnd(0, log, ledger, after=0.5)
    second = WorkerEnd(1, log, ledger, status=6, after=1.4)
    first = WorkerEnd(2, log, ledger, status=11, after=1.25, words="why")
    end = ClusterEnd((waits, second, first), missed_deadline="run", seconds=3.0, hint="a hint")
    assert end.guilty == [first, second, waits]
    assert end.cause == (
        "worker 2 ended after 1.2 s in phase 'joined': killed by SIGSEGV (why); a hint"
    )


@pytest.mark.parametrize(
    ("ago", "missed", "cause"),
    [
        (0.25, "run", "not done after 8 s, and it did not stand still: worker 1 had begun step 40"),
        (2.5, "run", "worker 1 has not joined"),
        (None, "run", "worker 1 has not joined"),
        (0.25, "", "worker 1 has not joined"),
    ],
)
def test_who_moves_at_the_deadline_does_not_stand_still(
    tmp_path: Path, ago: float | None, missed: str, cause: str
) -> None:
    """A step in the last quarter of the time shows that the program may only be slow."""
    done = WorkerEnd(0, tmp_path, reported=True)
    late = WorkerEnd(1, tmp_path, steps=Steps(40, inside=True, ago=ago))
    end = ClusterEnd((done, late), missed_deadline=missed, seconds=8.0)
    assert end.moves(late) == (ago == 0.25)
    assert end.cause.startswith(cause)


def test_where_all_have_reported_there_is_no_cause(tmp_path: Path) -> None:
    """A cluster whose workers have all reported went well, whatever signal let them leave."""
    ends = tuple(WorkerEnd(n, tmp_path, reported=True, status=9) for n in range(3))
    assert ClusterEnd(ends, missed_deadline="", seconds=1.0).cause == ""


@pytest.mark.parametrize(
    ("died", "raised", "first"),
    [
        ([2.0], [], 2.0),
        ([], [2.0, 1.0], 1.0),
        ([2.0, 1.5], [1.9], 1.5),
        # The peer's error reached us first, and yet follows from the death.
        ([2.0], [1.5], 2.0),
        ([2.0], [0.5], 0.5),
    ],
)
def test_who_failed_first(
    tmp_path: Path, died: list[float], raised: list[float], first: float
) -> None:
    """A death counts before what peers raised, unless they clearly raised before it."""
    deaths = [WorkerEnd(0, tmp_path, status=9, after=after) for after in died]
    errors = [WorkerEnd(1, tmp_path, reported=True, after=after) for after in raised]
    found = first_failed(deaths, errors)
    assert found is not None
    assert found.after == first


def test_where_none_failed_there_is_no_first() -> None:
    """Without a death and without an error nobody failed."""
    assert first_failed([], []) is None
