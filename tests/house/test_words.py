"""Closed lists are closed, and what the house does not do is done nowhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.cli.declarations.command_words import commands
from tests.house.sources import (
    DOCS,
    ROOT,
    SCENARIOS,
    TESTBED,
    TESTS,
    imported_names,
    nodes_of,
    python_files,
    short,
    text_constants,
)

# Written so that this file does not hold them.
LEFT_OVER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
TEXTS = (".py", ".md", ".toml", ".txt", ".yml", ".yaml", "Makefile")


def test_every_symptom_is_diagnosed() -> None:
    """A symptom that nothing produces would be a promise that nobody keeps."""
    used = {
        text
        for name in ("verdict/diagnosis.py", "run/attempt.py")
        for text in text_constants(TESTBED / name)
    }
    assert set(SYMPTOMS) - used == set()


def test_every_diagnosis_is_a_symptom() -> None:
    """A diagnosis names a symptom of the closed list, which has its meaning and its cure."""
    named = {
        node.args[0].value
        for name in ("verdict/diagnosis.py", "run/attempt.py")
        for node in nodes_of(TESTBED / name)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Diagnosis"
        and isinstance(node.args[0], ast.Constant)
    }
    assert "symbolic_leak" in named
    assert named - set(SYMPTOMS) == set()


def test_every_symptom_has_a_meaning_and_a_cure() -> None:
    """No symptom is told to people as a bare name."""
    assert [each.name for each in SYMPTOMS.values() if not (each.meaning and each.cure)] == []


def test_every_command_has_its_module() -> None:
    """Each command that can be typed has its module, and each module its command."""
    offered = set(commands())
    modules = {path.stem for path in (TESTBED / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert offered == modules


def test_nothing_is_left_to_do() -> None:
    """What is not done stands in no file as a note to somebody."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in (TESTBED, SCENARIOS, TESTS, DOCS) for path in folder.rglob("*")]
    notes = [
        f"{short(path)}:{number}"
        for path in files
        if path.name.endswith(TEXTS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFT_OVER.search(line)
    ]
    assert notes == []


def sleeps(path: Path) -> list[str]:
    """Where a file blocks for a time, by whichever name it calls `time.sleep`."""
    found = []
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
            found.append(f"{short(path)}:{node.lineno}")
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"{short(path)}:{node.lineno}" for name in node.names if name.name == "sleep"]
    return found


def test_nothing_sleeps() -> None:
    """The testbed waits for events with deadlines, never for a time that should be enough."""
    assert [place for path in python_files(TESTBED) for place in sleeps(path)] == []


def test_what_was_typed_stays_in_the_command_line() -> None:
    """Behind the parser, options are dataclasses: no module but the model and it sees argparse."""
    users = {short(path) for path in python_files(TESTBED) if "argparse" in imported_names(path)}
    assert users == {"testbed/cli/declarations/model.py", "testbed/cli/parser.py"}
