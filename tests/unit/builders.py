"""Small cases, readings, verdicts and scripts for the tests to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from testbed.cluster import Cluster
from testbed.reading import Copy, Finding, Raised, Reading, Value, WorkerReport
from testbed.scenario import Case, Expectation
from testbed.strategies import Deployment
from testbed.verdict import Verdict

DEFAULT = Deployment("default", Cluster())
ONE_DEVICE = Deployment("one_device", Cluster())
MIRRORED_2 = Deployment("mirrored", Cluster(1, 2))
WORKERS_2X1 = Deployment("multi_worker_mirrored", Cluster(2, 1))
WORKERS_2X2 = Deployment("multi_worker_mirrored", Cluster(2, 2))

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


def raised_of(message: str, type: str = "ValueError") -> Raised:
    return Raised(type, message, traceback="", origin="tensorflow")


def report_of(
    *findings: Finding,
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


def write_script(folder: Path, name: str, body: str = COUNTER, header: str = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(header.lstrip() + "\n" + textwrap.dedent(body), encoding="utf-8")
    return path
