"""Findings as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.check.finding import CODES, Code, Finding
from testbed.check.observations.seen import SourceLine
from testbed.check.text import LONGEST_LINE, count, describe, show_place
from tests.unit.check.builders import at

ERROR, WARNING = Finding("TB101", at(4), "evidence"), Finding("TB103", at(7), "evidence")


def test_a_finding_in_four_lines() -> None:
    """Where and what, what was seen and where it shows, why it is wrong, and the cure."""
    assert describe(Finding("TB101", at(4), "2 replicas add 1", at(15))) == [
        "train.py:4: error TB101 counted_per_replica: every replica changes a variable that has"
        " one copy",
        "  seen: 2 replicas add 1 (train.py:15)",
        f"  why:  {CODES['TB101'].why}",
        f"  cure: {CODES['TB101'].cure}",
    ]


def test_the_line_itself_is_not_told_twice() -> None:
    """Where it shows on the line of the cause, or nowhere, the evidence stands alone."""
    assert describe(Finding("TB101", at(4), "seen", at(4)))[1] == "  seen: seen"
    assert describe(ERROR)[1] == "  seen: evidence"


def test_what_has_no_line_says_so() -> None:
    """A finding without a place still has its code."""
    lines = describe(Finding("TB106", None, "evidence", at(3)))
    assert lines[0].startswith("(no line): error TB106 workers_diverge: ")
    assert lines[1] == "  seen: evidence (train.py:3)"


def test_places_are_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As editors open them from the folder in which the check runs."""
    monkeypatch.chdir(tmp_path)
    assert show_place(SourceLine(str(tmp_path / "train.py"), 3)) == "train.py:3"
    assert show_place(SourceLine(str(tmp_path.parent / "train.py"), 3)) == "../train.py:3"


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([], "nothing found"),
        ([ERROR], "1 error"),
        ([WARNING], "1 warning"),
        ([WARNING, ERROR], "1 error, 1 warning"),
        ([ERROR] * 2 + [WARNING] * 3, "2 errors, 3 warnings"),
        ([ERROR] * 10, "10 errors"),
    ],
)
def test_findings_are_counted_by_level(findings: list[Finding], told: str) -> None:
    """Errors first, and no level of which there is none."""
    assert count(findings) == told


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_every_code_describes_a_finding(code: Code) -> None:
    """A finding of any code names it with its level and its cure."""
    lines = describe(Finding(code.code, at(1), "evidence"))
    assert f"{code.level} {code.title}: {code.what}" in lines[0]
    assert lines[-1].endswith(code.cure)


def test_the_line_to_change_is_shown(tmp_path: Path) -> None:
    """The text of the line stands below the mistake; a long one is cut."""
    script = tmp_path / "train.py"
    script.write_text(f"steps = 1\n    last = [{'1, ' * 100}]\n", encoding="utf-8")
    first, second = (
        describe(Finding("TB101", SourceLine(str(script), line), "seen"))[1] for line in (1, 2)
    )
    assert first == "  line: steps = 1"
    assert second.startswith("  line: last = [1, 1,")
    assert second.endswith(" ...")
    assert len(second) <= len("  line: ") + LONGEST_LINE
