"""Turns the ends of a marked test's workers into the reports that pytest shows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from testbed.catalogue.mark import RAW_OUTCOME
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.cluster.cluster import Cluster
from testbed.launcher.cluster.cluster_end import WorkerEnd, first_failed
from testbed.launcher.cluster.output import tail
from testbed.launcher.cluster.stacks import telling_part
from testbed.orders.case import ClaimLine
from testbed.pytest_plugin.item import DistributedTest
from testbed.pytest_plugin.naming import OF_WORKER
from testbed.pytest_plugin.test_end import TestEnd
from testbed.report.formats.words import readings_in_words
from testbed.verdict.diagnosis import diagnose
from testbed.verdict.reading import WorkerReport

SHOWN_OUTPUT = 20_000
"""Bytes of each worker's output that a failure shows; the log holds all of it."""

Reports = list[pytest.TestReport]

Stated = list[tuple[WorkerReport, tuple[ClaimLine, ...]]]
"""For each worker its report and the places of its claims."""


def reports_of(item: DistributedTest, ended: TestEnd) -> Reports:
    """Every report of a test: those of each worker, and one for the claims that do not hold.

    The worker that failed first comes first, because its failure may have caused the others.
    """
    by_worker = {
        worker.worker: _of_worker(item, ended, worker)
        for worker in ended.end.workers
        if ended.messages[worker.worker] or not (worker.reported or _only_serves(ended, worker))
    }
    cause = _first(ended, by_worker)
    first = cause.worker if cause else None
    for worker in ended.end.workers:
        if by_worker.get(worker.worker) == []:
            by_worker[worker.worker] = [_ended_early(item, worker, cause, by_worker)]
    reports: Reports = []
    for number in sorted(by_worker, key=lambda number: number != first):
        _attach(by_worker[number], ended, number, first=number == first)
        reports += by_worker[number]
        for report in by_worker[number] if len(by_worker) > 1 else ():
            setattr(report, OF_WORKER, number)
    return _as_one_test(reports, _claims(item, ended))


def _only_serves(ended: TestEnd, worker: WorkerEnd) -> bool:
    """Whether a worker only serves the chief, runs nothing of the test, and did not fail."""
    chief = ended.setup.deployment.strategy == "parameter_server"
    return chief and worker.worker > 0 and not worker.complaint


def _of_worker(item: DistributedTest, ended: TestEnd, worker: WorkerEnd) -> Reports:
    """The reports of a worker, or one of its failure; none where another worker was the cause."""
    message, end = ended.messages[worker.worker], ended.end
    if message:
        if message.report is None or message.problem:
            return [_failure(item, message.problem, worker)]
        hook = item.config.hook
        return [
            hook.pytest_report_from_serializable(config=item.config, data=_with_tuples(data))
            for data in message.report.tests
        ]
    if worker.complaint:
        return [_failure(item, end.hinted(worker.complaint), worker)]
    if end.missed_deadline:
        return [_failure(item, end.hang + _skipped_elsewhere(ended), worker)]
    return []


def _with_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """A report as pytest made it: JSON has no tuples, but pytest needs one for a skip's reason."""
    reason = data["longrepr"]
    return {
        **data,
        "location": tuple(data["location"]),
        "longrepr": tuple(reason) if isinstance(reason, list) else reason,
        "sections": [tuple(section) for section in data["sections"]],
        "user_properties": [tuple(each) for each in data["user_properties"]],
    }


def _skipped_elsewhere(ended: TestEnd) -> str:
    """The workers that skipped the test, in words: the others may hang because of them."""
    skipped = [
        str(number)
        for number, message in enumerate(ended.messages)
        if message
        and message.report
        and any(test["outcome"] == "skipped" for test in message.report.tests)
    ]
    if not skipped:
        return ""
    return (
        f"; worker {', '.join(skipped)} had skipped the test: skip it in every worker, or in none"
    )


def _first(ended: TestEnd, by_worker: dict[int, Reports]) -> WorkerEnd | None:
    """The worker that failed first by itself, without those that only waited for another."""
    failed = [
        worker
        for worker in ended.end.workers
        if ended.messages[worker.worker]
        and any(_raw(report) == "failed" for report in by_worker[worker.worker])
    ]
    return first_failed([worker for worker in ended.end.workers if worker.complaint], failed)


def _raw(report: pytest.TestReport) -> str:
    """The outcome of a report without the effect of an xfail mark."""
    raw: str = getattr(report, RAW_OUTCOME, report.outcome)
    return raw


def _failure(item: DistributedTest, message: str, worker: WorkerEnd | None) -> pytest.TestReport:
    """A failure that no worker could report; an xfail mark applies to it."""
    call = pytest.CallInfo.from_call(lambda: pytest.fail(message, pytrace=False), when="call")
    report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    report.duration = worker.after if worker else report.duration
    setattr(report, RAW_OUTCOME, "failed")
    return report


def _ended_early(
    item: DistributedTest,
    worker: WorkerEnd,
    cause: WorkerEnd | None,
    by_worker: dict[int, Reports],
) -> pytest.TestReport:
    """The report of a worker that was ended because another had failed."""
    other = f"worker {cause.worker}" if cause else "another worker"
    message = f"worker {worker.worker} was ended in phase '{worker.phase}': {other} had failed"
    report = _failure(item, message, worker)
    expected = [r for r in by_worker[cause.worker] if hasattr(r, "wasxfail")] if cause else []
    if expected:
        report.outcome, report.wasxfail = "skipped", expected[0].wasxfail
    return report


def _attach(reports: Reports, ended: TestEnd, number: int, *, first: bool) -> None:
    """Attach a worker's output and stacks to its failure; to the first one all workers' output."""
    failed = [report for report in reports if _raw(report) == "failed"]
    called = [report for report in reports if report.when == "call"]
    if not (failed or called):
        return
    shown = (failed or called)[0]
    everyone = [worker.worker for worker in ended.end.workers] if first else [number]
    for each in sorted(everyone, key=lambda each: each != number):
        output = tail(ended.folder.log(each), SHOWN_OUTPUT)
        _add_section(shown, f"Captured output of worker {each}", output)
    if ended.end.missed_deadline:
        stacks = telling_part(ended.folder.stacks(number))
        _add_section(shown, f"Captured stacks of worker {number}", stacks)


def _add_section(report: pytest.TestReport, title: str, text: str) -> None:
    if text:
        report.sections.append((title, text))


def _claims(item: DistributedTest, ended: TestEnd) -> Reports:
    """A failure that names each claim that does not hold; none where all hold."""
    reports = [each.report for each in ended.messages if each and each.report]
    stated = [(each.worker, each.claims) for each in reports]
    most = max((len(worker.findings) for worker, _ in stated), default=0)
    in_sync = ended.setup.deployment.in_sync
    broken = [text for number in range(most) if (text := _broken_claim(number, stated, in_sync))]
    parities = [each.parities for each in reports]
    if any(parities) and len(reports) == len(ended.messages):
        # Only few tests need it, and it imports the rules of `check`.
        from testbed.check.parity.claims import broken as broken_parities

        broken += broken_parities(parities)
    return [_failure(item, "\n\n".join(broken), None)] if broken else []


def _broken_claim(number: int, stated: Stated, in_sync: Cluster) -> str:
    """A claim that does not hold, in words; empty where it holds."""
    stating = [
        replace(worker, findings=(worker.findings[number],))
        for worker, _ in stated
        if len(worker.findings) > number
    ]
    diagnosis = diagnose(stating, in_sync)
    if not diagnosis:
        return ""
    place = next(places[number] for _, places in stated if len(places) > number)
    where = f"{os.path.relpath(place.file)}:{place.line}"
    readings = [
        f"  worker {each.worker}: {line}" for each in stating for line in readings_in_words(each)
    ]
    return "\n".join(
        [
            f"{diagnosis.symptom}: {diagnosis.evidence}",
            f"  {where}: {place.text}",
            *readings,
            f"  cure: {SYMPTOMS[diagnosis.symptom].cure}",
        ]
    )


def _as_one_test(reports: Reports, claims: Reports) -> Reports:
    """All reports of a test, whose outcome depends on all of them.

    pytest in a worker knows only that worker. Where another one fails, an xfail mark does not make
    this one's pass unexpected.
    """
    if any(_raw(report) == "failed" for report in [*reports, *claims]):
        _ignore_xfail(reports)
    several = any(hasattr(report, OF_WORKER) for report in reports)
    if claims and not several:
        # With one process there is one name: its broken claims replace the pass of its body.
        reports = [report for report in reports if report.when != "call" or report.failed]
    return _in_order([*reports, *claims])


def _ignore_xfail(reports: Reports) -> None:
    for report in reports:
        if _raw(report) == "passed" and report.outcome != "skipped":
            report.outcome, report.longrepr = "passed", None
            report.__dict__.pop("wasxfail", None)


def _in_order(reports: Reports) -> Reports:
    """The reports grouped by name, each group with a teardown at its end.

    Plugins that write files regard a test as ended at its teardown. Without one they would leave
    out a worker that died, or a claim.
    """
    by_name: dict[int | None, Reports] = {}
    for report in reports:
        by_name.setdefault(getattr(report, OF_WORKER, None), []).append(report)
    ordered: Reports = []
    for of_name in by_name.values():
        teardown = [report for report in of_name if report.when == "teardown"]
        ordered += [report for report in of_name if report.when != "teardown"]
        ordered += teardown or [_nothing_to_tear_down(of_name[-1])]
    return ordered


def _nothing_to_tear_down(last: pytest.TestReport) -> pytest.TestReport:
    report = pytest.TestReport(
        nodeid=last.nodeid,
        location=last.location,
        keywords=last.keywords,
        outcome="passed",
        longrepr=None,
        when="teardown",
    )
    if hasattr(last, OF_WORKER):
        setattr(report, OF_WORKER, getattr(last, OF_WORKER))
    return report
