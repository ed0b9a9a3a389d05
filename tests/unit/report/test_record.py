"""The record of a run: what is written is read back alike, and says only what the schema says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from testbed.catalogue.scenario import MODES, SITES
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.cluster.strategies import STRATEGIES
from testbed.report.records.files import check, schema_of
from testbed.report.records.record import RunRecord
from tests.unit.report.builders import RECORDS, objects


def written(record: RunRecord) -> Any:
    return json.loads(json.dumps(record.to_json()))


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_survives_json(record: RunRecord) -> None:
    """A record that is written, read and written again is the same to the last letter."""
    again = RunRecord.from_json(written(record))
    assert json.dumps(again.to_json()) == json.dumps(record.to_json())
    assert again == record


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_record_is_valid(record: RunRecord) -> None:
    """What is written is what the schema says."""
    check(written(record))


LATER = {"/definitions/reading": {"read"}}
"""Fields that records of the same version may lack, because they are older."""


def test_the_schema_describes_every_field() -> None:
    """Every field has a sentence, or is of a kind that has one, and is required."""
    schema = schema_of("run")
    silent = []
    for place, described in objects(schema):
        fields = described["properties"]
        silent += [
            f"{place}: {name}"
            for name, field in fields.items()
            if not (field.get("description") or "$ref" in field)
        ]
        assert set(described["required"]) == set(fields) - LATER.get(place, set()), place
        assert described["additionalProperties"] is False, place
    assert silent == []
    assert all(part.get("description") for part in schema["definitions"].values())


def test_the_schema_s_fields_are_the_record_s() -> None:
    """The schema names the fields that are written: none that is gone, and none is left out."""
    data = written(RECORDS["all kinds"])
    definitions = schema_of("run")["definitions"]
    case = data["cases"][0]
    report = case["reports"][0]
    finding = report["findings"][0]
    for part, name in (
        (data["scripts"][0], "script"),
        (data["scripts"][0]["scenarios"][0], "scenario"),
        (case, "case"),
        (report, "report"),
        (finding, "finding"),
        (finding["claim"], "claim"),
        (finding["reading"], "reading"),
        (finding["reading"]["copies"][0], "copy"),
        (data["cases"][2]["reports"][0]["raised"], "raised"),
    ):
        assert set(part) == set(definitions[name]["properties"]), name


def test_the_schema_s_words_are_the_code_s() -> None:
    """The closed lists of the schema are those of the code."""
    definitions = schema_of("run")["definitions"]
    case = definitions["case"]["properties"]
    assert set(definitions["symptom"]["enum"]) == set(SYMPTOMS)
    assert set(case["site"]["enum"]) == set(SITES)
    assert set(case["mode"]["enum"]) == set(MODES)
    assert set(case["strategy"]["enum"]) == set(STRATEGIES)


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
    """A record that is not as the schema says is refused in one short line with the place."""
    data = written(RECORDS["all kinds"])
    *outer, last = path
    part = data
    for step in outer:
        part = part[step]
    part[last] = value
    with pytest.raises(ValueError, match="data") as problem:
        check(data)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) <= 200
