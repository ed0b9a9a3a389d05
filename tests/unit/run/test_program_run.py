"""What became of a program, from how its workers ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.launcher.cluster.cluster_end import ClusterEnd, PhaseReport, WorkerEnd
from testbed.orders.own_code import ProgramReport
from testbed.run.user_code.program import TIME_IS_OVER, program_end

LOG = Path("log")
LEDGER = (PhaseReport("started", 0.1),)
GOOD = ProgramReport(0, "", None, None)


def end_of(*workers: WorkerEnd, missed_deadline: str = "", hint: str = "") -> ClusterEnd:
    return ClusterEnd(workers, missed_deadline, seconds=9.0, hint=hint)


def reported(worker: int, after: float = 1.0) -> WorkerEnd:
    return WorkerEnd(worker, LOG, LEDGER, reported=True, after=after)


def test_a_program_that_goes_well_has_no_cause() -> None:
    """Where all workers end with 0, so does the program."""
    end = program_end(end_of(reported(0), reported(1)), [GOOD, GOOD])
    assert (end.code, end.codes, end.cause, end.seconds) == (0, (0, 0), "", 9.0)


def test_the_first_exit_code_is_the_program_s() -> None:
    """Of several workers that fail, the first decides, whatever its index is."""
    failed = [ProgramReport(3, "", None, None), ProgramReport(1, "OSError: no", None, None)]
    end = program_end(end_of(reported(0, 2.5), reported(1, 1.5)), failed)
    assert (end.code, end.codes) == (1, (3, 1))
    assert end.cause == "worker 1 failed after 1.5 s with exit code 1: OSError: no"


def test_a_signal_is_told_as_a_shell_tells_it() -> None:
    """A worker that was killed gives 128 and the signal's number."""
    killed = WorkerEnd(1, LOG, LEDGER, status=9, after=1.0)
    waits = WorkerEnd(0, LOG, LEDGER)
    end = program_end(
        end_of(waits, killed, missed_deadline="run", hint="out of memory"), [None, None]
    )
    assert (end.code, end.codes) == (137, (TIME_IS_OVER, 137))
    killed_by = "worker 1 ended after 1.0 s in phase 'started': killed by SIGKILL"
    assert end.cause == f"{killed_by}; out of memory"


@pytest.mark.parametrize(("code", "cause"), [(0, ""), (3, "exit code 3")])
def test_without_a_report_the_exit_code_counts(code: int, cause: str) -> None:
    """A program that ended by os._exit or exec has the exit code that python would have."""
    left = WorkerEnd(0, LOG, LEDGER, status=code << 8, after=1.0, exit_code_counts=True)
    end = program_end(end_of(left), [None])
    assert (end.code, end.codes) == (code, (code,))
    assert cause in end.cause
    assert bool(end.cause) == bool(code)


def test_who_waits_is_told_beside_who_has_left() -> None:
    """A worker that left by os._exit(0) is not the one that does not come to its end."""
    left = WorkerEnd(0, LOG, LEDGER, status=0, after=1.0, exit_code_counts=True)
    end = program_end(end_of(left, WorkerEnd(1, LOG, LEDGER), missed_deadline="run"), [None, None])
    assert end.codes == (0, TIME_IS_OVER)
    assert "worker 1 has not joined" in end.cause
    assert "worker 0 has ended" in end.cause


def test_before_the_program_has_begun_no_end_is_good() -> None:
    """A worker that vanishes before it runs the program has failed, whatever its exit code."""
    left = WorkerEnd(0, LOG, LEDGER, status=0, after=1.0)
    assert program_end(end_of(left), [None]).code == 1


def test_who_was_ended_on_purpose_has_failed() -> None:
    """A cluster that cannot come together is no signal that somebody sent."""
    ended = WorkerEnd(0, LOG, LEDGER, status=9, after=1.0, ended_for="both are worker 0")
    end = program_end(end_of(ended), [None])
    assert (end.code, end.codes) == (1, (1,))
    assert end.cause == "worker 0 was ended after 1.0 s in phase 'started': both are worker 0"


def test_a_hang_has_a_code_of_its_own() -> None:
    """Where nobody failed and the time is over, the code says that."""
    end = program_end(
        end_of(reported(0), WorkerEnd(1, LOG, LEDGER), missed_deadline="run"), [GOOD, None]
    )
    assert end.code == TIME_IS_OVER
    assert end.cause.startswith("worker 1 has not joined and is in phase 'started'")
