"""The command in a Python that is asked to behave otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment with more variables."""
    return subprocess.run(
        [sys.executable, "-m", "testbed", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("level", ["1", "2"])
def test_claims_are_there_without_docstrings(level: str) -> None:
    """A Python that drops docstrings lists the scenarios with the same claims."""
    usual, stripped = command("list"), command("list", PYTHONOPTIMIZE=level)
    assert usual.returncode == 0
    assert (stripped.returncode, stripped.stdout, stripped.stderr) == (0, usual.stdout, "")


def test_a_function_without_a_docstring_is_still_refused(tmp_path: Path) -> None:
    """Where the source has no docstring either, that is what is told."""
    script = tmp_path / "mine.py"
    script.write_text("from testbed import scenario\n@scenario()\ndef one(bed): pass\n")
    done = command("list", str(script), PYTHONOPTIMIZE="2")
    assert "'one' needs a docstring" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["list", "returned"], 0), (["--help"], 0), (["nonsense"], 2), (["launch", "nowhere.py"], 2)],
)
def test_a_python_that_inspects_shows_no_traceback(arguments: list[str], status: int) -> None:
    """With PYTHONINSPECT a command ends with its status and what it prints otherwise."""
    usual, inspecting = command(*arguments), command(*arguments, PYTHONINSPECT="1")
    assert usual.returncode == status
    assert inspecting.returncode == status
    assert (inspecting.stdout, inspecting.stderr) == (usual.stdout, usual.stderr)
