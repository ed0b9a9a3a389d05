"""Why there is no result of every worker, from how their cluster ended."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from testbed.errors import WorkerFailedError
from testbed.launcher.cluster.cluster_end import ClusterEnd, PhaseReport, WorkerEnd
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import FunctionFailure, FunctionReport
from testbed.run.user_code.function_end import failure_of

FOLDER = CaseFolder(Path("/logs"))
LEDGER = (PhaseReport("started", 0.1),)
GOOD = FunctionReport(7)
FAILURE = FunctionFailure("ValueError: boom\nmore", "Traceback\nValueError: boom\nmore\n")
RAISED = FunctionReport(failure=FAILURE)


def reported(worker: int, after: float = 1.0) -> WorkerEnd:
    return WorkerEnd(worker, Path("log"), LEDGER, reported=True, after=after)


def died(worker: int, after: float = 1.0) -> WorkerEnd:
    return WorkerEnd(worker, Path("log"), LEDGER, status=9, after=after)


def failure(
    *workers: WorkerEnd,
    reports: list[FunctionReport | None],
    missed_deadline: str = "",
    hint: str = "",
) -> WorkerFailedError:
    found = failure_of(ClusterEnd(workers, missed_deadline, 9.0, hint), reports, FOLDER)
    assert found is not None
    return found


def test_results_of_all_are_no_failure() -> None:
    """Where every worker has reported what it returned, nothing is raised."""
    end = ClusterEnd((reported(0), reported(1)), "", 9.0)
    assert failure_of(end, [GOOD, FunctionReport(None)], FOLDER) is None


def test_who_raised_first_is_named_with_its_traceback() -> None:
    """One sentence, the logs, and then what the worker printed."""
    found = failure(reported(0, 2.5), reported(1, 1.5), reports=[RAISED, RAISED])
    assert str(found) == (
        "worker 1 failed after 1.5 s: ValueError: boom; logs: /logs\n\n"
        "Traceback\nValueError: boom\nmore"
    )
    assert (found.worker, found.traceback) == (1, FAILURE.traceback)


@pytest.mark.parametrize(("raised_at", "first"), [(1.5, 0), (0.5, 1)])
def test_a_death_comes_before_what_its_peers_raise(raised_at: float, first: int) -> None:
    """By the one rule of all launches: what was raised comes first where it clearly did."""
    found = failure(died(0, 2.0), reported(1, raised_at), reports=[None, RAISED], hint="no memory")
    assert found.worker == first
    assert ("killed by SIGKILL; no memory; logs: /logs" in str(found)) == (first == 0)


def test_a_hang_has_no_first_worker() -> None:
    """Where nobody failed and the time is over, who waits for whom is the cause."""
    waits = WorkerEnd(1, Path("log"), LEDGER)
    found = failure(reported(0), waits, reports=[GOOD, None], missed_deadline="run")
    assert str(found).startswith("worker 1 has not joined and is in phase 'started'")
    assert (found.worker, found.traceback) == (None, "")


def test_an_error_may_go_to_another_process() -> None:
    """As exceptions do from a pool of processes, with all that it holds."""
    found = failure(reported(0), reports=[RAISED])
    copy = pickle.loads(pickle.dumps(found))
    assert (str(copy), copy.worker, copy.traceback) == (str(found), 0, FAILURE.traceback)
