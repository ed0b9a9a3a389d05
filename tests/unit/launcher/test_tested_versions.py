"""Ranges of versions, as the testbed compares and prints them."""

import pytest

from testbed.launcher.interpreter.interpreter import with_tested
from testbed.launcher.interpreter.tested_versions import (
    PYTHON,
    TENSORFLOW,
    VersionRange,
)

RANGE = VersionRange((2, 15), (2, 21))


@pytest.mark.parametrize(
    ("version", "tested"),
    [
        ("2.14.1", False),
        ("2.15.0", True),
        ("2.18.1", True),
        ("2.21.0rc1", True),
        ("2.22.0.dev20261101", False),
        ("2.2.0", False),
        ("3.0.0", False),
        ("unknown", False),
    ],
)
def test_a_range_has_its_minor_versions(version: str, tested: bool) -> None:
    """Both ends belong to it, with all their releases; numbers are compared as numbers."""
    assert (version in RANGE) is tested


def test_older_versions_are_told_from_newer_ones() -> None:
    """A range begins after the versions before it only."""
    assert [RANGE.begins_after(each) for each in ("2.9.3", "2.15.0", "2.22.0")] == [
        True,
        False,
        False,
    ]


def test_texts() -> None:
    """A range for people, and the same range for pip."""
    assert (str(RANGE), RANGE.requirement) == ("2.15 to 2.21", ">=2.15,<2.22")
    assert with_tested("2.18.1") == f"TensorFlow 2.18.1 (tested: {TENSORFLOW})"
    assert with_tested(None) == f"no TensorFlow (tested: {TENSORFLOW})"
    assert str(PYTHON).startswith("3.")
