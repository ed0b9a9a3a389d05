"""A script that is edited while its run goes on: what was read before it is run and recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import Done
from tests.soak import later

# Every import of it edits its file, so that the first case does it to all that follow.
EDITING = """
from pathlib import Path

EDIT = {edit!r}
file = Path(__file__)
file.unlink(missing_ok=True) if EDIT is None else file.write_text(EDIT)


@scenario(sites="in_scope")
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    steps = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)
"""

RENAMED = EDITING.replace("counter", "renamed").format(edit="")


@pytest.mark.parametrize(
    ("edit", "more"),
    [
        pytest.param("def (", (), id="half a line"),
        pytest.param(RENAMED, ("--fresh",), id="renamed, fresh"),
        later(RENAMED, (), name="renamed"),
        later("def (", ("--fresh",), name="half a line, fresh"),
        later(None, (), name="gone"),
    ],
)
def test_an_edit_loses_nothing(
    command: Callable[..., Done], script: Callable[..., str], edit: str | None, more: tuple[str]
) -> None:
    """All cases run what was read, the table is shown, and the record holds what ran."""
    path = script(EDITING.format(edit=edit))
    text = Path(path).read_text()
    arguments = ("run", path, "--strategy", "mirrored", "-j", "1", "--json", "result.json")
    done = command(*arguments, *more)
    assert (done.status, done.errors) == (0, "")
    assert "2 cases: 2 behave, 0 unexpected" in done.output
    (recorded,) = done.record["scripts"]
    assert recorded["source"] == text
    assert [each["id"] for each in recorded["scenarios"]] == ["mine.counter"]
    assert Path(path).exists() == (edit is not None)
    assert edit is None or Path(path).read_text() == edit


def test_chaos_runs_what_was_read(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """So do the workers to which faults are done."""
    path = script(EDITING.format(edit="def ("))
    done = command("chaos", path, "--mode", "eager", "--fault", "none", "--json", "result.json")
    assert (done.status, done.errors) == (0, "")
    (case,) = done.record["cases"]
    assert [outcome["result"] for outcome in case["outcomes"]] == ["recovered"]


def test_a_scenario_that_an_import_takes_away_is_told(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """A scenario that is gone once its script is imported is an error of the script."""
    body = EDITING.format(edit="") + "\nglobals().pop('counter')\n"
    done = command("run", script(body), "--strategy", "mirrored", "--mode", "eager")
    assert done.status == 1
    assert "in the scenario: ScriptError: 'counter' is no scenario any more" in done.output
