"""Records of all kinds, and the objects of a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from testbed.catalogue.scenario import Expectation
from testbed.verdict.reading import Claim, ClaimReading, Reading, WorkerReport
from testbed.verdict.verdict import Verdict, failed, skipped
from tests.unit.builders import (
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
        machine={
            **run_record().machine,
            "gpus": [
                {
                    "name": "H",
                    "driver": "570",
                    "memory_mib": 81559,
                    "pcie_generation": None,
                    "pcie_width": 16,
                    "nvlink_gb_s": 450.0,
                }
            ],
        },
    ),
}


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that describes an object, by its place."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield path or "the record", schema
        for name, inner in schema.items():
            yield from objects(inner, f"{path}/{name}")
    if isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from objects(inner, f"{path}/{number}")
