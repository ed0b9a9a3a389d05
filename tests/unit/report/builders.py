"""Records of all kinds."""

from __future__ import annotations

from dataclasses import replace

from testbed.catalogue.scenario import Expectation
from testbed.launcher.machine.gpus import Gpu
from testbed.verdict.reading import Claim, ClaimReading, Reading, WorkerReport
from testbed.verdict.verdict import Verdict, failed, skipped
from tests.unit.builders import (
    MACHINE,
    MIRRORED_2,
    WORKERS_2X2,
    case_of,
    counted_per_replica,
    merged,
    mirrored_of,
    reading_of,
    rejected,
    report_of,
    run_record,
)

SHARED = ClaimReading(
    Claim(shared=True), mirrored_of(1.0, 2.0), reading_of([1, None, "nan"]), False
)


SYMBOLIC = ClaimReading(
    Claim(value="x", stale=[0.0]), Reading("symbolic", "SymbolicTensor", "add:0")
)


RECORDS = {
    "empty": run_record(),
    "all kinds": run_record(
        counted_per_replica(WORKERS_2X2),
        merged(),
        rejected("no singleton"),
        failed(case_of("counters.weight"), Expectation("hang"), "killed", logs=("a.log",)),
        skipped(case_of("counters.metric"), Expectation(), "needs 4 GPUs"),
        Verdict(
            case_of("other.name"),
            "behaves",
            Expectation(),
            as_expected=True,
            reports=(report_of(SHARED, SYMBOLIC), WorkerReport(1)),
        ),
    ),
    "gpus": run_record(
        merged(MIRRORED_2),
        device="split-gpu",
        machine=replace(MACHINE, gpus=(Gpu("H", "570", 81559, None, 16, 450.0),)),
    ),
}
