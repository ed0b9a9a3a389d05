"""The verdict on a case: its result, compared with the expectation of its scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.catalogue.scenario import Case, Expectation
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.verdict.diagnosis import Diagnosis
from testbed.verdict.reading import WorkerReport

KINDS = ("behaves", "breaks", "skipped", "error")
"""The kinds of verdicts. A broken claim is a result like any other; an error means that the case
could not be judged."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one case."""

    case: Case
    kind: str
    """One of KINDS."""
    expected: Expectation
    as_expected: bool
    symptom: str = ""
    evidence: str = ""
    seconds: float = 0.0
    reports: tuple[WorkerReport, ...] = ()
    logs: tuple[str, ...] = ()
    ledger: tuple[tuple[tuple[str, float], ...], ...] = ()
    """For a case that hung or lost a worker: the last phases that each worker reported, with the
    seconds since the start."""

    @property
    def seen(self) -> str:
        """The result of the case in one phrase."""
        named = f"{self.symptom}: {self.evidence}" if self.symptom else ""
        return named or (f"{self.kind}: {self.evidence}" if self.evidence else self.kind)

    @property
    def cure(self) -> str:
        """The cure, where the case broke; empty otherwise."""
        if not self.symptom:
            return ""
        if self.as_expected and self.expected.cure:
            return self.expected.cure
        return SYMPTOMS[self.symptom].cure


def judge(case: Case, expected: Expectation, diagnosis: Diagnosis | None, **seen: Any) -> Verdict:
    """Compare a diagnosis (None: the claim holds) with the expectation of the scenario.

    Further arguments are fields of the verdict.
    """
    if diagnosis is None:
        return Verdict(case, "behaves", expected, as_expected=expected.symptom is None, **seen)
    return Verdict(
        case,
        "breaks",
        expected,
        as_expected=diagnosis.symptom == expected.symptom and expected.error in diagnosis.error,
        symptom=diagnosis.symptom,
        evidence=diagnosis.evidence,
        **seen,
    )


def failed(case: Case, expected: Expectation, what: str, **seen: Any) -> Verdict:
    """The verdict on a case that could not be judged, which is never expected; `what` says why."""
    return Verdict(case, "error", expected, as_expected=False, evidence=what, **seen)


def skipped(case: Case, expected: Expectation, why: str) -> Verdict:
    """The verdict on a case that this machine cannot run, which is no failure; `why` says why."""
    return Verdict(case, "skipped", expected, as_expected=True, evidence=why)
