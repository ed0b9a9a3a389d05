"""The record of chaos: its shape, its schema, what is refused, and how it is shown again."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.fault import FAULTS, Fault
from testbed.chaos.record import (
    REACTIONS,
    RESULTS,
    CaseRecord,
    ChaosRecord,
    Outcome,
    Reaction,
    Resumed,
    Undisturbed,
)
from testbed.cli.main import main
from testbed.report.records.files import check, schema_of
from tests.unit.chaos.builders import came_of, killed, of_every_result, record_of, text_of, whole
from tests.unit.report.builders import objects

SCHEMA = schema_of("chaos")
DEFINED = SCHEMA["definitions"]
RECORD = record_of(*of_every_result())


def as_json(record: ChaosRecord = RECORD) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    return data


CASE = as_json()["cases"][0]


def test_a_record_is_valid() -> None:
    """What is written is what the schema says."""
    check(as_json())
    check(as_json(record_of()))


def test_a_record_survives_json() -> None:
    """A record that is written and read is the same."""
    assert ChaosRecord.from_json(as_json()) == RECORD


def test_the_schema_describes_every_field() -> None:
    """Every field has a sentence, or is of a kind that has one, and is required."""
    silent = []
    for place, described in objects(SCHEMA):
        found = described["properties"]
        silent += [
            f"{place}: {name}"
            for name, field in found.items()
            if not (field.get("description") or "$ref" in field)
        ]
        assert set(described["required"]) == set(found), place
        assert described["additionalProperties"] is False, place
    assert silent == []
    assert all(part.get("description") for part in DEFINED.values())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (CaseRecord, "case"),
        (Undisturbed, "undisturbed"),
        (Outcome, "outcome"),
        (Reaction, "reaction"),
        (Resumed, "resumed"),
        (Fault, "fault"),
    ],
)
def test_the_schema_s_fields_are_the_record_s(kind: Any, name: str) -> None:
    """The schema names the fields that are written: none that is gone, and none is left out."""
    assert set(DEFINED[name]["properties"]) == {field.name for field in fields(kind)}


def test_the_schema_s_words_are_the_code_s() -> None:
    """The closed lists of the schema are those of the code."""
    assert DEFINED["fault"]["properties"]["kind"]["enum"] == list(FAULTS)
    assert DEFINED["reaction"]["properties"]["kind"]["enum"] == list(REACTIONS)
    result = DEFINED["outcome"]["properties"]["result"]
    assert result["enum"] == list(RESULTS)
    assert all(meaning in result["description"] for meaning in RESULTS.values())


@pytest.mark.parametrize(
    ("outcomes", "recovered"),
    [
        ((came_of(killed(), whole()), came_of(whole())), True),
        ((came_of(killed(), whole()), came_of(killed(), whole(8.0))), False),
        ((came_of(killed()),), False),
        ((), True),
    ],
    ids=["all", "one wrong", "lost", "none"],
)
def test_whether_all_recovered(outcomes: tuple[Outcome, ...], recovered: bool) -> None:
    """Everything that was done has to have recovered."""
    assert record_of(*outcomes).recovered is recovered


def test_a_case_that_fails_undisturbed_is_not_recovered() -> None:
    """A case to which nothing could be done is no success."""
    (case,) = record_of().cases
    broken = replace(case, undisturbed=replace(case.undisturbed, finished=False))
    assert not record_of(cases=(broken,)).recovered


def test_report_shows_it_as_it_was_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`testbed report` of the file prints what the command printed."""
    path = tmp_path / "chaos.json"
    path.write_text(json.dumps(as_json()))
    assert main(["report", str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.split() == text_of(RECORD).split()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--html", "x"], "--html: a record of chaos cannot be shown so; choose from --json"),
        (["--markdown"], "--markdown: a record of chaos cannot be shown so"),
        (["chaos.json"], "a record of chaos is shown alone"),
    ],
)
def test_it_is_shown_in_one_form_only(
    more: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What cannot be drawn of it is refused in one line, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("chaos.json").write_text(json.dumps(as_json()))
    assert main(["report", "chaos.json", *more]) == 2
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["chaos.json"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 99}, "version 99 of a chaos record, and this testbed reads version 1"),
        ({"seed": "seven"}, "not a valid record: data.seed must be integer"),
        ({"cases": [{}]}, "not a valid record: data.cases[0] must contain"),
        ({"more": 1}, "not a valid record"),
        (
            {"cases": [{**CASE, "undisturbed": {**CASE["undisturbed"], "reported": []}}]},
            "data.cases[0].undisturbed.reported must contain at least 1 items",
        ),
    ],
)
def test_what_is_no_record_is_refused(
    change: dict[str, Any], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong with the file."""
    path = tmp_path / "chaos.json"
    path.write_text(json.dumps({**as_json(), **change}))
    assert main(["report", str(path)]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1
