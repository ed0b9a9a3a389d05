"""Small cases, readings, verdicts and scripts for the tests to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from testbed.catalogue.scenario import Case, Expectation
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.launcher.machine.machine import Machine
from testbed.report.records.header import Versions
from testbed.report.records.record import RunRecord, ScenarioText, ScriptText
from testbed.verdict.entry import entry_of
from testbed.verdict.reading import (
    Claim,
    ClaimReading,
    Copy,
    Raised,
    Read,
    Reading,
    Value,
    WorkerReport,
)
from testbed.verdict.verdict import Verdict

DEFAULT = Deployment("default", Cluster())
ONE_DEVICE = Deployment("one_device", Cluster())
MIRRORED_2 = Deployment("mirrored", Cluster(1, 2))
WORKERS_2X1 = Deployment("multi_worker_mirrored", Cluster(2, 1))
WORKERS_2X2 = Deployment("multi_worker_mirrored", Cluster(2, 2))

MACHINE = Machine("Linux", "one", 2, 8.0, None, (), None)

HEADER = '''
"""Counters."""

from testbed import Bed, breaks, scenario
'''

COUNTER = '''
@scenario()
def counter(bed: Bed) -> None:
    """A counter counts steps."""
'''


def case_of(
    scenario: str = "counters.counter",
    site: str = "outside_scope",
    mode: str = "eager",
    deployment: Deployment = MIRRORED_2,
) -> Case:
    return Case(scenario, site, mode, deployment)


def reading_of(
    *values: Value,
    devices: Sequence[str] | None = None,
    mirrored: bool = False,
    kind: str = "variable",
    type: str = "ResourceVariable",
    name: str = "steps:0",
) -> Reading:
    places = devices or [f"/device:CPU:{index}" for index in range(len(values))]
    copies = tuple(Copy(place, value) for place, value in zip(places, values, strict=True))
    return Reading(kind=kind, type=type, name=name, mirrored=mirrored, copies=copies)


def mirrored_of(*values: Value, devices: Sequence[str] | None = None) -> Reading:
    return reading_of(*values, devices=devices, mirrored=True, type="MirroredVariable")


def on_read_of(read: Value, *copies: Value, problem: str = "") -> Reading:
    """A variable whose copies become one value when it is read."""
    return replace(
        reading_of(*copies, mirrored=True, type="SyncOnReadVariable"),
        synchronization="ON_READ",
        aggregation="SUM",
        read=Read(read, problem),
    )


def raised_of(message: str, type: str = "ValueError") -> Raised:
    return Raised(type, message, traceback="", origin="tensorflow")


def report_of(
    *findings: ClaimReading,
    worker: int = 0,
    replicas: int = 1,
    devices: Sequence[str] | None = None,
    raised: Raised | None = None,
) -> WorkerReport:
    places = devices or [f"/device:CPU:{index}" for index in range(replicas)]
    return WorkerReport(worker, tuple(places), findings, raised, seconds=0.5)


def verdict_of(
    case: Case, symptom: str = "", evidence: str = "", *, kind: str = "", as_expected: bool = True
) -> Verdict:
    return Verdict(
        case,
        kind or ("breaks" if symptom else "behaves"),
        Expectation(symptom if as_expected and symptom else None),
        as_expected,
        symptom,
        evidence,
    )


def counted_per_replica(
    deployment: Deployment = MIRRORED_2, scenario: str = "counters.counter", mode: str = "eager"
) -> Verdict:
    """Two replicas of each worker wrote to one copy: 10 for 5."""
    per_worker = deployment.cluster.replicas_per_worker
    reports = []
    for worker in range(deployment.cluster.workers):
        writers = tuple(f"replica {worker * per_worker + number}" for number in range(per_worker))
        copy = Copy("/device:CPU:0", 10.0, writers=writers)
        reading = Reading("variable", "ResourceVariable", "steps:0", copies=(copy,))
        finding = ClaimReading(Claim(value=5.0), reading)
        reports.append(report_of(finding, worker=worker, replicas=per_worker))
    return Verdict(
        case_of(scenario, "outside_scope", mode, deployment),
        "breaks",
        Expectation("counted_per_replica"),
        True,
        "counted_per_replica",
        "10 for 5",
        1.25,
        tuple(reports),
    )


def merged(deployment: Deployment = MIRRORED_2, value: Value = 5.0, mode: str = "eager") -> Verdict:
    """All replicas' values became one, which was written to every copy."""
    per_worker = deployment.cluster.replicas_per_worker
    copies = tuple(Copy(f"/device:CPU:{n}", value, "", ("merged",)) for n in range(per_worker))
    reading = Reading(
        "variable", "MirroredVariable", "steps:0", True, "AUTO", "MEAN", (), "float32", copies
    )
    reports = tuple(
        report_of(ClaimReading(Claim(value=value), reading), worker=worker, replicas=per_worker)
        for worker in range(deployment.cluster.workers)
    )
    made = case_of("counters.counter", "in_scope", mode, deployment)
    return Verdict(made, "behaves", Expectation(), True, seconds=0.5, reports=reports)


def rejected(message: str, scenario: str = "counters.counter") -> Verdict:
    """TensorFlow raised."""
    raised = Raised("ValueError", message, f"Traceback\nValueError: {message}", "tensorflow")
    evidence = str(raised)
    return Verdict(
        case_of(scenario),
        "breaks",
        Expectation("rejected", message[:4]),
        True,
        "rejected",
        evidence,
        0.5,
        (report_of(raised=raised, replicas=2),),
    )


def script_text_of(
    name: str, scenarios: Sequence[str], group: str = "ways of sharing"
) -> ScriptText:
    head = ['"""Counters."""', "from testbed import Bed, scenario", ""]
    made = []
    for scenario in scenarios:
        first = len(head) + 1
        head += ["@scenario()", f"def {scenario}(bed: Bed) -> None:", '    """It counts."""', ""]
        made.append(ScenarioText(f"{name}.{scenario}", "It counts.", first, first + 2))
    return ScriptText(name, "Counters.", "ways of sharing", "\n".join(head), tuple(made))


def run_record(*verdicts: Verdict, tensorflow: str = "2.21.0", **changes: Any) -> RunRecord:
    """The record of a run that showed these verdicts."""
    scenarios: dict[str, dict[str, None]] = {}
    for verdict in verdicts:
        scenarios.setdefault(verdict.case.script, {})[verdict.case.claim] = None
    made = RunRecord(
        run="20260102-030405-abcd",
        began="2026-01-02T03:04:05+00:00",
        seconds=12.5,
        command=("run", "counters"),
        device="cpu",
        versions=Versions("0.1.0", "3.11.7", tensorflow, None),
        machine=MACHINE,
        scripts=tuple(script_text_of(name, list(names)) for name, names in scenarios.items()),
        as_expected=all(verdict.as_expected for verdict in verdicts),
        cases=tuple(map(entry_of, verdicts)),
    )
    return replace(made, **changes)


def write_script(folder: Path, name: str, body: str = COUNTER, header: str = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(header.lstrip() + "\n" + textwrap.dedent(body), encoding="utf-8")
    return path
