"""From the arguments of a mark to what is run."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.catalogue.mark import setups
from testbed.errors import UsageError


def names(*arguments: Any, **named: Any) -> list[str]:
    """What each set-up runs on, where, and how."""
    found = setups(*arguments, **named)
    return [f"{each.site},{each.mode}@{each.deployment}" for each in found.values()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["multi_worker_mirrored-2x1"]),
        ({"workers": 4, "replicas": 2}, ["multi_worker_mirrored-4x2"]),
        ({"strategy": "mirrored"}, ["mirrored-2"]),
        ({"strategy": "mirrored", "replicas": 1}, ["mirrored-1"]),
        ({"strategy": ["default", "mirrored"], "replicas": (2, 4)},
         ["default", "mirrored-2", "mirrored-4"]),
        ({"strategy": ["mirrored", "multi_worker_mirrored"], "workers": [2, 3], "replicas": 2},
         ["mirrored-2", "multi_worker_mirrored-2x2", "multi_worker_mirrored-3x2"]),
        ({"strategy": "parameter_server", "workers": 3}, ["parameter_server-3"]),
        ({"workers": range(2, 4)}, ["multi_worker_mirrored-2x1", "multi_worker_mirrored-3x1"]),
    ],
)  # fmt: skip
def test_each_strategy_takes_the_numbers_that_it_can(
    arguments: dict[str, Any], expected: list[str]
) -> None:
    """Numbers are combined with the strategies that take them, and are no matter to others."""
    assert names(**arguments) == [f"in_scope,eager@{name}" for name in expected]


def test_only_what_differs_is_in_the_id() -> None:
    """A test of one set-up keeps its name; of several, each is told by what the others have not."""
    assert list(setups()) == [""]
    assert list(setups(mode=("eager", "function"))) == ["eager", "function"]
    assert list(setups("mirrored", replicas=(2, 3), site=["in_scope", "outside_scope"])) == [
        "in_scope,mirrored-2",
        "in_scope,mirrored-3",
        "outside_scope,mirrored-2",
        "outside_scope,mirrored-3",
    ]


def test_limits_and_interpreters_are_the_same_in_all() -> None:
    """What is no parameter is part of every set-up."""
    for each in setups(workers=(2, 3), timeout=5, start_timeout=2.5, fresh=True).values():
        assert (each.timeout, each.start_timeout, each.fresh) == (5, 2.5, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": True}, "workers=True: a whole number, at least 1"),
        ({"workers": (2, 0)}, "workers=0: a whole number, at least 1"),
        ({"replicas": "2"}, "replicas='2': a whole number, at least 1"),
        ({"workers": ()}, "at least one"),
        ({"strategy": ["default", "one_device"], "replicas": 2},
         "replicas=2: default, one_device takes none; mirrored, multi_worker_mirrored, "
         "central_storage do"),
        ({"timeout": "5"}, "timeout='5': seconds, more than 0"),
        ({"site": "nowhere"}, "unknown site 'nowhere': choose from outside_scope, in_scope"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_with_what_is_valid(arguments: dict[str, Any], told: str) -> None:
    """What is wrong is named as it was written, beside what belongs there."""
    with pytest.raises(UsageError, match="^" + told.replace("(", r"\(")):
        setups(**arguments)
