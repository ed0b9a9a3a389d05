"""Releases of libraries: how they are read, compared, and named."""

from __future__ import annotations

import pytest

from testbed.catalogue.releases import TENSORFLOW, ReleaseRange, order_of, range_of, release_of
from testbed.catalogue.scenario import breaks
from testbed.errors import UsageError
from testbed.launcher.interpreter.interpreter import with_tested

TESTED = ReleaseRange((2, 15, 0), (2, 22, 0))


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("2.15.1", (2, 15, 1)),
        ("2.18", (2, 18, 0)),
        ("3", (3, 0, 0)),
        ("2.22.0-dev20261101", (2, 22, 0)),
        ("2.16.0rc1", (2, 16, 0)),
        ("3.12.0.dev2026110103", (3, 12, 0)),
    ],
)
def test_a_version_is_read_with_its_pre_releases(text: str, release: tuple[int, int, int]) -> None:
    """A nightly build and a release candidate count as the release that they lead to."""
    assert release_of(text) == release


def test_a_text_without_a_number_is_no_version() -> None:
    """A text without a number at its begin is no version, and only a range of all has it."""
    assert release_of("unknown") is None
    assert [range_of("keras", text).has("unknown") for text in ("", "<3", ">=3")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", ["2.3.0", "2.21.0"], []),
        (">=2.16", ["2.16.0", "2.16.2", "2.20.0", "3.0"], ["2.15.1", "2.9.3"]),
        ("<2.18", ["2.17.1", "2.9.3"], ["2.18.0", "2.18.1", "2.18.0-dev20240801"]),
        (">=2.16,<2.18", ["2.16.0", "2.17.1"], ["2.15.1", "2.18.0"]),
        ("<2.18, >=2.16", ["2.16.0", "2.17.1"], ["2.15.1", "2.18.0"]),
        (">=2.15.1", ["2.15.1"], ["2.15.0"]),
        ("<3", ["2.21.0"], ["3.0.0", "3.15.1"]),
    ],
)
def test_a_range_compares_numbers(text: str, inside: list[str], outside: list[str]) -> None:
    """Numbers are compared as numbers: 2.9 is before 2.15. The end of a range is not in it."""
    made = range_of("tensorflow", text)
    assert [made.has(each) for each in inside] == [True] * len(inside)
    assert [made.has(each) for each in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2.18", "tensorflow='2.18' is no range of versions; write one like '>=2.16'"),
        ("==2.18", "is no range of versions"),
        (">2.18", "is no range of versions"),
        (">=2.x", "is no range of versions"),
        (">=2.16,>=2.17", "is no range of versions"),
        (">=2.16,", "is no range of versions"),
        (">=2.18,<2.16", "no version is in tensorflow='>=2.18,<2.16'"),
        (">=2.18,<2.18", "no version is in tensorflow='>=2.18,<2.18'"),
    ],
)
def test_what_is_no_range_is_refused(text: str, message: str) -> None:
    """A text in another form, and a range without a version, are refused in one line."""
    with pytest.raises(UsageError) as problem:
        breaks("hang", tensorflow=text)
    assert message in str(problem.value)


def test_versions_are_sorted_as_numbers_with_pre_releases_first() -> None:
    """A text of any length and content has a place in the order."""
    ordered = [
        "unknown",
        "2.9.3",
        "2.15.0",
        "2.16.0rc1",
        "2.16.0",
        "2.23.0-dev20261026",
        "2.23.0-dev20261027",
        f"3.{'9' * 5000}",
    ]
    keys = [order_of(each) for each in ordered]
    assert keys == sorted(set(keys))


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
def test_the_tested_range_has_its_minor_versions(version: str, tested: bool) -> None:
    """Both ends belong to it, with all their releases."""
    assert TESTED.has(version) is tested


def test_a_range_begins_after_the_versions_before_it() -> None:
    """Versions in and after the range are not older than it."""
    older = [TESTED.begins_after(each) for each in ("2.9.3", "2.15.0", "2.22.0")]
    assert older == [True, False, False]


def test_a_range_is_shown_to_people_and_to_pip() -> None:
    """The first and last minor version, and a requirement."""
    assert (str(TESTED), TESTED.requirement) == ("2.15 to 2.21", ">=2.15,<2.22")
    assert with_tested("2.18.1") == f"TensorFlow 2.18.1 (tested: {TENSORFLOW})"
    assert with_tested(None) == f"no TensorFlow (tested: {TENSORFLOW})"
