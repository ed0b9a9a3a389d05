"""What a worker imports is what was read before the run, whatever the script's file holds now."""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.catalogue.discovery import read_script
from testbed.orders.case import ScenarioScript
from testbed.worker.script import ScriptError, import_script
from tests.unit.builders import COUNTER, write_script

BODY = COUNTER + "    raise ValueError('as it was')\n"
EDITS = {"edited": "x = 1\n" * 40, "half a line": "def (", "gone": None}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    paths, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = paths
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    linecache.clearcache()


def imported(path: Path, edit: str | None = "") -> object:
    """The scenario of a script that is edited after it was read."""
    script = read_script(path)
    copy = path.with_name("copy")
    copy.write_bytes(script.source.data)
    if edit is None:
        path.unlink()
    elif edit:
        path.write_text(edit)
    declared = {made.name: made.ways for made in script.scenarios}
    return import_script(ScenarioScript(str(path), str(copy), declared)).counter


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_changes_nothing(tmp_path: Path, edit: str | None) -> None:
    """Code, tracebacks and `inspect` are those of the text that was read."""
    made = imported(write_script(tmp_path, "ways_of_a_test.py", BODY), edit)
    function = made.function  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="as it was") as problem:
        function(None)
    frame = traceback.extract_tb(problem.value.__traceback__)[-1]
    assert frame.line == "raise ValueError('as it was')"
    assert frame.filename == str(tmp_path / "ways_of_a_test.py")
    assert inspect.getsource(function).endswith("raise ValueError('as it was')\n")


def test_no_bytecode_is_read_or_written(tmp_path: Path) -> None:
    """Bytecode of the file would be that of another text than was read."""
    imported(write_script(tmp_path, "ways_of_a_test.py"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "ways_of_a_test.py"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("globals().pop('counter')", "'counter' is no scenario any more"),
        ("globals()['counter'] = 5", "'counter' is no scenario any more"),
        (
            "import testbed\ndef other(bed):\n    'It counts.'\n"
            "globals()['other'] = getattr(testbed, 'scenario')()(other)",
            "'other' is a scenario only once the script is imported",
        ),
        (
            "import dataclasses\nglobals()['counter'] = dataclasses.replace(counter, modes=())",
            "'counter' has other sites, modes or strategies once the script is imported",
        ),
    ],
    ids=["gone", "replaced", "made", "changed"],
)
def test_what_an_import_declares_is_what_is_listed(tmp_path: Path, more: str, told: str) -> None:
    """Scenarios that only an import makes, or takes away, are an error of their script."""
    with pytest.raises(ScriptError, match=told):
        imported(write_script(tmp_path, "ways_of_a_test.py", COUNTER + more + "\n"))


def test_a_copy_that_is_gone_is_told(tmp_path: Path) -> None:
    """A run's folder that somebody cleans up meanwhile is told as that."""
    path = write_script(tmp_path, "ways_of_a_test.py")
    with pytest.raises(ScriptError, match=r"the copy of .* in the run's folder"):
        import_script(ScenarioScript(str(path), str(tmp_path / "no copy"), {}))
