"""Verdicts: a diagnosis held against what the scenario expects."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from testbed.catalogue.scenario import Expectation
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.verdict.diagnosis import Diagnosis
from testbed.verdict.entry import entry_of
from testbed.verdict.verdict import failed, judge, skipped
from tests.unit.builders import WORKERS_2X2, case_of, report_of

CASE = case_of(deployment=WORKERS_2X2, mode="function")
BEHAVES = Expectation()
COUNTED = Expectation("counted_per_replica", cure="make it in the scope")
REJECTED = Expectation("rejected", error="singleton")
COUNTED_10 = Diagnosis("counted_per_replica", "10 for 5")
SINGLETON = Diagnosis("rejected", "ValueError: no", "ValueError: no\nonly singleton variables")
OTHER_ERROR = Diagnosis("rejected", "ValueError: shape", "ValueError: shape")


@pytest.mark.parametrize(
    ("expected", "diagnosis", "kind", "as_expected"),
    [
        (BEHAVES, None, "behaves", True),
        (COUNTED, None, "behaves", False),
        (BEHAVES, COUNTED_10, "breaks", False),
        (COUNTED, COUNTED_10, "breaks", True),
        (COUNTED, Diagnosis("wrong_value", "9 for 5"), "breaks", False),
        (REJECTED, SINGLETON, "breaks", True),
        (REJECTED, OTHER_ERROR, "breaks", False),
        (REJECTED, COUNTED_10, "breaks", False),
        (COUNTED, OTHER_ERROR, "breaks", False),
    ],
)
def test_a_verdict_is_as_expected_by_symptom_and_error(
    expected: Expectation, diagnosis: Diagnosis | None, kind: str, as_expected: bool
) -> None:
    """A case is as expected if it breaks by the very symptom, and error, that a rule names."""
    verdict = judge(CASE, expected, diagnosis)
    assert (verdict.kind, verdict.as_expected) == (kind, as_expected)
    assert verdict.symptom == (diagnosis.symptom if diagnosis else "")


@pytest.mark.parametrize("expected", [BEHAVES, COUNTED])
def test_a_case_that_could_not_be_judged_is_never_expected(expected: Expectation) -> None:
    """An error is unexpected whatever the rules say, and tells why."""
    verdict = failed(CASE, expected, "worker 1 ended: killed by SIGSEGV", seconds=2.0)
    assert (verdict.kind, verdict.as_expected, verdict.seconds) == ("error", False, 2.0)
    assert verdict.seen == "error: worker 1 ended: killed by SIGSEGV"


def test_a_skipped_case_fails_nothing() -> None:
    """A case that the machine cannot run is no failure, and tells why."""
    verdict = skipped(CASE, COUNTED, "needs 4 GPUs, found 1")
    assert (verdict.kind, verdict.as_expected) == ("skipped", True)
    assert verdict.seen == "skipped: needs 4 GPUs, found 1"


@pytest.mark.parametrize(
    ("expected", "diagnosis", "seen"),
    [(BEHAVES, None, "behaves"), (COUNTED, COUNTED_10, "counted_per_replica: 10 for 5")],
)
def test_a_verdict_is_shown_in_one_phrase(
    expected: Expectation, diagnosis: Diagnosis | None, seen: str
) -> None:
    """A verdict's phrase names the symptom with its evidence, or that the claim behaves."""
    assert judge(CASE, expected, diagnosis).seen == seen


@pytest.mark.parametrize(
    ("expected", "diagnosis", "cure"),
    [
        (COUNTED, COUNTED_10, "make it in the scope"),
        (BEHAVES, COUNTED_10, SYMPTOMS["counted_per_replica"].cure),
        (COUNTED, OTHER_ERROR, SYMPTOMS["rejected"].cure),
        (REJECTED, SINGLETON, SYMPTOMS["rejected"].cure),
        (COUNTED, None, ""),
    ],
    ids=["rule's own", "unexpected", "another symptom", "no own", "behaves"],
)
def test_the_cure_is_the_rule_s_only_where_the_rule_applies(
    expected: Expectation, diagnosis: Diagnosis | None, cure: str
) -> None:
    """A rule's cure is for the symptom that it names; any other symptom has its own."""
    assert judge(CASE, expected, diagnosis).cure == cure


def test_json_has_exactly_these_fields() -> None:
    """A verdict's JSON has the fields that readers of a record rely on, and no others."""
    report = report_of(worker=1, replicas=2)
    verdict = judge(
        CASE,
        COUNTED,
        COUNTED_10,
        seconds=1.23456,
        reports=(report,),
        logs=("a.log", "b.log"),
        ledger=((("joined", 0.5), ("step 1", 0.75)), ()),
    )
    assert json.loads(json.dumps(asdict(entry_of(verdict)))) == {
        "id": "counters.counter[outside_scope,function]@multi_worker_mirrored-2x2",
        "scenario": "counters.counter",
        "strategy": "multi_worker_mirrored",
        "workers": 2,
        "replicas": 2,
        "site": "outside_scope",
        "mode": "function",
        "verdict": "breaks",
        "symptom": "counted_per_replica",
        "expected": {
            "symptom": "counted_per_replica",
            "error": "",
            "cure": "make it in the scope",
            "versions": "",
        },
        "as_expected": True,
        "evidence": "10 for 5",
        "cure": "make it in the scope",
        "seconds": 1.235,
        "reports": [json.loads(json.dumps(report.to_json()))],
        "logs": ["a.log", "b.log"],
        "ledger": [[["joined", 0.5], ["step 1", 0.75]], []],
    }


def test_json_of_a_case_that_behaves_has_no_symptom() -> None:
    """What does not apply is null, not an empty text."""
    entry = entry_of(judge(CASE, BEHAVES, None))
    assert (entry.verdict, entry.symptom, entry.cure) == ("behaves", None, None)
    assert entry.expected == Expectation()


def test_json_tells_the_error_that_is_expected() -> None:
    """An expected rejection is written with the part of the error that must be raised."""
    expected = entry_of(judge(CASE, REJECTED, None)).expected
    assert (expected.symptom, expected.error) == ("rejected", "singleton")
