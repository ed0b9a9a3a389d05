"""Versions of TensorFlow and Keras: how they are read, compared, and named in words."""

from __future__ import annotations

import pytest

from testbed.catalogue.releases import range_of
from testbed.catalogue.scenario import Expectation, breaks
from testbed.catalogue.versions import (
    NEWEST,
    TESTED,
    FrameworkRange,
    Frameworks,
)
from tests.unit.builders import case_of
from tests.unit.catalogue.test_scenario import made_with

KERAS_2 = Frameworks("2.15.1", "2.15.0")
KERAS_3 = Frameworks("2.18.1", "3.15.1")


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
