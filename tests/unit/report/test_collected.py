"""The record of a run that ended before it wrote one."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.scenario import Case, Expectation
from testbed.catalogue.selection import select
from testbed.cli.main import main
from testbed.cluster.strategies import Deployment
from testbed.launcher.run_folder import RunFolder, write_json
from testbed.report.records.collected import NOT_JUDGED, end_of, planned
from testbed.report.records.files import read_record
from testbed.report.records.record import RunRecord
from testbed.verdict.entry import entry_of
from testbed.verdict.verdict import Verdict, failed
from tests.unit.builders import (
    MIRRORED_2,
    WORKERS_2X1,
    case_of,
    merged,
    report_of,
    run_record,
    write_script,
)

JUDGED = merged()
BEGUN = case_of("counters.counter", "in_scope", "eager", WORKERS_2X1)
NOT_BEGUN = case_of("counters.counter", "in_scope", "function", WORKERS_2X1)


def not_judged(case: Case) -> Verdict:
    return failed(case, Expectation(), NOT_JUDGED)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Of a run of three cases: one was judged, one was about to be, one had not begun."""
    folder = RunFolder(tmp_path)
    plan = [not_judged(case) for case in (JUDGED.case, BEGUN, NOT_BEGUN)]
    write_json(folder.plan, run_record(*plan).to_json())
    own = folder.case(JUDGED.case.id)
    write_json(own.verdict, asdict(entry_of(replace(JUDGED, reports=()))))
    write_json(own.report(0), JUDGED.reports[0].to_json())
    write_json(folder.case(BEGUN.id).report(0), report_of(worker=0).to_json())
    return folder


def record_in(folder: RunFolder) -> RunRecord:
    return read_record(str(folder.path), RunRecord)


def evidence(folder: RunFolder, number: int) -> str:
    return record_in(folder).verdicts[number].evidence


def test_what_was_judged_is_kept(folder: RunFolder) -> None:
    """A case that was judged is as it was, with what its workers reported."""
    record = record_in(folder)
    assert record.verdicts[0] == JUDGED
    assert record.seconds == JUDGED.seconds


def test_who_has_not_reported_is_named(folder: RunFolder) -> None:
    """Of a case that had begun, whoever has not reported is named, and who has."""
    verdict = record_in(folder).verdicts[1]
    assert (verdict.kind, verdict.as_expected) == ("error", False)
    assert verdict.evidence == f"{NOT_JUDGED}: worker 1 has not reported, worker 0 has"


def test_nobody_has_reported(folder: RunFolder) -> None:
    """Where nobody has reported, all are named."""
    folder.case(BEGUN.id).report(0).unlink()
    assert evidence(folder, 1) == f"{NOT_JUDGED}: workers 0, 1 have not reported"


def test_all_have_reported(folder: RunFolder) -> None:
    """Where all have reported and worker 0 ended before it judged, that is told."""
    write_json(folder.case(BEGUN.id).report(1), report_of(worker=1).to_json())
    assert evidence(folder, 1) == f"{NOT_JUDGED}: all have reported"


def test_what_had_not_begun_is_told(folder: RunFolder) -> None:
    """A case without a folder had not begun."""
    assert evidence(folder, 2) == f"{NOT_JUDGED}: not begun"


def test_the_whole_is_as_expected_only_if_all_of_it_is(folder: RunFolder) -> None:
    """A run of which every case was judged, and as expected, is as expected; any other is not."""
    assert not record_in(folder).as_expected
    for case in (BEGUN, NOT_BEGUN):
        write_json(
            folder.case(case.id).verdict, asdict(entry_of(replace(JUDGED, case=case, reports=())))
        )
    record = record_in(folder)
    assert record.as_expected
    assert record.seconds == 3 * JUDGED.seconds


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"worker": 0}', "\udcff"])
def test_a_damaged_report_has_not_been_made(folder: RunFolder, text: str) -> None:
    """A report that is cut off or none does not count, and the rest is shown."""
    report = folder.case(BEGUN.id).report(0)
    report.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert evidence(folder, 1) == f"{NOT_JUDGED}: workers 0, 1 have not reported"
    own = folder.case(JUDGED.case.id).report(0)
    own.write_bytes(report.read_bytes())
    assert record_in(folder).verdicts[0] == replace(JUDGED, reports=())


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", '{"verdict": "behaves"}'])
def test_a_damaged_verdict_has_not_been_given(folder: RunFolder, text: str) -> None:
    """A verdict that is cut off or none does not count, and who has reported is told."""
    folder.case(JUDGED.case.id).verdict.write_text(text)
    assert evidence(folder, 0) == f"{NOT_JUDGED}: all have reported"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("", "not whole JSON"),
        ("[]", "not a record of testbed"),
        ('{"kind": "run", "version": 1}', "version 1 of a run record"),
        ('{"kind": "run", "version": 2}', "not a valid record"),
    ],
)
def test_a_damaged_plan_is_refused(
    folder: RunFolder, changed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a plan that can be read nothing is known of the run, and one line says so."""
    folder.plan.write_text(changed)
    assert main(["report", str(folder.path)]) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert shown.count("\n") == 1


def test_the_record_itself_comes_first(folder: RunFolder) -> None:
    """Where the run has written its record, that is what is shown."""
    write_json(folder.record, run_record(JUDGED).to_json())
    assert record_in(folder).verdicts == (JUDGED,)


def test_report_shows_it_and_why_it_ended(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """`report` of such a folder shows the table, and tells on stderr why the run ended."""
    why = "worker 1's host n2 is gone: the connection was closed"
    write_json(folder.end, {"status": 1, "message": why})
    assert main(["report", str(folder.path)]) == 0
    shown = capsys.readouterr()
    assert shown.err == f"testbed: {why}\n"
    assert "3 cases: 1 behave, 2 unexpected" in shown.out
    assert "worker 1 has not reported, worker 0 has" in " ".join(shown.out.split())


def test_reports_of_every_form_can_be_made_of_it(
    folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was collected becomes a page, JUnit XML and Markdown as any record does."""
    files = [tmp_path / "page.html", tmp_path / "junit.xml"]
    name = str(folder.path)
    assert main(["report", name, "--html", str(files[0]), "--junit", str(files[1])]) == 0
    assert main(["report", name, "--markdown"]) == 0
    assert all(NOT_JUDGED in file.read_text(encoding="utf-8") for file in files)
    assert NOT_JUDGED in capsys.readouterr().out


@pytest.mark.parametrize("end", [None, "", "{", "[]", "{}", '{"status": 0, "message": ""}'])
def test_an_end_that_says_nothing(tmp_path: Path, end: str | None) -> None:
    """A run that ended without trouble, or whose end is damaged or missing, has nothing to say."""
    if end is not None:
        RunFolder(tmp_path).end.write_text(end)
    assert end_of(str(tmp_path)) == ""


def test_a_file_has_no_end(tmp_path: Path) -> None:
    """A record that is a file, or is not there, says nothing of why its run ended."""
    (tmp_path / "run.json").write_text("{}")
    assert (end_of(str(tmp_path / "run.json")), end_of(str(tmp_path / "no"))) == ("", "")


def test_a_plan_has_a_verdict_of_every_case(tmp_path: Path) -> None:
    """Before the first case, every selected case stands in the plan as not judged."""
    script = write_script(tmp_path, "counters.py")
    deployments: list[Deployment] = [MIRRORED_2]
    selection = select([str(script)], deployments, ["eager"])
    plan: list[Any] = planned(selection)
    assert [verdict.case for verdict in plan] == list(selection.cases)
    assert {verdict.evidence for verdict in plan} == {NOT_JUDGED}
    assert json.loads(json.dumps([asdict(entry_of(verdict)) for verdict in plan]))
