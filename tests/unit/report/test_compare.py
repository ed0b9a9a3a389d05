"""Two runs side by side: what a repeat shows again is compared, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.catalogue.scenario import Expectation
from testbed.report.records.compare import ASPECTS, compare
from testbed.verdict.reading import Claim, ClaimReading, Copy, Reading, Value, WorkerReport
from testbed.verdict.verdict import Verdict, failed
from tests.unit.builders import (
    MIRRORED_2,
    WORKERS_2X1,
    case_of,
    counted_per_replica,
    merged,
    rejected,
    report_of,
    run_record,
)


def changed(before: Verdict, after: Verdict) -> tuple[str, ...]:
    """What of one case changed."""
    changes = compare(run_record(before), run_record(after)).changes
    return changes[0].what if changes else ()


def reading(finding: ClaimReading, **changes: object) -> ClaimReading:
    return replace(finding, reading=replace(finding.reading, **changes))  # type: ignore[arg-type]


def with_findings(verdict: Verdict, *findings: ClaimReading) -> Verdict:
    return replace(verdict, reports=(replace(verdict.reports[0], findings=findings),))


COUNTED = counted_per_replica()
(SEEN,) = COUNTED.reports[0].findings


def test_a_run_is_like_itself() -> None:
    """A run compared with itself, or with a repeat of it, shows no change."""
    record = run_record(COUNTED, merged(), rejected("no"), counted_per_replica(WORKERS_2X1))
    repeat = replace(record, run="other", began="2027", seconds=1.0, command=("run",))
    comparison = compare(record, repeat)
    assert (comparison.changes, comparison.differences) == ((), ())
    assert comparison.counts == "4 alike, 0 changed, 0 only in A, 0 only in B"


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (replace(COUNTED, kind="error", symptom=""), ("verdict", "symptom")),
        (replace(COUNTED, symptom="wrong_value"), ("symptom",)),
        (replace(COUNTED, as_expected=False), ("expectation",)),
        (replace(COUNTED, expected=Expectation("hang")), ("expectation",)),
        (with_findings(COUNTED, SEEN, SEEN), ("claims",)),
        (with_findings(COUNTED, replace(SEEN, claim=Claim(value=5.0, equal=True))), ("claims",)),
        (with_findings(COUNTED, reading(SEEN, type="MirroredVariable")), ("object",)),
        (with_findings(COUNTED, reading(SEEN, mirrored=True)), ("object",)),
    ],
)
def test_what_a_repeat_shows_again_is_compared(after: Verdict, what: tuple[str, ...]) -> None:
    """Verdict, symptom, expectation, claims and classes that differ are a change."""
    assert changed(COUNTED, after) == what
    assert set(what) <= set(ASPECTS)


@pytest.mark.parametrize(
    ("copy", "what"),
    [
        (Copy("/device:CPU:1", 10.0, "", ("replica 0", "replica 1")), ("devices",)),
        (Copy("/job:ps/task:0/device:CPU:0", 10.0, "", ("replica 0", "replica 1")), ("devices",)),
        (Copy("/device:CPU:0", 10.0, "", ("merged",)), ("writers",)),
        (Copy("/device:CPU:0", 15.0, "", ("replica 0", "replica 1")), ("values",)),
        (Copy("/device:CPU:0", 10.0 + 1e-7, "", ("replica 0", "replica 1")), ()),
        (Copy("/job:worker/task:0/device:CPU:0", 10.0, "x", ("replica 0", "replica 1")), ()),
    ],
)
def test_copies_are_compared(copy: Copy, what: tuple[str, ...]) -> None:
    """Where a copy is, who wrote it and its value are compared, as far as they are measured."""
    assert changed(COUNTED, with_findings(COUNTED, reading(SEEN, copies=(copy,)))) == what


@pytest.mark.parametrize(
    "after",
    [
        replace(COUNTED, seconds=99.0),
        replace(COUNTED, logs=("elsewhere",)),
        replace(COUNTED, expected=replace(COUNTED.expected, cure="do better")),
        replace(COUNTED, reports=(replace(COUNTED.reports[0], seconds=9.0, facts={"pid": "7"}),)),
        with_findings(COUNTED, reading(SEEN, name="steps_1:0")),
    ],
)
def test_what_chance_decides_is_not_compared(after: Verdict) -> None:
    """Times, process ids, paths, names and advice are no change."""
    assert changed(COUNTED, after) == ()


def random_start(*values: Value) -> Verdict:
    """A weight that starts anywhere: no value is claimed, only that the copies agree."""
    copies = tuple(Copy(f"/device:CPU:{n}", value) for n, value in enumerate(values))
    finding = ClaimReading(
        Claim(equal=True), Reading("variable", "MirroredVariable", copies=copies)
    )
    return with_findings(COUNTED, finding)


def test_a_random_value_is_compared_by_which_copies_agree() -> None:
    """Two runs start from different values; that copies agree in one alone is a change."""
    assert changed(random_start(0.25, 0.25), random_start(0.75, 0.75)) == ()
    assert changed(random_start(0.25, 0.5), random_start(0.75, 0.125)) == ()
    assert changed(random_start(0.25, 0.25), random_start(0.75, 0.125)) == ("values",)
    assert changed(random_start(0.25, 0.25), random_start(0.75, None)) == ("values",)


def test_values_that_diverge_are_compared_by_which_of_them_are_right() -> None:
    """An order that each process rolls for itself is another in every run, and just as wrong."""

    def diverged(*values: Value) -> Verdict:
        (finding,) = random_start(*values).reports[0].findings
        claimed = replace(finding, claim=Claim(value=1.0))
        return replace(with_findings(COUNTED, claimed), symptom="replicas_diverge")

    assert changed(diverged(1.0, 2.0), diverged(1.0, 3.0)) == ()
    assert changed(diverged(1.0, 2.0), diverged(2.0, 1.0)) == ("values",)
    assert changed(diverged(1.0, 2.0), diverged(2.0, 2.0)) == ("values",)


def test_an_exception_is_compared_by_its_class() -> None:
    """The class of what was raised is compared; its message may hold an address or a port."""
    one, other = rejected("object at 0x7f01"), rejected("object at 0x7f02")
    other = replace(other, expected=one.expected)
    assert changed(one, other) == ()
    assert other.reports[0].raised
    raised = replace(other.reports[0].raised, type="TypeError")
    typed = replace(
        other, evidence="TypeError: no", reports=(replace(other.reports[0], raised=raised),)
    )
    assert changed(one, typed) == ("error",)


def test_how_far_workers_came_before_the_end_is_not_compared() -> None:
    """Of a hang, an error or a rejection, what was claimed before it depends on time."""
    hang = replace(COUNTED, symptom="hang", evidence="worker 0 stayed")
    assert changed(hang, replace(hang, reports=(), evidence="worker 1 stayed")) == ()
    dead = failed(case_of(deployment=MIRRORED_2), Expectation(), "killed")
    assert changed(dead, replace(dead, reports=(WorkerReport(0),), evidence="killed, too")) == ()


def test_cells_of_one_side_are_named() -> None:
    """A case that one run lacks is told as such, with what the other saw."""
    more = compare(run_record(COUNTED), run_record(merged()))
    assert [(change.id, change.kind) for change in more.changes] == [
        (merged().case.id, "only in B"),
        (COUNTED.case.id, "only in A"),
    ]
    assert more.counts == "0 alike, 0 changed, 1 only in A, 1 only in B"


def test_what_differs_between_the_runs_is_told() -> None:
    """Versions, machine and scripts that differ are named with both sides."""
    before = run_record(COUNTED)
    script = replace(before.scripts[0], source="one\ntwo\n")
    after = run_record(
        COUNTED,
        tensorflow="2.22.0",
        scripts=(script,),
        device="gpu",
        machine=replace(before.machine, cores=64, nccl="2.25"),
    )
    found = {each.what: (each.before, each.after) for each in compare(before, after).differences}
    assert found == {
        "TensorFlow": ("2.21.0", "2.22.0"),
        "device": ("cpu", "gpu"),
        "cores": ("2", "64"),
        "NCCL": ("none", "2.25"),
        "script counters": ("6 lines", "edited, 2 lines"),
    }


def test_the_order_is_that_of_the_later_run() -> None:
    """Changes stand in the order of the later run's table, what it lacks at the end."""
    other = report_of(worker=0)
    first, second = merged(), counted_per_replica(WORKERS_2X1)
    before = run_record(
        replace(second, reports=(other,)), replace(first, reports=(other,)), COUNTED
    )
    comparison = compare(before, run_record(first, second))
    assert [change.id for change in comparison.changes] == [
        first.case.id,
        second.case.id,
        COUNTED.case.id,
    ]
