"""Findings for tools: JSON, SARIF 2.1.0 and GitHub's workflow commands."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from testbed import __version__
from testbed.check.finding import CODES, ERROR, NOTE, WARNING, Finding
from testbed.check.observations.seen import SourceLine
from testbed.check.result import CheckResult
from testbed.launcher.run_folder import json_text

FORMAT_VERSION = 2

_SARIF_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "note"}
_GITHUB_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


def as_json(result: CheckResult) -> str:
    """Findings as JSON.

    Its fields are `version`, `findings`, `incomplete` (where watching failed), `blind` (what the
    installed libraries do not show), `compared` (what was compared with one replica, or why
    nothing was; null if the comparison was not asked for), and `seeds` (why worker 1 had another
    hash seed than the others; null if it had not).
    """
    return json_text(
        {
            "version": FORMAT_VERSION,
            "findings": [_entry(each) for each in result.findings],
            "incomplete": list(result.gaps),
            "blind": list(result.blind),
            "compared": result.compared or None,
            "seeds": result.seeds or None,
        }
    )


def as_sarif(result: CheckResult) -> str:
    """Findings as SARIF for code-scanning pages.

    Failed watching becomes a notification, and so do blind spots, the comparison with one replica
    and the reason for another hash seed. GitHub rejects a file that has a result without a
    location, so a finding without a line is at the first line of the program.
    """
    start = SourceLine(result.program, 1) if result.program else None
    notifications = [("error", text) for text in result.gaps]
    sayings = (*result.blind, result.compared, result.seeds)
    notifications += [("note", text) for text in sayings if text]
    driver = {"name": "testbed check", "version": __version__, "rules": _sarif_rules()}
    invocation = {
        "executionSuccessful": not result.gaps,
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": text}} for level, text in notifications
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_sarif_result(each, each.place or start) for each in result.findings],
    }
    return json_text(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def as_github(result: CheckResult) -> str:
    """Findings as GitHub workflow commands, which annotate the lines of a pull request."""
    lines = [
        f"::{_GITHUB_LEVELS[each.about.level]} {_where(each)}title={each.about.title}"
        f"::{_escaped(f'{each.evidence}. {each.about.cure}')}\n"
        for each in result.findings
    ]
    lines += [
        f"::error title=testbed check is incomplete::{_escaped(text)}\n" for text in result.gaps
    ]
    lines += [f"::notice title=testbed check is blind::{_escaped(text)}\n" for text in result.blind]
    return "".join(lines)


def _sarif_rules() -> list[dict[str, Any]]:
    return [
        {
            "id": code.code,
            "name": code.symptom or code.level,
            "shortDescription": {"text": code.what},
            "fullDescription": {"text": f"{code.what}: {code.why}"},
            "help": {"text": code.cure},
            "defaultConfiguration": {"level": _SARIF_LEVELS[code.level]},
        }
        for code in CODES.values()
    ]


def _sarif_result(finding: Finding, place: SourceLine | None) -> dict[str, Any]:
    location = (
        {
            "artifactLocation": {"uri": quote(os.path.relpath(place.file))},
            "region": {"startLine": place.line},
        }
        if place
        else None
    )
    return {
        "ruleId": finding.code,
        "level": _SARIF_LEVELS[finding.about.level],
        "message": {"text": f"{finding.evidence}. {finding.about.cure}"},
        "locations": [{"physicalLocation": location}] if location else [],
    }


def _entry(finding: Finding) -> dict[str, Any]:
    about, place, use = finding.about, finding.place, finding.use
    return {
        "code": finding.code,
        "symptom": about.symptom or None,
        "level": about.level,
        "file": os.path.relpath(place.file) if place else None,
        "line": place.line if place else None,
        "use": {"file": os.path.relpath(use.file), "line": use.line} if use else None,
        "message": about.what,
        "evidence": finding.evidence,
        "why": about.why,
        "cure": about.cure,
    }


def _where(finding: Finding) -> str:
    place = finding.place
    if place is None:
        return ""
    # A colon or a comma would end the property.
    file = _escaped(os.path.relpath(place.file)).replace(":", "%3A").replace(",", "%2C")
    return f"file={file},line={place.line},"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
