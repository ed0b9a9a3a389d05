"""`testbed.watch` in a notebook, and the text of its findings."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from testbed.check import here
from testbed.check.finding import CODES, Finding
from testbed.check.observations.seen import SourceLine
from tests.unit.check.builders import at

CELL = "/tmp/ipykernel_7/42.py"


def label(file: str) -> tuple[str, str] | None:
    """What IPython answers about the file of a cell, and about any other."""
    return ("Cell", "In[2]") if file == CELL else None


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=label))
    ipython = ModuleType("IPython")
    ipython.__dict__["get_ipython"] = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)


@pytest.mark.usefixtures("notebook")
def test_lines_of_a_notebook_are_in_its_cells() -> None:
    """A line of a cell has the cell for its file; other lines stay."""
    found = here._in_cells(Finding("TB101", SourceLine(CELL, 2, "step"), "evidence", at(5)))
    assert found.place == SourceLine("Cell In[2]", 2, "step")
    assert found.use == at(5)


def test_lines_of_a_program_stay() -> None:
    """Outside of IPython, and without a line, nothing changes."""
    found = Finding("TB101", SourceLine(CELL, 2), "evidence")
    assert here._in_cells(found) == found


def test_watched_prints_as_check_does() -> None:
    """The text has each finding with its cure, and ends with the number of findings."""
    text = str(here.Watched((Finding("TB101", at(4), "2 replicas add 1"),)))
    assert text.startswith("train.py:4: error TB101 counted_per_replica: ")
    assert text.endswith(f"  cure: {CODES['TB101'].cure}\n\n1 error")
    assert str(here.Watched()) == "nothing found"
