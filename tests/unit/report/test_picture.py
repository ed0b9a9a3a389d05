"""The picture of a claim: who is where, and who wrote what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.report.formats.picture import LONGEST_VALUE, pictures_of, value_text
from testbed.verdict.reading import Claim, ClaimReading, Copy, Reading, Value, WorkerReport
from testbed.verdict.verdict import Verdict
from tests.unit.builders import (
    MIRRORED_2,
    ONE_DEVICE,
    WORKERS_2X2,
    case_of,
    counted_per_replica,
    merged,
    mirrored_of,
    on_read_of,
    reading_of,
    rejected,
    report_of,
)


def picture(verdict: Verdict, number: int = 0) -> dict[str, Any]:
    return pictures_of(verdict.case, verdict.reports)[number]


def places(drawn: dict[str, Any]) -> list[tuple[str, str, list[int], list[int]]]:
    """Host, device, replicas and copies."""
    return [
        (host["name"], device["name"], device["replicas"], device["copies"])
        for host in drawn["hosts"]
        for device in host["devices"]
    ]


def test_every_replica_stands_on_its_device_by_its_global_number() -> None:
    """Replica i of worker w is number w*R + i, on the device that it reported."""
    assert places(picture(counted_per_replica(WORKERS_2X2))) == [
        ("worker 0", "CPU:0", [0], [0]),
        ("worker 0", "CPU:1", [1], []),
        ("worker 1", "CPU:0", [2], [1]),
        ("worker 1", "CPU:1", [3], []),
    ]


def test_two_replicas_that_write_one_copy_are_two_arrows() -> None:
    """Each writer has an arrow of its own, and that they meet in one copy is marked."""
    drawn = picture(counted_per_replica(MIRRORED_2))
    assert drawn["arrows"] == [
        {"replica": 0, "copy": 0, "crowded": True},
        {"replica": 1, "copy": 0, "crowded": True},
    ]
    assert drawn["merge"] is None
    assert (drawn["copies"][0]["value"], drawn["copies"][0]["mark"]) == ("10", "wrong")
    assert drawn["details"]["claimed"] == "5"


def test_what_is_merged_goes_through_one_node() -> None:
    """All replicas lead into the merge, which has the aggregation's name, and from it to copies."""
    drawn = picture(merged(WORKERS_2X2))
    assert drawn["merge"] == {
        "label": "merged: MEAN",
        "replicas": [0, 1, 2, 3],
        "copies": [0, 1, 2, 3],
    }
    assert drawn["arrows"] == []
    assert {copy["mark"] for copy in drawn["copies"]} == {"right"}


def test_a_copy_elsewhere_has_a_device_of_its_own() -> None:
    """A copy on a device without a replica is drawn there, beside the replica's empty device."""
    finding = ClaimReading(Claim(mirrored=True), reading_of(1.0))
    report = report_of(finding, devices=["/device:CPU:1"])
    drawn = pictures_of(case_of(deployment=ONE_DEVICE), (report,))[0]
    assert places(drawn) == [("worker 0", "CPU:1", [0], []), ("worker 0", "CPU:0", [], [0])]


def test_what_is_on_no_device_is_still_drawn() -> None:
    """A Python value stands on no device, and a symbolic tensor without copies is there, too."""
    python = ClaimReading(Claim(), Reading("python", "float", copies=(Copy("", 1.5),)))
    symbolic = ClaimReading(Claim(), Reading("symbolic", "SymbolicTensor", "add:0"))
    report = report_of(python, symbolic)
    one, other = pictures_of(case_of(), (report,))
    assert places(one)[-1] == ("worker 0", "no device", [], [0])
    assert other["copies"][0]["problem"] == "no copy"


def test_two_objects_are_both_drawn_and_one_is_drawn_once() -> None:
    """The other object is drawn where it is another one."""
    apart = ClaimReading(Claim(shared=True), mirrored_of(1.0, 1.0), mirrored_of(2.0, 2.0), False)
    alike = replace(apart, identical=True)
    one, other = pictures_of(case_of(), (report_of(apart, alike, replicas=2),))
    assert [each["role"] for each in one["objects"]] == ["object", "other"]
    assert places(one) == [("worker 0", "CPU:0", [0], [0, 2]), ("worker 0", "CPU:1", [1], [1, 3])]
    assert [each["role"] for each in other["objects"]] == ["object"]


@pytest.mark.parametrize(
    ("claim", "values", "marks"),
    [
        (Claim(value=5.0), (5.0, 5.0000001, 6.0), ["right", "right", "wrong"]),
        (Claim(equal=True), (1.0, 1.0, 2.0), ["right", "right", "differs"]),
        (Claim(mirrored=True), (1.0, 2.0, 3.0), ["", "", ""]),
    ],
)
def test_wrong_values_are_marked(claim: Claim, values: tuple[Value], marks: list[str]) -> None:
    """A copy is right or wrong by the claimed value, or differs from the first."""
    report = report_of(ClaimReading(claim, mirrored_of(*values)), replicas=3)
    drawn = pictures_of(case_of(), (report,))[0]
    assert [copy["mark"] for copy in drawn["copies"]] == marks


def test_what_is_read_is_marked_and_its_copies_are_not() -> None:
    """Where reading makes one value of the copies, that one is right or wrong."""
    for claimed, mark in ((3.0, "right"), (1.0, "wrong")):
        report = report_of(
            ClaimReading(Claim(value=claimed), on_read_of(3.0, 1.0, 2.0)), replicas=2
        )
        drawn = pictures_of(case_of(), (report,))[0]
        assert drawn["claim"] == f"reads as {claimed:g}"
        assert drawn["objects"][0]["read"] == {"value": "3", "problem": "", "mark": mark}
        assert [copy["mark"] for copy in drawn["copies"]] == ["", ""]
    assert picture(merged(MIRRORED_2))["objects"][0]["read"] is None


def test_workers_that_differ_are_marked() -> None:
    """Copies that should be equal are held against the first copy of the first worker."""
    claim = Claim(equal=True)
    reports = [
        report_of(ClaimReading(claim, reading_of(v)), worker=w) for w, v in ((0, 1.0), (1, 2.0))
    ]
    drawn = pictures_of(case_of(deployment=WORKERS_2X2), reports)[0]
    assert [copy["mark"] for copy in drawn["copies"]] == ["right", "differs"]


def test_parameter_servers_have_boxes_of_their_own() -> None:
    """The chief's variables live on a server, and its steps run on whichever worker is free."""
    deployment = Deployment("parameter_server", Cluster(2, 1))
    copy = Copy("/job:ps/replica:0/task:0/device:CPU:0", 5.0, "", ("replica 0",))
    finding = ClaimReading(Claim(value=5.0), Reading("variable", "Variable", copies=(copy,)))
    report = report_of(finding, devices=["/job:worker/device:CPU:0"])
    drawn = pictures_of(case_of(deployment=deployment), (report, WorkerReport(worker=1)))[0]
    assert [host["name"] for host in drawn["hosts"]] == ["any worker", "ps 0"]


def test_a_writer_that_nobody_knows_draws_no_arrow() -> None:
    """A record may name any writer; only replicas that are drawn have arrows."""
    copy = Copy("/device:CPU:0", 5.0, "", ("replica 9", "replica x", "somebody"))
    finding = ClaimReading(Claim(value=5.0), Reading("variable", "Variable", copies=(copy,)))
    drawn = pictures_of(case_of(), (report_of(finding),))[0]
    assert (drawn["arrows"], drawn["merge"]) == ([], None)


def test_no_arrow_crosses_from_worker_to_worker() -> None:
    """A replica cannot write a copy of another process, whatever a record says."""
    verdict = counted_per_replica(WORKERS_2X2)
    first, second = verdict.reports
    (finding,) = first.findings
    drawn = pictures_of(verdict.case, (first, replace(second, findings=(finding,))))[0]
    assert [(arrow["replica"], arrow["copy"]) for arrow in drawn["arrows"]] == [(0, 0), (1, 0)]


def test_no_claim_no_picture() -> None:
    """A case that raised before it claimed anything has no picture."""
    verdict = rejected("no")
    assert pictures_of(verdict.case, verdict.reports) == []
    assert pictures_of(verdict.case, ()) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (10.0, "10"),
        (0.1, "0.1"),
        ([1.0, [2.5, "nan"]], '[1, [2.5, "nan"]]'),
        (True, "true"),
        ("sha256:00\x1b[1m", "sha256:00"),
        ("x" * 5000, "x" * LONGEST_VALUE + "..."),
    ],
)
def test_values_are_told_in_full_but_not_without_end(value: Value, text: str) -> None:
    """A value is shown as people write it; only a text without end is cut."""
    assert value_text(value) == text
