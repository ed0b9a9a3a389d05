"""What is true once must be true two hundred times."""

import subprocess
import sys
from pathlib import Path

import pytest

from testbed.bench.plan import PROGRAMS
from testbed.catalogue.selection import select
from testbed.cluster.strategies import deployments
from tests.distributed.conftest import ROOT, Judge

SCRIPT = str(PROGRAMS / "all_reduce.py")


@pytest.mark.soak
def test_two_hundred_launches(judge: Judge) -> None:
    """Two workers build their strategy and add up, 200 times in a row, and none fails."""
    selection = select([SCRIPT], deployments(["multi_worker_mirrored"], 2, 1), None)
    (case,) = selection.cases
    shown = [judge(case, selection).seen for _ in range(200)]
    assert shown == ["behaves"] * 200


@pytest.mark.soak
@pytest.mark.parametrize("replicas", [2, 4])
def test_four_workers_with_several_replicas(judge: Judge, replicas: int) -> None:
    """Four workers with several CPU replicas each, 25 times in a row."""
    selection = select([SCRIPT], deployments(["multi_worker_mirrored"], 4, replicas), None)
    (case,) = selection.cases
    shown = [judge(case, selection).seen for _ in range(25)]
    assert shown == ["behaves"] * 25
    assert Path(judge.folder.case(case.id).log(3)).exists()


@pytest.mark.soak
def test_a_thousand_launches_at_once(tmp_path: Path) -> None:
    """Sixteen runs at once, 1,008 clusters on the machine's own ports: none gets another's."""
    program = [sys.executable, "-m", "tests.distributed.many_launches", str(tmp_path), "63"]
    started = [
        subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(16)
    ]
    answers = [process.communicate(timeout=3000)[0] for process in started]
    assert answers == ["63 launches, 0 failed []\n"] * 16
