"""The record of chaos: its shape, what is rejected, and how it is shown again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from testbed.chaos.record import ChaosRecord, Outcome
from testbed.cli.main import main
from testbed.decoding import decoded
from tests.unit.chaos.builders import came_of, killed, of_every_result, record_of, text_of, whole

RECORD = record_of(*of_every_result())


def as_json(record: ChaosRecord = RECORD) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    return data


CASE = as_json()["cases"][0]


def test_a_record_survives_json() -> None:
    """A record that is written and read is the same."""
    assert decoded(ChaosRecord, as_json()) == RECORD


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
