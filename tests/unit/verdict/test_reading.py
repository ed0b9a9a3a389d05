"""Readings and reports: what workers write is what the launching process reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from testbed.decoding import decoded
from testbed.verdict.reading import (
    REPORT_VERSION,
    Claim,
    ClaimReading,
    Copy,
    Raised,
    Reading,
    WorkerReport,
)
from tests.unit.builders import on_read_of, raised_of, reading_of

FULL = WorkerReport(
    worker=1,
    replica_devices=("/device:CPU:0", "/device:CPU:1"),
    findings=(
        ClaimReading(
            Claim(value=[1.0, "nan"], equal=True, per_replica=[1.0, [2.0]], stale=0.0, start=1.0),
            Reading(
                kind="variable",
                type="MirroredVariable",
                name="steps:0",
                mirrored=True,
                synchronization="AUTO",
                aggregation="MEAN",
                shape=(None, 2),
                dtype="float32",
                copies=(Copy("/device:CPU:0", [1.0, "nan"]), Copy("", None, "NotFoundError: x")),
            ),
        ),
        ClaimReading(Claim(value=3.0), on_read_of(3.0, 1.0, 2.0)),
        ClaimReading(Claim(equal=True), on_read_of(None, 1.0, 2.0, problem="ValueError: no")),
        ClaimReading(
            Claim(shared=True), reading_of(1), other=reading_of("sha256:00"), identical=False
        ),
    ),
    raised=Raised("ValueError", "no\nnot at all", "Traceback ...", "tensorflow", "ways.py:3 in f"),
    seconds=1.25,
    facts={"tensorflow": "2.21.0", "seed": "1001"},
)


def through_json(report: WorkerReport) -> Any:
    return json.loads(json.dumps(report.to_json()))


@pytest.mark.parametrize("report", [FULL, WorkerReport(worker=0)], ids=["full", "empty"])
def test_a_report_survives_json(report: WorkerReport) -> None:
    """A report written as JSON and read back equals itself, down to tuples and None."""
    assert decoded(WorkerReport, through_json(report)) == report


@pytest.mark.parametrize("version", [REPORT_VERSION + 1, REPORT_VERSION - 1, None])
def test_a_report_of_another_version_is_refused(version: int | None) -> None:
    """A report of another version, or of none, is refused with both versions."""
    data = {**through_json(FULL), "version": version}
    with pytest.raises(ValueError, match=f"version {version}, not {REPORT_VERSION}"):
        decoded(WorkerReport, data)


def test_a_reading_gives_devices_and_values_copy_by_copy() -> None:
    """Devices and values of a reading stand in the order of its copies."""
    reading = reading_of(1.0, None, devices=["/device:CPU:1", "/device:CPU:0"])
    assert reading.devices == ["/device:CPU:1", "/device:CPU:0"]
    assert reading.values == [1.0, None]


IN_USER_CODE = """in user code:

    File "ways.py", line 12, in step  *
        raise ValueError("not this: neither")

    ValueError: variables are made once: not twice
"""


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("no", "ValueError: no"),
        ("\n  no  \nand more", "ValueError: no"),
        ("", "ValueError with an empty message"),
        (IN_USER_CODE, "ValueError: variables are made once: not twice"),
        (
            "Graph execution error:\n\nDetected at node Sum defined at (most recent call last):\n"
            '  File "/home/me/train.py", line 3, in step\n\n'
            "Detected at node Other defined at (most recent call last):\n"
            "<stack traces unavailable>\nNode: 'Reduce'\nCollective ops is aborted\n\nRPC: x",
            "ValueError: Collective ops is aborted",
        ),
    ],
    ids=["line", "lines", "empty", "in user code", "in a graph"],
)
def test_an_exception_is_shown_by_its_first_telling_line(message: str, shown: str) -> None:
    """An exception is shown as its type and one line, without what AutoGraph puts before it."""
    assert str(raised_of(message)) == shown


def test_what_is_read_is_the_value_where_no_copy_holds_it() -> None:
    """Of a variable that is synchronized on read, the value is what a reader gets."""
    assert on_read_of(1.5, 0.75, 0.75).values == [1.5]
    assert on_read_of(None, 0.75, 0.75, problem="ValueError: no").values == [None]


def test_a_reading_of_before_what_is_read_was_kept_can_be_read() -> None:
    """A record of an earlier testbed has no such field, and its copies are what was read."""
    data = through_json(WorkerReport(0, findings=(ClaimReading(Claim(), reading_of(1.0, 2.0)),)))
    del data["findings"][0]["reading"]["read"]
    assert decoded(WorkerReport, data).findings[0].reading.values == [1.0, 2.0]
