"""The entry of a verdict in a record: its form as JSON, with the case in flat fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from testbed.catalogue.scenario import MODES, SITES, Case, Expectation
from testbed.catalogue.symptoms import SymptomName
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import STRATEGIES, Deployment
from testbed.decoding import Matches, Moment, OneOf, ProcessCount, Seconds
from testbed.verdict.reading import WorkerReport
from testbed.verdict.verdict import KINDS, Verdict


@dataclass(frozen=True)
class CaseEntry:
    """One case: scenario x site x mode x strategy x cluster."""

    id: str
    """Its readable key: `scenario[site,mode]@deployment`."""
    scenario: Annotated[str, Matches(r"^[^.]+\.[^.]+$")]
    """Script and function, like `module_global.counter`."""
    strategy: Annotated[str, OneOf(tuple(STRATEGIES))]
    """The strategy."""
    workers: ProcessCount
    """The number of workers in the cluster."""
    replicas: ProcessCount
    """The number of devices of each worker."""
    site: Annotated[str, OneOf(SITES)]
    """Where the object is made."""
    mode: Annotated[str, OneOf(MODES)]
    """How steps are taken."""
    verdict: Annotated[str, OneOf(KINDS)]
    """The result of the case."""
    symptom: SymptomName | None
    """How it broke; None where it did not."""
    expected: Expectation
    """What the scenario expects of this case."""
    as_expected: bool
    """Whether the verdict is what the scenario expects."""
    evidence: str
    """The numbers or the message behind the symptom, or why it was skipped or could not be judged;
    may be empty."""
    cure: str | None
    """What to do instead; None where nothing broke."""
    seconds: Seconds
    """The seconds from the start of its workers to their end."""
    reports: tuple[WorkerReport, ...]
    """The reports of its workers, in the order of their indices."""
    logs: tuple[str, ...]
    """The paths of its workers' logs on the machine that ran it."""
    ledger: tuple[tuple[tuple[str, Moment], ...], ...]
    """For a case that hung or lost a worker: the last phases that each worker reported, with the
    seconds since the start of the cluster."""

    @property
    def case(self) -> Case:
        """The case."""
        deployment = Deployment(self.strategy, Cluster(self.workers, self.replicas))
        return Case(self.scenario, self.site, self.mode, deployment)

    @property
    def as_verdict(self) -> Verdict:
        """The verdict of which this is the entry."""
        return Verdict(
            case=self.case,
            kind=self.verdict,
            expected=self.expected,
            as_expected=self.as_expected,
            symptom=self.symptom or "",
            evidence=self.evidence,
            seconds=self.seconds,
            reports=self.reports,
            logs=self.logs,
            ledger=self.ledger,
        )


def entry_of(verdict: Verdict) -> CaseEntry:
    """The entry of a verdict, with the seconds rounded."""
    case = verdict.case
    return CaseEntry(
        id=case.id,
        scenario=case.scenario,
        strategy=case.strategy,
        workers=case.workers,
        replicas=case.replicas_per_worker,
        site=case.site,
        mode=case.mode,
        verdict=verdict.kind,
        symptom=verdict.symptom or None,
        expected=verdict.expected,
        as_expected=verdict.as_expected,
        evidence=verdict.evidence,
        cure=verdict.cure or None,
        seconds=round(verdict.seconds, 3),
        reports=verdict.reports,
        logs=verdict.logs,
        ledger=verdict.ledger,
    )
