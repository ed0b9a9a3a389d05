"""The page's data of a run or a comparison, as JSON types; repeated parts are stored once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.report.formats.picture import pictures_of
from testbed.report.formats.table import deployments_of
from testbed.report.formats.words import command_of, conditions, ledger_in_words, printable
from testbed.report.records.compare import CellChange, RunComparison
from testbed.report.records.record import RunRecord
from testbed.report.records.sites import sites_compared
from testbed.report.records.summary import counts, way_against_place
from testbed.verdict.reading import Raised, WorkerReport
from testbed.verdict.verdict import Verdict

# The page keeps the beginning and the end of a longer traceback; the end shows the cause.
LONGEST_TRACEBACK = 12_000

# Facts that are useless once the process has ended.
_SHORT_LIVED = {"pid"}


@dataclass
class Pool:
    """Stores equal values once, because workers, modes and scripts repeat most of them."""

    things: list[Any] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, thing: Any) -> int:
        """The index of a value in the pool; a new value is added."""
        key = json.dumps(thing, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.things)
            self.things.append(thing)
        return self._numbers[key]


def run_data(record: RunRecord, comparison: RunComparison | None = None) -> dict[str, Any]:
    """All data that the page shows of a run, or of two compared runs."""
    pictures, problems, facts = Pool(), Pool(), Pool()

    def side(verdict: Verdict) -> dict[str, Any]:
        return {
            **_side(verdict),
            "pictures": [pictures.number(p) for p in pictures_of(verdict.case, verdict.reports)],
            "workers": [_worker(report, problems, facts) for report in verdict.reports],
        }

    changes = {change.id: change for change in comparison.changes} if comparison else {}
    gone = [change.before for change in changes.values() if change.before and not change.after]
    verdicts = [*record.verdicts, *gone]
    return {
        "head": _head(record),
        "said": way_against_place(record.verdicts, record.claims_of_ways),
        "sites": _sites(record),
        "comparison": _comparison(comparison) if comparison else None,
        "symptoms": {name: asdict(symptom) for name, symptom in SYMPTOMS.items()},
        "scripts": _scripts(record, comparison),
        "deployments": [str(deployment) for deployment in deployments_of(verdicts)],
        "cases": [
            _case(verdict, changes.get(verdict.case.id), command_of(record, verdict.case), side)
            for verdict in verdicts
        ],
        "pictures": pictures.things,
        "problems": problems.things,
        "facts": facts.things,
    }


def _head(record: RunRecord) -> dict[str, Any]:
    return {
        "run": record.run,
        "began": record.began,
        "seconds": record.seconds,
        "command": shlex.join(["testbed", *record.command]),
        "counts": counts(record.verdicts),
        "as_expected": record.as_expected,
        "conditions": conditions(record),
    }


def _sites(record: RunRecord) -> dict[str, Any]:
    columns = [str(each) for each in deployments_of(record.verdicts)]
    compared = sites_compared(record, columns, lambda verdict: str(verdict.case.deployment))
    return {**asdict(compared), "place_decides": compared.place_decides}


def _comparison(comparison: RunComparison) -> dict[str, Any]:
    return {
        "counts": comparison.counts,
        "before": _head(comparison.before),
        "differences": [asdict(each) for each in comparison.differences],
    }


def _scripts(record: RunRecord, comparison: RunComparison | None) -> list[dict[str, Any]]:
    """The scripts of the later run, then those that only the earlier run has."""
    scripts = {script.name: script for script in record.scripts}
    for script in comparison.before.scripts if comparison else ():
        scripts.setdefault(script.name, script)
    return [asdict(script) for script in scripts.values()]


def _case(
    verdict: Verdict,
    change: CellChange | None,
    command: str,
    side: Callable[[Verdict], dict[str, Any]],
) -> dict[str, Any]:
    case = verdict.case
    sides: Iterable[Verdict] = [verdict]
    if change and change.before and change.after:
        sides = [change.before, change.after]
    return {
        "id": case.id,
        "script": case.script,
        "scenario": case.scenario,
        "claim": case.claim,
        "site": case.site,
        "mode": case.mode,
        "strategy": case.strategy,
        "deployment": str(case.deployment),
        "alone": case.deployment.processes == 1 and case.deployment.cluster.replicas == 1,
        "command": command,
        "change": {"kind": change.kind, "what": list(change.what)} if change else None,
        "sides": [side(each) for each in sides],
    }


def _side(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.kind,
        "symptom": verdict.symptom,
        "evidence": printable(verdict.evidence),
        "expected": str(verdict.expected),
        "as_expected": verdict.as_expected,
        "cure": verdict.cure,
        "seconds": round(verdict.seconds, 3),
        # Log paths are useful only for an unexpected verdict.
        "ledger": ledger_in_words(verdict),
        "logs": [] if verdict.as_expected else list(verdict.logs),
    }


def _worker(report: WorkerReport, problems: Pool, facts: Pool) -> dict[str, Any]:
    kept = {what: value for what, value in report.facts.items() if what not in _SHORT_LIVED}
    return {
        "worker": report.worker,
        "devices": list(report.replica_devices),
        "facts": facts.number(kept),
        "raised": None if report.raised is None else problems.number(_problem(report.raised)),
        "seconds": round(report.seconds, 3),
    }


def _problem(raised: Raised) -> dict[str, str]:
    # The evidence of a case has the memory of an error of memory.
    texts = {name: printable(text) for name, text in asdict(raised).items() if name != "memory"}
    return {**texts, "message": _cut(texts["message"]), "traceback": _cut(texts["traceback"])}


def _cut(text: str) -> str:
    if len(text) <= LONGEST_TRACEBACK:
        return text
    half = LONGEST_TRACEBACK // 2
    return (
        f"{text[:half]}\n\n[... {len(text) - 2 * half} characters left out ...]\n\n{text[-half:]}"
    )
