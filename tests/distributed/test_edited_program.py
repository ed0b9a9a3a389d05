"""A program that is edited while `testbed check` runs it: what was read before it counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.checks import WRONG
from tests.distributed.conftest import Done

EDITED = "# another first line\n" * 3 + "def ("


def edits_itself(silent: str) -> str:
    edit = f"from pathlib import Path; Path(__file__).write_text({EDITED!r})\n"
    return edit + WRONG.format(silent=silent)


@pytest.mark.parametrize("silent", ["  # testbed: ignore", ""], ids=["silenced", "not silenced"])
def test_an_edit_changes_no_finding(
    command: Callable[..., Done], tmp_path: Path, silent: str
) -> None:
    """Findings, what silences them, and what AutoGraph converts are of the text that was read."""
    file = tmp_path / "train.py"
    file.write_text(edits_itself(""))
    line = edits_itself("").splitlines().index(WRONG.splitlines()[3].format(silent="")) + 1
    file.write_text(edits_itself(silent))
    done = command("check", "train.py")
    assert file.read_text() == EDITED
    assert (f"train.py:{line}: error TB101" in done.output) == (not silent)
    assert "Traceback" not in done.output + done.errors
    assert "seen: " in done.output
    assert ("  line: steps = tf.Variable(" in done.output) == (not silent)
    assert "another first line" not in done.output
