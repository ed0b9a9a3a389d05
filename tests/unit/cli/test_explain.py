"""`testbed explain`: what it finds for each kind of topic."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.check.finding import CODES
from tests.unit.builders import write_script
from tests.unit.cli.status import status_of

MESSAGE = "the shapes of these two things do not fit"
REJECTED = f'''
@scenario(modes="eager")
@breaks("rejected", error="{MESSAGE}", cure="make them fit")
def fitted(bed: Bed) -> None:
    """Two things fit."""
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario folder of one script, and a narrow terminal."""
    write_script(tmp_path, "things.py", REJECTED)
    monkeypatch.setattr("testbed.catalogue.selection.scenario_folder", lambda: tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def explained(*topics: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert status_of("explain", *topics) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


@pytest.mark.parametrize("code", ["TB201", "tb201"])
def test_a_code(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A code is found in any case."""
    assert explained(code, capsys=capsys).startswith("TB201 replicas_diverge (error)\n")


@pytest.mark.parametrize("name", SYMPTOMS)
def test_every_symptom(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A symptom has its codes, and its scenarios."""
    shown = explained(name, capsys=capsys)
    assert shown.startswith(f"{name} (symptom)\n")
    assert all(code.code in shown for code in CODES.values() if code.symptom == name)
    assert ("things.fitted" in shown) == (name == "rejected")


def test_a_script_and_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """A script lists its scenarios; a scenario has its claim, where it fails, and the cure."""
    assert "  fitted  Two things fit." in explained("things", capsys=capsys)
    shown = explained("things.fitted", capsys=capsys)
    assert "claim:   Two things fit.\n" in shown
    assert f"rejected ({MESSAGE})" in " ".join(shown.split())
    assert "cure:    make them fit\n" in shown


def test_a_pasted_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A message that contains the error of a scenario gets its cure, also from standard input."""
    message = f"Traceback ...\nValueError: {MESSAGE}: (2,) and (3,)"
    shown = explained(message, capsys=capsys)
    assert "cure:    make them fit\n" in shown
    assert "testbed run things.fitted" in shown
    monkeypatch.setattr(sys, "stdin", io.StringIO(message))
    assert explained("-", capsys=capsys) == shown


def test_an_unknown_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A message of which nothing is known is one line with its last line, and status 2."""
    assert status_of("explain", "first line\nValueError: something else") == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "no known error is in 'ValueError: something else'" in errors


def test_everything_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a topic, every code and every symptom has a line that fits the terminal."""
    lines = explained(capsys=capsys).splitlines()
    assert max(map(len, lines)) <= 80
    first = [line.split()[0] for line in lines if line.startswith("  ")]
    assert first == [*CODES, *SYMPTOMS]


def test_several_topics(capsys: pytest.CaptureFixture[str]) -> None:
    """Several topics are explained one after the other."""
    shown = explained("TB101", "hang", capsys=capsys)
    assert "TB101 counted_per_replica (error)\n" in shown
    assert "\n\nhang (symptom)\n" in shown
