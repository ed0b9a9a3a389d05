"""A record's facts in the words that every kind of report uses."""

from __future__ import annotations

import re
import shlex
from typing import Any, Protocol

from testbed.catalogue.discovery import GROUPS
from testbed.catalogue.scenario import Case
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, STRATEGIES
from testbed.report.records.record import RunRecord
from testbed.verdict.diagnosis import show
from testbed.verdict.reading import Claim, ClaimReading, Copy, Read, Reading, WorkerReport
from testbed.verdict.verdict import Verdict

_UNKNOWN = "unknown"

# A longer value would bury the sentence that it stands in.
LONGEST_CLAIMED = 60

# What a terminal would obey: colours (Keras puts them into its messages), then all else, and what
# turns the direction of writing, so that a text reads as another than it is.
_CONTROL = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """A text from a record without what a terminal or a browser would take for a command."""
    return _CONTROL.sub("", text)


class Conditioned(Protocol):
    """A record that says what it depends on."""

    @property
    def versions(self) -> dict[str, str | None]:
        """Of testbed, python, tensorflow and keras."""

    @property
    def machine(self) -> dict[str, Any]:
        """See `testbed.launcher.machine.machine.describe_machine`."""

    @property
    def device(self) -> str:
        """What it ran on: cpu, gpu or split-gpu."""


def conditions(record: Conditioned) -> dict[str, str]:
    """What a run depends on besides its scripts: versions, devices, the machine."""
    versions, machine = record.versions, record.machine
    return {
        "TensorFlow": versions["tensorflow"] or _UNKNOWN,
        "Keras": versions["keras"] or _UNKNOWN,
        "Python": versions["python"] or _UNKNOWN,
        "testbed": versions["testbed"] or _UNKNOWN,
        "device": record.device,
        "system": machine["system"],
        "processor": machine["processor"],
        "cores": str(machine["cores"]),
        "memory": f"{machine['memory_gib']:g} GiB",
        "GPUs": ", ".join(map(_gpu, machine["gpus"])) or "none",
        "NCCL": machine["nccl"] or "none",
    }


def command_of(record: RunRecord, case: Case) -> str:
    """The command that runs one case again; of a script of one's own, those beside it in its cell.

    A case's id is found among the default deployments only, and those of shipped scripts.
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
    """What a scenario states of an object, as a sentence without its full stop.

    Args:
        claim: what is stated.
        on_read: of a variable whose copies become one value when it is read.
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
    """What one worker saw, one line for each claim, and what ended it."""
    lines = [_reading(finding) for finding in report.findings]
    if report.raised:
        lines.append(f"raised {report.raised.type} at {report.raised.where or 'its start'}")
    return [printable(line) for line in lines]


def ledger_in_words(verdict: Verdict) -> list[str]:
    """How far each worker came, one line each; of steps in a row the first and the last."""
    lines = []
    for worker, told in enumerate(verdict.ledger):
        phases = [phase for phase, _ in told]
        around = zip(["", *phases], told, [*phases[1:], ""], strict=False)
        kept = [
            f"{phase} {after:.2f} s"
            for before, (phase, after), following in around
            if not all(name.startswith("step ") for name in (before, phase, following))
        ]
        lines.append(printable(f"worker {worker}: {', '.join(kept) or 'told nothing'}"))
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
    """Where it is, what it holds, and who wrote it: `CPU:0 = 10.0 (written: replica 0)`."""
    written = f" (written: {', '.join(copy.writers)})" if copy.writers else ""
    return f"{copy.device or 'no device'} = {copy.value}{written}"


def _named(reading: Reading) -> str:
    return f"{reading.type} {reading.name}"


def _gpu(gpu: dict[str, Any]) -> str:
    return f"{gpu['name']} (driver {gpu['driver']})"
