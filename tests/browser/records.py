"""The records whose pages are opened."""

from __future__ import annotations

from dataclasses import replace

from testbed.catalogue.scenario import Expectation
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.verdict.reading import Claim, ClaimReading, Copy, Reading
from testbed.verdict.verdict import Verdict, failed, skipped
from tests.unit.builders import (
    MIRRORED_2,
    WORKERS_2X2,
    case_of,
    counted_per_replica,
    merged,
    rejected,
    report_of,
    run_record,
    verdict_of,
)

HOSTILE = '</script><img src=x onerror="window.hacked=1"><b>\'\u2028`&lt;'

COUNTED = counted_per_replica(MIRRORED_2)
COUNTED_2X2 = counted_per_replica(WORKERS_2X2, mode="function")
MERGED = merged(MIRRORED_2)
MERGED_AGAIN = merged(MIRRORED_2, mode="function")
MERGED_2X2 = merged(WORKERS_2X2)
REJECTED = rejected("only singleton variables", "others.weight")
UNEXPECTED = verdict_of(
    case_of("others.weight", "in_replica"), "wrong_value", "3 for 4", as_expected=False
)
DEAD = failed(case_of("others.dead"), Expectation(), "worker 0 ended: killed by SIGKILL")
SKIPPED = skipped(case_of("others.gpu"), Expectation(), "needs 4 GPUs, found 0")

VERDICTS = (
    COUNTED,
    COUNTED_2X2,
    MERGED,
    MERGED_AGAIN,
    MERGED_2X2,
    REJECTED,
    UNEXPECTED,
    DEAD,
    SKIPPED,
)


RECORD = run_record(*VERDICTS)
RECORD = replace(
    RECORD, scripts=(RECORD.scripts[0], replace(RECORD.scripts[1], group="kinds of object"))
)

# The same, but one case behaves now, one broke otherwise, one is gone and one is new.
NEW = merged(Deployment("mirrored", Cluster(1, 4)))
LATER = replace(
    run_record(
        COUNTED,
        replace(MERGED, case=COUNTED_2X2.case, reports=()),
        MERGED,
        MERGED_AGAIN,
        MERGED_2X2,
        NEW,
        REJECTED,
        replace(UNEXPECTED, symptom="hang", evidence="worker 0 stayed"),
        DEAD,
        tensorflow="2.22.0",
    ),
    scripts=RECORD.scripts,
)


def wide() -> Verdict:
    """Eight replicas in four workers, long names and long values."""
    per_worker, value = 2, [1.25] * 60
    long = "a_very_long_name_of_a_variable/with/many/parts:0"
    reports = []
    for worker in range(4):
        copies = tuple(
            Copy(f"/job:worker/replica:0/task:{worker}/device:CPU:{n}", value, "", ("merged",))
            for n in range(per_worker)
        )
        reading = Reading("variable", "MirroredVariable" * 3, long, True, "AUTO", "SUM", (60,))
        finding = ClaimReading(Claim(value=[9.0] * 60), replace(reading, copies=copies))
        devices = [copy.device for copy in copies]
        reports.append(report_of(finding, worker=worker, devices=devices))
    deployment = Deployment("multi_worker_mirrored", Cluster(4, 2))
    return replace(COUNTED, case=case_of(deployment=deployment), reports=tuple(reports))


def hostile() -> Verdict:
    """Every text is one that a careless page would run."""
    name = HOSTILE.replace(".", "")
    copies = (Copy(name, HOSTILE, HOSTILE, (HOSTILE, "replica 0")),)
    reading = Reading("variable", HOSTILE, HOSTILE, False, HOSTILE, HOSTILE, (1,), HOSTILE, copies)
    finding = ClaimReading(Claim(value=HOSTILE), reading)
    raised = rejected(HOSTILE).reports[0].raised
    report = replace(report_of(finding, raised=raised), facts={HOSTILE: HOSTILE})
    return Verdict(
        case_of(f"{name}.{name}"),
        "breaks",
        Expectation("rejected", HOSTILE, HOSTILE),
        False,
        "rejected",
        HOSTILE,
        1.0,
        (report,),
        (HOSTILE,),
    )
