"""What a run says as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.report.records.summary import counts, way_against_place
from testbed.verdict.verdict import Verdict
from tests.unit.builders import DEFAULT, MIRRORED_2, case_of, verdict_of

COUNTED = "counted_per_replica"


def compared(verdicts: Sequence[Verdict]) -> list[str]:
    """The comparison of scenarios that claim what their name says."""
    claims = {verdict.case.scenario: verdict.case.claim for verdict in verdicts}
    return way_against_place(verdicts, claims)


def shared(script: str, symptom: str = "", site: str = "outside_scope", kind: str = "") -> Verdict:
    return verdict_of(case_of(f"{script}.counter", site), symptom, kind=kind)


def test_counts_add_up() -> None:
    """Every case is counted once: as it should be, or as unexpected."""
    verdicts = [
        shared("returned"),
        shared("returned"),
        shared("returned", COUNTED),
        shared("returned", kind="skipped"),
        verdict_of(case_of(), COUNTED, as_expected=False),
        verdict_of(case_of(), kind="error", as_expected=False),
        verdict_of(case_of(), as_expected=False),
    ]
    assert counts(verdicts) == (
        "7 cases: 2 behave, 1 failure shown as documented, 1 skipped, 3 unexpected"
    )  # fmt: skip


def test_nothing_unexpected_is_said_too() -> None:
    """A run without surprises says so; of other kinds it names only what it saw."""
    assert counts([shared("returned"), shared("module_global")]) == (
        "2 cases: 2 behave, 0 unexpected"
    )


def test_ways_that_behave_alike() -> None:
    """Ways that all behave are told in one line for each site."""
    verdicts = [
        shared(script, site=site)
        for script in ("returned", "module_global", "tf_module")
        for site in ("outside_scope", "in_scope")
    ]
    assert compared(verdicts) == [
        "counter made outside_scope, shared in 3 ways: behaves in all 3 cases, every way alike",
        "counter made in_scope, shared in 3 ways: behaves in all 3 cases, every way alike",
    ]


def test_ways_that_break_alike() -> None:
    """Ways that break by one symptom differ from nothing but the place."""
    assert compared([shared("returned", COUNTED), shared("module_global", COUNTED)]) == [
        "counter made outside_scope, shared in 2 ways:"
        " breaks in 2 of 2 cases (counted_per_replica), every way alike"
    ]


def test_ways_that_differ_are_told_loudly() -> None:
    """Ways that show different things in the same circumstances are what the run looks for."""
    assert compared([shared("returned"), shared("module_global", COUNTED)]) == [
        "counter made outside_scope, shared in 2 ways:"
        " breaks in 1 of 2 cases (counted_per_replica), THE WAYS DIFFER"
    ]


def test_two_symptoms_are_two_differences() -> None:
    """Ways that both break, but not by one symptom, differ."""
    (line,) = compared([shared("returned", "hang"), shared("module_global", COUNTED)])
    assert line.endswith("2 of 2 cases (hang, counted_per_replica), THE WAYS DIFFER")


def test_only_equal_circumstances_are_compared() -> None:
    """That one strategy breaks a claim and another does not is no difference between ways."""
    verdicts = [
        verdict_of(case_of(f"{script}.counter", deployment=deployment), symptom)
        for script in ("returned", "module_global")
        for deployment, symptom in ((DEFAULT, ""), (MIRRORED_2, COUNTED))
    ]
    (line,) = compared(verdicts)
    assert line.endswith("breaks in 2 of 4 cases (counted_per_replica), every way alike")


def test_one_way_is_compared_with_nothing() -> None:
    """Scenarios that exist in one script only have nothing to be compared with."""
    assert compared([shared("returned"), shared("returned", site="in_scope")]) == []
    assert compared([]) == []


def test_a_skipped_case_has_not_broken() -> None:
    """Cases that the machine could not run are not told as broken."""
    verdicts = [
        verdict_of(case_of(f"{script}.counter", deployment=deployment), kind=kind)
        for script in ("returned", "module_global")
        for deployment, kind in ((DEFAULT, "behaves"), (MIRRORED_2, "skipped"))
    ]
    (line,) = compared(verdicts)
    assert "breaks" not in line


def test_what_could_not_be_judged_says_nothing_of_the_ways() -> None:
    """Where a run has ended early, the ways are compared by the cases that it has judged."""
    judged = [shared("returned"), shared("module_global")]
    lost = [shared("returned", kind="error"), shared("closure", kind="error")]
    assert compared([*judged, *lost]) == [
        "counter made outside_scope, shared in 3 ways: behaves in all 2 cases, every way alike"
    ]
    assert compared(lost)[0].endswith("2 ways: no case was judged")
