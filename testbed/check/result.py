"""The result of `testbed check`: its findings, its summary and its exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from testbed.check.finding import Finding
from testbed.errors import OK, UNEXPECTED

FAILED_BY_ITSELF = 3
INCOMPLETE = 4
UNCHECKED = 5


@dataclass(frozen=True)
class CheckResult:
    """The findings of a check, as all formats show them."""

    findings: Sequence[Finding]
    incomplete: Sequence[str] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""
    summary: str = ""
    """Where the program ran, and for how long."""
    cause: str = ""
    """Why the program failed by itself; empty where it did not."""
    late: bool = False
    """Whether it failed because its time was over."""
    prevented: bool = False
    """Whether the testbed ended the program before it could judge anything."""
    unchecked: str = ""
    """Why nothing was checked, and what to do; empty where something was."""
    program: str = ""
    """The file of the program; of a module the file where Python finds it from this folder."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The texts of files as they were when they ran, by path; other files did not change."""

    compared: str = ""
    """What was compared with one replica, or why nothing was; empty if nobody asked for it."""
    seeds: str = ""
    """Why worker 1 had another hash seed than the others; empty where it had not."""
    blind: Sequence[str] = ()
    """What the installed libraries do not show, one sentence each; it changes no status, because
    every check in the same environment has it."""

    @property
    def status(self) -> int:
        """The exit status of the command."""
        if self.cause:
            return FAILED_BY_ITSELF
        if any(finding.is_mistake for finding in self.findings):
            return UNEXPECTED
        if self.incomplete:
            return INCOMPLETE
        return UNCHECKED if self.unchecked else OK

    @property
    def gaps(self) -> tuple[str, ...]:
        """Why findings may be missing: watching or the program failed, or there was no strategy."""
        return (*self.incomplete, *filter(None, (self.cause, self.unchecked)))

    @property
    def codes(self) -> str:
        """The codes of the findings, each once."""
        return ", ".join(dict.fromkeys(finding.about.code for finding in self.findings))
