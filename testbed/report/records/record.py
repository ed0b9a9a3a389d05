"""The record of a run, to be stored, compared and shown elsewhere.

`run.schema.json` beside this file describes each field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from testbed.catalogue.discovery import WAYS, Script
from testbed.catalogue.selection import Selection
from testbed.cluster.devices import KINDS
from testbed.decoding import OneOf, Range
from testbed.launcher.machine.machine import describe_machine
from testbed.report.records.header import Record, versions_of
from testbed.verdict.entry import CaseEntry, entry_of
from testbed.verdict.verdict import Verdict

_Line = Annotated[int, Range(1, 10**7)]


@dataclass(frozen=True)
class ScenarioText:
    """A scenario as text: its claim, and its lines in the script."""

    id: str
    """Script and function."""
    claim: str
    """Its claim."""
    first_line: _Line
    """Its first line in the script."""
    last_line: _Line
    """Its last line in the script."""


@dataclass(frozen=True)
class ScriptText:
    """A script as it was when it ran."""

    name: str
    """Its name."""
    title: str
    """Its title."""
    group: str
    """Its group in the catalogue."""
    source: str
    """Its text."""
    scenarios: tuple[ScenarioText, ...]
    """Its scenarios, in the order of the script."""


@dataclass(frozen=True, kw_only=True)
class RunRecord(Record):
    """A whole run, complete enough to be shown on any machine without the run folder."""

    kind: Literal["run"] = "run"
    # Increased when a field changes its meaning or is removed.
    version: Literal[2] = 2
    device: Annotated[str, OneOf(KINDS)]
    """The device kind of the run."""
    as_expected: bool
    """Whether every case showed what its scenario expects."""
    scripts: tuple[ScriptText, ...]
    """The scripts that ran."""
    cases: tuple[CaseEntry, ...]
    """Its cases, in the order of the table."""

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each case."""
        return tuple(entry.as_verdict for entry in self.cases)

    @property
    def groups(self) -> dict[str, str]:
        """The group of each script, by its name."""
        return {script.name: script.group for script in self.scripts}

    @property
    def claims_of_ways(self) -> dict[str, str]:
        """The claim of each scenario of a way of sharing, by the scenario's id."""
        ways = [script for script in self.scripts if script.group == WAYS]
        return {made.id: made.claim for script in ways for made in script.scenarios}

    def require_consistent(self) -> None:
        """Check that each case stands there once, and that its script is there."""
        names = {script.name for script in self.scripts}
        seen: set[str] = set()
        for verdict in self.verdicts:
            case = verdict.case
            if case.id in seen:
                raise ValueError(f"two cases are {case.id}")
            if case.script not in names:
                raise ValueError(f"case {case.id} names a script that the record lacks")
            seen.add(case.id)


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
    return RunRecord(
        run=run,
        began=began,
        seconds=round(seconds, 3),
        command=tuple(command),
        device=device,
        versions=versions_of(next(filter(None, facts), {})),
        machine=describe_machine(),
        scripts=tuple(script_text(script) for script in ran),
        as_expected=all(verdict.as_expected for verdict in verdicts),
        cases=tuple(map(entry_of, verdicts)),
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
