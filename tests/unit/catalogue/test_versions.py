"""Versions of TensorFlow and Keras: how they are read, compared, and named in words."""

from __future__ import annotations

import pytest

from testbed.catalogue.scenario import Expectation, breaks
from testbed.catalogue.versions import (
    NEWEST,
    TESTED,
    FrameworkRange,
    Frameworks,
    range_of,
    release_of,
)
from testbed.errors import UsageError
from tests.unit.builders import case_of
from tests.unit.catalogue.test_scenario import made_with

KERAS_2 = Frameworks("2.15.1", "2.15.0")
KERAS_3 = Frameworks("2.18.1", "3.15.1")


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


def test_what_is_no_version_is_refused() -> None:
    """A text without a number at its begin is no version."""
    with pytest.raises(ValueError, match="'unknown' is no version"):
        release_of("unknown")


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


@pytest.mark.parametrize(
    ("tensorflow", "keras", "words"),
    [
        ("", "", ""),
        (">=2.16", "", "since TensorFlow 2.16"),
        ("<2.18", "", "before TensorFlow 2.18"),
        (">=2.16,<2.20.1", "", "since TensorFlow 2.16 and before 2.20.1"),
        ("", "<3", "before Keras 3"),
        (">=2.18", ">=3.4", "since TensorFlow 2.18, since Keras 3.4"),
    ],
)
def test_a_range_is_said_in_words(tensorflow: str, keras: str, words: str) -> None:
    """Tables and pages show a range in words, without zeros at the end of a version."""
    made = FrameworkRange(range_of("tensorflow", tensorflow), range_of("keras", keras))
    assert str(made) == words


def test_a_rule_holds_only_for_its_versions() -> None:
    """A rule with a range is passed over on other versions, and the next rule is tried."""
    made = made_with(breaks("hang", tensorflow="<2.16"), breaks("misplaced", keras=">=3"))
    case = case_of()
    assert made.expects(case, KERAS_2) == Expectation("hang", versions="before TensorFlow 2.16")
    assert made.expects(case, KERAS_3) == Expectation("misplaced", versions="since Keras 3")
    assert made.expects(case, Frameworks("2.18.1", "2.18.0")) == Expectation()


def test_a_rule_needs_both_of_its_versions() -> None:
    """A rule that names TensorFlow and Keras holds only where both are in their ranges."""
    made = made_with(breaks("hang", tensorflow=">=2.18", keras=">=3"))
    found = {each: made.expects(case_of(), each).symptom for each in TESTED}
    assert {each.tensorflow for each, symptom in found.items() if symptom} == {
        "2.18.1",
        "2.19.1",
        "2.20.0",
        "2.21.0",
        "2.23.0-dev20261026",
    }
    assert found[Frameworks("2.21.0", "2.21.0")] is None


def test_the_newest_versions_decide_where_none_are_named() -> None:
    """Lists and pages show what the newest tested versions do."""
    made = made_with(breaks("hang", keras="<3"), breaks("misplaced"))
    assert made.expects(case_of()) == made.expects(case_of(), NEWEST)
    assert made.expects(case_of()).symptom == "misplaced"


def test_an_expectation_names_its_versions() -> None:
    """The text of an expectation ends in the range of its rule."""
    made = made_with(breaks("rejected", error="singleton", keras="<3"))
    assert str(made.expects(case_of(), KERAS_2)) == "rejected (singleton) before Keras 3"
