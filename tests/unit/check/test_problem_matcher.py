"""The problem matcher, which turns the text of a check into annotations of GitHub."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from testbed.check.finding import CODES, Finding
from testbed.check.result import CheckResult
from testbed.check.text import as_text
from tests.house.sources import ROOT
from tests.unit.check.builders import at

MATCHERS = json.loads((ROOT / ".github/problem-matcher.json").read_text(encoding="utf-8"))[
    "problemMatcher"
]
_FIELDS = ("file", "line", "severity", "code", "message")


def annotated(text: str) -> list[dict[str, Any]]:
    """The annotations that GitHub makes from a log, line by line."""
    found = []
    for line in text.splitlines():
        for matcher in MATCHERS:
            (pattern,) = matcher["pattern"]
            if match := re.search(pattern["regexp"], line):
                groups = {field: match[pattern[field]] for field in _FIELDS if field in pattern}
                found.append({"severity": matcher.get("severity", "error"), **groups})
    return found


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_annotated_once(code: str) -> None:
    """The text of each code is one annotation, with its file, line, level and words."""
    about = CODES[code]
    (found,) = annotated(as_text(CheckResult([Finding(code, at(4), "evidence", at(9))])))
    assert found == {
        "file": "train.py",
        "line": "4",
        "severity": {"note": "notice"}.get(about.level, about.level),
        "code": code,
        "message": f"{about.title}: {about.what}",
    }


def test_a_finding_without_a_line_is_annotated() -> None:
    """It is an annotation of the whole job."""
    (found,) = annotated(as_text(CheckResult([Finding("TB106", None, "worker 0 made 'a'")])))
    assert (found["severity"], found["code"], "file" in found) == ("error", "TB106", False)


def test_the_output_of_the_program_is_not_annotated() -> None:
    """Neither what workers print nor the summary is taken for a finding."""
    printed = "worker 0 | train.py:3: error TB101 counted_per_replica: quoted\n"
    assert annotated(printed + as_text(CheckResult([], summary="on mirrored-2"))) == []
