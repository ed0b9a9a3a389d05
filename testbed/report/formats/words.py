"""Sentences about a record, shared by all report formats."""

from __future__ import annotations

import re
import shlex
from typing import Protocol

from testbed.catalogue.discovery import GROUPS
from testbed.catalogue.scenario import Case
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, STRATEGIES
from testbed.launcher.machine.gpus import Gpu
from testbed.launcher.machine.machine import Machine
from testbed.report.records.header import Versions
from testbed.report.records.record import RunRecord
from testbed.verdict.diagnosis import show
from testbed.verdict.reading import Claim, ClaimReading, Copy, Read, Reading, WorkerReport
from testbed.verdict.verdict import Verdict

_UNKNOWN = "unknown"

# A longer value would make its sentence hard to read.
LONGEST_CLAIMED = 60

# Terminal control: colour codes (Keras messages contain them), other control characters, and
# characters that reverse the writing direction, which make a text look like another one.
_CONTROL = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """A text from a record without the control characters of terminals and browsers."""
    return _CONTROL.sub("", text)


class Conditioned(Protocol):
    """A record that names its versions, its machine and its device."""

    @property
    def versions(self) -> Versions:
        """The versions of the software that ran."""

    @property
    def machine(self) -> Machine:
        """The machine that ran it."""

    @property
    def device(self) -> str:
        """The device kind of the run: cpu, gpu or split-gpu."""


def conditions(record: Conditioned) -> dict[str, str]:
    """The conditions of a run besides its scripts: versions, devices, the machine."""
    versions, machine = record.versions, record.machine
    return {
        "TensorFlow": versions.tensorflow or _UNKNOWN,
        "Keras": versions.keras or _UNKNOWN,
        "Python": versions.python or _UNKNOWN,
        "testbed": versions.testbed or _UNKNOWN,
        "device": record.device,
        "system": machine.system,
        "processor": machine.processor,
        "cores": str(machine.cores),
        "memory": f"{machine.memory_gib:g} GiB",
        "GPUs": ", ".join(map(_gpu, machine.gpus)) or "none",
        "NCCL": machine.nccl or "none",
        "cuDNN": machine.cudnn or "none",
        "CUDA of the driver": machine.cuda or "none",
    }


def command_of(record: RunRecord, case: Case) -> str:
    """The command that runs one case again.

    A case id selects only shipped scripts on default deployments. For the user's script the command
    therefore names the file, and also runs the other cases of the same cell.
    """
    known, cluster = STRATEGIES[case.strategy], case.deployment.cluster
    own = record.groups.get(case.script) == GROUPS[-1]
    words = ["testbed", "run", f"{case.script}.py" if own else case.id]
    if own or case.deployment not in DEFAULT_DEPLOYMENTS:
        words += ["--strategy", case.strategy]
        words += ["--workers", str(cluster.workers)] * known.takes_workers
        words += ["--replicas", str(cluster.replicas_per_worker)] * known.takes_replicas
    if own:
        words += ["--mode", case.mode]
    if record.device != "cpu":
        words += ["--device", record.device]
    return shlex.join(words)


def claim_in_words(claim: Claim, *, on_read: bool = False) -> str:
    """The claim of a scenario about an object, as a sentence without its full stop.

    Args:
        claim: the claim.
        on_read: whether the variable combines its copies into one value on read.
    """
    stated = []
    if claim.value is not None:
        value = _short(show(claim.value))
        stated.append(f"reads as {value}" if on_read else f"holds {value} in every copy")
    if claim.equal:
        stated.append(
            "reads alike on all workers"
            if on_read
            else "holds one value in all copies on all workers"
        )
    if claim.mirrored:
        stated.append("has one copy on the device of every replica")
    if claim.shared:
        stated.append("is the same object as the other")
    return ", ".join(stated) or "can be read"


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_CLAIMED else f"{value[:LONGEST_CLAIMED]}..."


def readings_in_words(report: WorkerReport) -> list[str]:
    """One line for each claim of a worker's report, and one for its exception."""
    lines = [_reading(finding) for finding in report.findings]
    if report.raised:
        lines.append(f"raised {report.raised.type} at {report.raised.where or 'its start'}")
    return [printable(line) for line in lines]


def ledger_in_words(verdict: Verdict) -> list[str]:
    """The phases of each worker in one line; a series of steps shows its first and last."""
    lines = []
    for worker, entries in enumerate(verdict.ledger):
        phases = [phase for phase, _ in entries]
        around = zip(["", *phases], entries, [*phases[1:], ""], strict=False)
        kept = [
            f"{phase} {after:.2f} s"
            for before, (phase, after), following in around
            if not all(name.startswith("step ") for name in (before, phase, following))
        ]
        lines.append(printable(f"worker {worker}: {', '.join(kept) or 'reported nothing'}"))
    return lines


def _reading(finding: ClaimReading) -> str:
    reading = finding.reading
    copies = ", ".join(map(_copy, reading.copies))
    details = f" {reading.synchronization} {reading.aggregation}" * bool(reading.aggregation)
    shared = {True: " (the same object)", False: " (another object)", None: ""}[finding.identical]
    read = f" reads as {_read(reading.read)}" if reading.read else ""
    return f"{_named(reading)}{details}{shared}{read}: {copies or 'no copies'}"


def _read(read: Read) -> str:
    return read.problem or str(read.value)


def _copy(copy: Copy) -> str:
    """Device, value and writers of a copy: `CPU:0 = 10.0 (written: replica 0)`."""
    written = f" (written: {', '.join(copy.writers)})" if copy.writers else ""
    return f"{copy.device or 'no device'} = {copy.value}{written}"


def _named(reading: Reading) -> str:
    return f"{reading.type} {reading.name}"


def _gpu(gpu: Gpu) -> str:
    return f"{gpu.name} (driver {gpu.driver})"
