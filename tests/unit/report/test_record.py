"""The record of a run: what is written is read back alike, and a wrong field is rejected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from testbed.decoding import InvalidDataError, decoded
from testbed.report.records.record import RunRecord
from tests.unit.report.builders import RECORDS


def written(record: RunRecord) -> Any:
    return json.loads(json.dumps(record.to_json()))


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_survives_json(record: RunRecord) -> None:
    """A record that is written, read and written again is the same to the last letter."""
    again = decoded(RunRecord, written(record))
    assert json.dumps(again.to_json()) == json.dumps(record.to_json())
    assert again == record


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("cases", 0, "symptom"), "sadness", "data.cases[0].symptom"),
        (("cases", 0, "seconds"), "long", "data.cases[0].seconds must be number"),
        (("cases", 0, "scenario"), "nodot", "data.cases[0].scenario must match pattern"),
        (("cases", 0, "workers"), 0, "data.cases[0].workers must be bigger than or equal to 1"),
        (("device",), "tpu", "data.device must be one of"),
        (("more",), 1, "data must not contain {'more'} properties"),
    ],
    ids=["symptom", "type", "pattern", "number", "device", "extra"],
)
def test_what_is_wrong_is_told_with_its_place(path: Any, value: Any, told: str) -> None:
    """A record with a wrong field is rejected in one short line with the place."""
    data = written(RECORDS["all kinds"])
    *outer, last = path
    part = data
    for step in outer:
        part = part[step]
    part[last] = value
    with pytest.raises(InvalidDataError) as problem:
        decoded(RunRecord, data)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) <= 200
