"""What is true once must be true two hundred times."""

from pathlib import Path

import pytest

from testbed.bench.plan import PROGRAMS
from testbed.selection import select
from testbed.strategies import deployments
from tests.distributed.conftest import Judge

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
