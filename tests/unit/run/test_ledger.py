"""How far each worker came, in words."""

from __future__ import annotations

from testbed.catalogue.scenario import Expectation
from testbed.report.formats.words import ledger_in_words
from testbed.verdict.diagnosis import Diagnosis
from testbed.verdict.verdict import judge
from tests.unit.builders import case_of


def told(*phases: str) -> tuple[tuple[str, float], ...]:
    return tuple((phase, number / 10) for number, phase in enumerate(phases))


def test_a_line_for_each_worker() -> None:
    """Each worker's phases stand in a line, with their seconds; of steps only the ends of a row."""
    verdict = judge(
        case_of(),
        Expectation(),
        Diagnosis("hang", "worker 1 waits"),
        ledger=(
            told("joined", "step 1", "step 2", "step 3", "step 4", "claiming", "step 5"),
            told("joined", "step 1", "step 2"),
            (),
        ),
    )
    assert ledger_in_words(verdict) == [
        "worker 0: joined 0.00 s, step 1 0.10 s, step 4 0.40 s, claiming 0.50 s, step 5 0.60 s",
        "worker 1: joined 0.00 s, step 1 0.10 s, step 2 0.20 s",
        "worker 2: reported nothing",
    ]


def test_what_a_terminal_would_obey_is_left_out() -> None:
    """A phase is what a script says, which may hold anything."""
    verdict = judge(case_of(), Expectation(), None, ledger=(told("a\x1b[31mb"),))
    assert ledger_in_words(verdict) == ["worker 0: ab 0.00 s"]
