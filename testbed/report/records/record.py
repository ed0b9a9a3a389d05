"""The record of a run, to be stored, compared and shown elsewhere.

`run.schema.json` beside this file describes each field. Every record is validated with it when
written or read.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from testbed import __version__
from testbed.catalogue.discovery import Script
from testbed.catalogue.selection import Selection
from testbed.launcher.machine.machine import describe_machine
from testbed.verdict.verdict import Verdict

# Increased when a field changes its meaning or is removed. A new field does not increase it.
RUN_VERSION = 2


@dataclass(frozen=True)
class ScenarioText:
    """A scenario as text: its claim, and its lines in the script."""

    id: str
    claim: str
    first_line: int
    last_line: int


@dataclass(frozen=True)
class ScriptText:
    """A script as it was when it ran."""

    name: str
    title: str
    group: str
    source: str
    scenarios: tuple[ScenarioText, ...]


@dataclass(frozen=True)
class RunRecord:
    """A whole run, complete enough to be shown on any machine without the run folder."""

    run: str
    began: str
    """ISO 8601, UTC."""
    seconds: float
    command: tuple[str, ...]
    device: str
    versions: dict[str, str | None]
    """Of testbed, python, tensorflow and keras."""
    machine: dict[str, Any]
    """Facts as `testbed.launcher.machine.machine.describe_machine` returns them."""
    scripts: tuple[ScriptText, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def as_expected(self) -> bool:
        """Whether every case showed what its scenario expects."""
        return all(verdict.as_expected for verdict in self.verdicts)

    @property
    def groups(self) -> dict[str, str]:
        """The group of each script, by its name."""
        return {script.name: script.group for script in self.scripts}

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {
            "kind": "run",
            "version": RUN_VERSION,
            "run": self.run,
            "began": self.began,
            "seconds": round(self.seconds, 3),
            "command": list(self.command),
            "device": self.device,
            "versions": self.versions,
            "machine": self.machine,
            "as_expected": self.as_expected,
            "scripts": [
                {**asdict(script), "scenarios": [asdict(each) for each in script.scenarios]}
                for script in self.scripts
            ],
            "cases": [verdict.to_json() for verdict in self.verdicts],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRecord:
        """Decode the result of `to_json`; `data` must be valid against the schema."""
        return cls(
            run=data["run"],
            began=data["began"],
            seconds=data["seconds"],
            command=tuple(data["command"]),
            device=data["device"],
            versions=data["versions"],
            machine=data["machine"],
            scripts=tuple(
                ScriptText(**{**script, "scenarios": tuple(map(_scenario, script["scenarios"]))})
                for script in data["scripts"]
            ),
            verdicts=tuple(Verdict.from_json(case) for case in data["cases"]),
        )


def record_of(
    verdicts: Sequence[Verdict],
    selection: Selection,
    *,
    run: str,
    began: str,
    seconds: float,
    device: str,
    command: Sequence[str],
) -> RunRecord:
    """Create the record of a run that has just ended on this machine."""
    facts = [report.facts for verdict in verdicts for report in verdict.reports]
    ran = dict.fromkeys(selection.script(verdict.case) for verdict in verdicts)
    named = next((known for known in facts if known), {})
    return RunRecord(
        run=run,
        began=began,
        seconds=seconds,
        command=tuple(command),
        device=device,
        versions={
            "testbed": __version__,
            "python": named.get("python", platform.python_version()),
            "tensorflow": named.get("tensorflow"),
            "keras": named.get("keras"),
        },
        machine=describe_machine(),
        scripts=tuple(script_text(script) for script in ran),
        verdicts=tuple(verdicts),
    )


def script_text(script: Script) -> ScriptText:
    """The text of a script, with the lines of each scenario."""
    return ScriptText(
        name=script.name,
        title=script.title,
        group=script.group,
        source=script.source.text,
        scenarios=tuple(
            ScenarioText(made.id, made.claim, *lines)
            for made, lines in zip(script.scenarios, script.lines, strict=True)
        ),
    )


def _scenario(data: dict[str, Any]) -> ScenarioText:
    return ScenarioText(**data)
