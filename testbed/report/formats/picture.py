"""The data of a claim's picture: workers, devices, replicas, copies, and arrows for writes.

A worker contains devices, and a device contains replicas and copies. An arrow goes from the writer
to the copy that it wrote, as measured. The page draws the picture.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from testbed.catalogue.scenario import Case
from testbed.cluster.strategies import STRATEGIES
from testbed.report.formats.words import claim_in_words, printable
from testbed.verdict.diagnosis import place, same, tolerance_of
from testbed.verdict.reading import Claim, ClaimReading, Copy, Reading, Value, WorkerReport

# A value of 64 elements is shorter than this. A longer text is too long to read in a picture.
LONGEST_VALUE = 2000

MERGED = "merged"
_NO_DEVICE = "no device"


def pictures_of(case: Case, reports: Sequence[WorkerReport]) -> list[dict[str, Any]]:
    """One picture for each claim of a case, as JSON types; `_Picture` defines the fields."""
    claims = max((len(report.findings) for report in reports), default=0)
    return [_Picture(case, reports, number).as_json() for number in range(claims)]


@dataclass
class _Picture:
    """Builds the picture of one claim."""

    case: Case
    reports: Sequence[WorkerReport]
    number: int
    hosts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    objects: list[dict[str, Any]] = field(default_factory=list)
    copies: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        for report in self.reports:
            self._add_replicas(report)
        stating = [report for report in self.reports if len(report.findings) > self.number]
        claim = stating[0].findings[self.number].claim
        first = next((v for r in stating for v in r.findings[self.number].reading.values), None)
        on_read = any(report.findings[self.number].reading.read for report in stating)
        for report in stating:
            self._add_finding(report.worker, report.findings[self.number], first)
        return {
            "claim": claim_in_words(claim, on_read=on_read),
            "details": _details(claim),
            "hosts": [
                {"name": host, "devices": list(devices.values())}
                for host, devices in self.hosts.items()
            ],
            "objects": self.objects,
            "copies": self.copies,
            "arrows": self._arrows(),
            "merge": self._merge(),
        }

    def _add_replicas(self, report: WorkerReport) -> None:
        """Add the replicas of a worker to their devices, numbered among all replicas."""
        for number, device in enumerate(report.replica_devices):
            replica = report.worker * self.case.replicas_per_worker + number
            self._device(report.worker, device)["replicas"].append(replica)

    def _add_finding(self, worker: int, finding: ClaimReading, first: Value) -> None:
        self._add_object(worker, finding, finding.reading, "object", first)
        if finding.other and not finding.identical:
            self._add_object(worker, finding, finding.other, "other", first)

    def _add_object(
        self, worker: int, finding: ClaimReading, reading: Reading, role: str, first: Value
    ) -> None:
        self.objects.append(
            {
                "worker": worker,
                "role": role,
                "kind": reading.kind,
                "type": printable(reading.type),
                "name": printable(reading.name),
                "details": _of_object(reading),
                "identical": finding.identical,
                "read": _read(finding.claim if role == "object" else None, reading, first),
            }
        )
        copies = reading.copies or (Copy("", problem="no copy"),)
        for copy in copies:
            # The claim is about the value that a reader gets. If that value is computed on read,
            # no single copy is right or wrong.
            claimed = role == "object" and not reading.read
            mark = _mark(finding.claim, reading, copy.value, first) if claimed else ""
            device = self._device(worker, copy.device)
            device["copies"].append(len(self.copies))
            self.copies.append(
                {
                    "object": len(self.objects) - 1,
                    "device": copy.device,
                    "value": value_text(copy.value),
                    "problem": printable(copy.problem),
                    "mark": mark,
                    "writers": list(copy.writers),
                }
            )

    def _device(self, worker: int, device: str) -> dict[str, Any]:
        devices = self.hosts.setdefault(self._host(worker, device), {})
        name = place(device) if device else _NO_DEVICE
        return devices.setdefault(name, {"name": name, "replicas": [], "copies": []})

    def _host(self, worker: int, device: str) -> str:
        """The process that owns a device: usually the worker that reported it."""
        if not STRATEGIES[self.case.strategy].servers:
            return f"worker {worker}"
        job, _, rest = device.partition("/job:")[2].partition("/")
        task = rest.partition("task:")[2].partition("/")[0]
        if job == "worker" and not task:
            # The chief gives a step to any free worker.
            return "any worker"
        return f"{job} {task}" if job in ("ps", "worker") else "chief"

    def _arrows(self) -> list[dict[str, Any]]:
        arrows = []
        for index, copy in enumerate(self.copies):
            drawn = self._replicas_of(self.objects[copy["object"]]["worker"])
            numbers = [n for n in map(_replica_number, copy["writers"]) if n in drawn]
            for number in numbers:
                crowded = len(numbers) > 1
                arrows.append({"replica": number, "copy": index, "crowded": crowded})
        return arrows

    def _replicas_of(self, worker: int) -> set[int]:
        """The replicas that can write a worker's copies: only those in the same process."""
        first = worker * self.case.replicas_per_worker
        report = next(report for report in self.reports if report.worker == worker)
        return {first + number for number in range(len(report.replica_devices))}

    def _merge(self) -> dict[str, Any] | None:
        """The merge of all replicas' values before the write, or None if none was observed."""
        written = [i for i, copy in enumerate(self.copies) if MERGED in copy["writers"]]
        if not written:
            return None
        details = self.objects[self.copies[written[0]]["object"]]["details"]
        aggregation = details.get("aggregation", "NONE")
        label = MERGED if aggregation == "NONE" else f"{MERGED}: {aggregation}"
        replicas = [number for devices in self.hosts.values() for number in _replicas(devices)]
        return {"label": label, "replicas": replicas, "copies": written}


def value_text(value: Value) -> str:
    """A value in full, as JSON, but 10 instead of 10.0; empty if there is no value."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _plain(value: Value) -> Value:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return float(f"{value:.9g}") if isinstance(value, float) else value


def _mark(claim: Claim, reading: Reading, value: Value, first: Value) -> str:
    """How a value compares with the claim: right, wrong, differs (from the first), or empty."""
    if claim.value is not None:
        return "right" if same(value, claim.value, tolerance_of(reading)) else "wrong"
    if claim.equal:
        return "right" if same(value, first) else "differs"
    return ""


def _read(claim: Claim | None, reading: Reading, first: Value) -> dict[str, str] | None:
    """The value that a reader gets and its mark; None if each copy is read directly."""
    if reading.read is None:
        return None
    return {
        "value": value_text(reading.read.value),
        "problem": printable(reading.read.problem),
        "mark": _mark(claim, reading, reading.read.value, first) if claim else "",
    }


def _details(claim: Claim) -> dict[str, str]:
    """The numbers of a claim that its sentence omits."""
    details = {
        "claimed": value_text(claim.value),
        "start": value_text(claim.start) if claim.value is not None else "",
        "per replica": value_text(claim.per_replica),
        "when traced": value_text(claim.stale),
    }
    return {name: value for name, value in details.items() if value}


def _of_object(reading: Reading) -> dict[str, str]:
    shape = "" if reading.shape is None else json.dumps(list(reading.shape))
    details = {
        "synchronization": reading.synchronization,
        "aggregation": reading.aggregation,
        "shape": shape,
        "dtype": reading.dtype,
    }
    return {name: value for name, value in details.items() if value}


def _replicas(devices: dict[str, dict[str, Any]]) -> list[int]:
    return [number for device in devices.values() for number in device["replicas"]]


def _replica_number(writer: str) -> int | None:
    number = writer.removeprefix("replica ")
    return int(number) if number.isdecimal() and len(number) < 6 else None
