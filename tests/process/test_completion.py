"""Completion in a real bash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytest.importorskip("shtab")

# What bash does when the Tab key is pressed after the words.
ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
found=$(complete -p testbed); found=${found##*-F }
${found%% *} testbed "${COMP_WORDS[$COMP_CWORD]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The completion script for bash."""
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "completion", "bash"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    path = tmp_path_factory.mktemp("completion") / "testbed.bash"
    path.write_bytes(done.stdout)
    return path


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("testbed ch", {"check", "chaos"}),
        ("testbed run --str", {"--strategy"}),
        ("testbed run --device ", {"cpu", "gpu", "split-gpu"}),
        ("testbed run module_g", {"module_global"}),
        ("testbed list --symptom replicas", {"replicas_diverge"}),
        ("testbed check --format sa", {"sarif"}),
        ("testbed check tr", {"train.py"}),
    ],
)
def test_words_are_completed(script: Path, tmp_path: Path, words: str, found: set[str]) -> None:
    """Commands, options, closed lists, names of scenarios and files are completed."""
    (tmp_path / "train.py").touch()
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(script), *words.split(" ")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert set(done.stdout.split()) == found
