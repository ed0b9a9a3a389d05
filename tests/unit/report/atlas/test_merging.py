"""Records of several versions become an atlas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.errors import UsageError
from testbed.report.atlas.atlas import Atlas
from testbed.report.atlas.merging import atlas_of
from testbed.report.records.header import Versions
from testbed.report.records.record import RunRecord
from testbed.verdict.verdict import Verdict
from tests.unit.builders import counted_per_replica, merged, rejected, run_record


def run_of(tensorflow: str, *verdicts: Verdict, keras: str = "3.5", **changes: Any) -> RunRecord:
    versions = Versions("0.1.0", "3.11.7", tensorflow, keras)
    return run_record(*verdicts, run=f"run-{tensorflow}", versions=versions, **changes)


def outcomes_of(*records: RunRecord) -> list[tuple[str, str, str]]:
    """The outcomes of the only case: first and last version, and what happened."""
    (cell,) = atlas_of(records).cells
    return [(each.first, each.last, each.named) for each in cell.outcomes]


def test_successive_versions_with_the_same_outcome_are_one() -> None:
    """The versions are put in order, whatever the order of the records."""
    found = outcomes_of(
        run_of("2.21.0", merged()),
        run_of(
            "2.9.3", replace(merged(), kind="breaks", symptom="wrong_value", evidence="7 for 5")
        ),
        run_of("2.16.2", merged()),
        run_of("2.15.1", merged()),
    )
    assert found == [("2.9.3", "2.9.3", "wrong_value"), ("2.15.1", "2.21.0", "behaves")]


def test_an_outcome_that_returns_is_two() -> None:
    """What broke only between two versions has three outcomes."""
    broken = replace(merged(), kind="breaks", symptom="hang")
    found = outcomes_of(*map(run_of, ("2.15.1", "2.16.2", "2.17.1"), (merged(), broken, merged())))
    assert [named for _, _, named in found] == ["behaves", "hang", "behaves"]


def test_the_class_of_an_exception_makes_an_outcome() -> None:
    """Another class of exception is another outcome; another message is further evidence."""
    other = rejected("no")
    (report,) = other.reports
    assert report.raised
    as_type = replace(report, raised=replace(report.raised, type="TypeError"))
    other = replace(other, evidence="TypeError: no", reports=(as_type,))
    runs = map(
        run_of,
        ("2.15.1", "2.16.2", "2.17.1"),
        (rejected("no"), rejected("never"), other),
    )
    (cell,) = atlas_of(list(runs)).cells
    assert [each.named for each in cell.outcomes] == [
        "rejected (ValueError)",
        "rejected (TypeError)",
    ]
    assert cell.outcomes[0].evidence == ("ValueError: no", "ValueError: never")
    assert cell.changes


def test_a_version_without_the_case_divides_nothing_else() -> None:
    """A case that a run lacks has no outcome there, and the others keep theirs."""
    records = [
        run_of("2.15.1", merged()),
        run_of("2.16.2", counted_per_replica()),
        run_of("2.17.1", merged(), counted_per_replica()),
    ]
    found = {
        cell.case.id: [(each.first, each.last) for each in cell.outcomes]
        for cell in atlas_of(records).cells
    }
    assert found == {
        merged().case.id: [("2.15.1", "2.15.1"), ("2.17.1", "2.17.1")],
        counted_per_replica().case.id: [("2.16.2", "2.17.1")],
    }


def test_what_differs_in_each_run_is_no_evidence() -> None:
    """Addresses, ports and folders are left out, so that a repeat gives the same atlas."""
    verdicts = [
        rejected(f"<Var at 0x7f93a55{n}a70> at 127.0.0.1:4{n}123, /tmp/{n}/a.py") for n in (1, 2)
    ]
    (cell,) = atlas_of(list(map(run_of, ("2.15.1", "2.16.2"), verdicts))).cells
    (outcome,) = cell.outcomes
    assert outcome.evidence == ("ValueError: <Var at 0x...> at 127.0.0.1:..., a.py",)


def test_two_runs_of_one_tensorflow_are_named_by_their_keras() -> None:
    """So one TensorFlow can be shown with Keras 2 and Keras 3."""
    atlas = atlas_of(
        [run_of("2.18.1", merged(), keras=keras) for keras in ("3.5.0", "2.18.0")]
        + [run_of("2.15.1", merged())]
    )
    assert [each.name for each in atlas.versions] == [
        "2.15.1",
        "2.18.1 with Keras 2.18.0",
        "2.18.1 with Keras 3.5.0",
    ]


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (
            [run_of("2.15.1", merged()), run_of("2.15.1", merged())],
            "run-2.15.1 and run-2.15.1 are both of TensorFlow 2.15.1",
        ),
        (
            [run_of("2.15.1", merged()), run_of("2.16.2", merged(), device="gpu")],
            "run-2.15.1 is of cpu, run-2.16.2 of gpu",
        ),
        ([run_record(versions=Versions("0.1.0", "3.11.7", None, None))], "no worker of this run"),
    ],
)
def test_runs_that_are_not_of_different_versions(records: list[RunRecord], told: str) -> None:
    """One line says which two of them do not fit together, and why."""
    with pytest.raises(UsageError, match=told):
        atlas_of(records)


def atlas(**changes: Any) -> Atlas:
    made = atlas_of([run_of("2.15.1", merged()), run_of("2.16.2", counted_per_replica())])
    return replace(made, **changes)


def test_an_inconsistent_atlas_is_refused() -> None:
    """Cells that stand there twice, without a scenario, or with unknown versions."""
    whole = atlas()
    whole.require_consistent()
    first, *_ = whole.cells
    (outcome,) = first.outcomes
    unknown = replace(first, outcomes=(replace(outcome, last="2.99"),))
    backwards = replace(
        first, outcomes=(replace(outcome, first="2.16.2"), replace(outcome, last="2.15.1"))
    )
    for changes, told in (
        ({"cells": (first, first)}, "two cells are"),
        ({"scenarios": ()}, "names a scenario that the atlas lacks"),
        ({"cells": (unknown,)}, "its versions are unknown or not in order"),
        ({"cells": (backwards,)}, "its versions are unknown or not in order"),
    ):
        with pytest.raises(ValueError, match=told):
            replace(whole, **changes).require_consistent()
