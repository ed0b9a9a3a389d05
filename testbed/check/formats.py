"""Findings for tools: JSON, SARIF 2.1.0 and GitHub's workflow commands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from testbed import __version__
from testbed.check.finding import CODES, ERROR, NOTE, WARNING, Finding
from testbed.launcher.run_folder import json_text

FORMAT_VERSION = 1

_SARIF_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "note"}
_GITHUB_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


def as_json(findings: Sequence[Finding]) -> str:
    """Findings as JSON, with `version` and `findings`."""
    return json_text({"version": FORMAT_VERSION, "findings": [_entry(each) for each in findings]})


def as_sarif(findings: Sequence[Finding]) -> str:
    """Findings as code-scanning pages read them."""
    rules = [
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
    results = [
        {
            "ruleId": each.code,
            "level": _SARIF_LEVELS[each.about.level],
            "message": {"text": f"{each.evidence}. {each.about.cure}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(os.path.relpath(each.place.file))},
                        "region": {"startLine": each.place.line},
                    }
                }
            ]
            if each.place
            else [],
        }
        for each in findings
    ]
    driver = {"name": "testbed check", "version": __version__, "rules": rules}
    return json_text(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        }
    )


def as_github(findings: Sequence[Finding]) -> str:
    """Findings as workflow commands, which annotate the lines of a pull request."""
    return "".join(
        f"::{_GITHUB_LEVELS[each.about.level]} {_where(each)}title={each.about.title}"
        f"::{_escaped(f'{each.evidence}. {each.about.cure}')}\n"
        for each in findings
    )


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
