"""For which deployment a program is started, and which strategies it used."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.check.deployment import Used, used, wanted
from testbed.errors import UsageError
from testbed.verdict.program_notes import MADE
from tests.unit.check.builders import seen_of

STARTED, _ = wanted(None, None, None)


@pytest.mark.parametrize(
    ("given", "deployment", "devices"),
    [
        ((None, None, None), "multi_worker_mirrored-2x1", 2),
        ((None, None, 3), "multi_worker_mirrored-2x3", 3),
        ((None, 1, None), "multi_worker_mirrored-1x2", 0),
        ((None, 3, None), "multi_worker_mirrored-3x1", 0),
        (("mirrored", None, None), "mirrored-2", 0),
        (("mirrored", 1, 4), "mirrored-4", 0),
        (("multi_worker_mirrored", None, 2), "multi_worker_mirrored-2x2", 0),
    ],
)
def test_the_deployment_to_start(
    given: tuple[str | None, int | None, int | None], deployment: str, devices: int
) -> None:
    """The program decides where neither a strategy nor a number of workers is given."""
    started, choice = wanted(*given)
    assert (str(started), choice.devices) == (deployment, devices)


def test_mirrored_is_of_one_process() -> None:
    """Several workers of it are refused."""
    with pytest.raises(UsageError, match="mirrored runs in one process"):
        wanted("mirrored", 2, None)


def notes(*names: str) -> list[dict[str, Any]]:
    place = {"file": "/home/me/train.py", "line": 5}
    return [{"note": MADE, "name": name, "several": False, **place} for name in names]


def of_program(*names: str, workers: int = 1, stepped: tuple[str, ...] = (), replicas: int) -> Used:
    each = seen_of(strategies=stepped, replicas=replicas)
    return used(STARTED, [notes(*names)] * workers, [each] * workers)


MIRRORED, SEVERAL = "MirroredStrategy", "MultiWorkerMirroredStrategy"


def test_one_process_of_several_replicas() -> None:
    """It is named with the replicas that it had, whatever was started."""
    found = of_program(MIRRORED, replicas=2)
    assert (found.where, str(found.of_one), found.connects) == ("mirrored-2", "mirrored-1", False)
    assert found.unchecked == ""


def test_a_cluster() -> None:
    """All its workers are counted; with one replica it keeps its kind of strategy."""
    found = of_program(SEVERAL, workers=2, replicas=1)
    assert (found.where, found.connects) == ("multi_worker_mirrored-2x1", True)
    assert str(found.of_one) == "multi_worker_mirrored-1x1"


def test_only_strategies_under_which_steps_were_taken_are_named() -> None:
    """Where none was, all that were made are."""
    both = (MIRRORED, SEVERAL)
    assert of_program(*both, stepped=(MIRRORED,), replicas=2).where == "mirrored-2"
    assert of_program(*both, replicas=2).where == "mirrored-2 and multi_worker_mirrored-1x2"


def test_nothing_was_checked() -> None:
    """The strategies that are not observed are named with their lines."""
    none = of_program(replicas=1)
    assert none.where == ""
    assert none.unchecked.startswith(
        "no MirroredStrategy or MultiWorkerMirroredStrategy was made: nothing was checked; "
    )
    other = of_program("ParameterServerStrategy", replicas=1)
    assert ", only ParameterServerStrategy (train.py:5): nothing was checked" in other.unchecked
