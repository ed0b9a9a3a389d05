"""The atlas as data: its versions, and the outcomes of each case with their first and last version.

`atlas.schema.json` beside the records' schemas describes each field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from testbed.catalogue.scenario import MODES, SITES, Case
from testbed.catalogue.symptoms import SymptomName
from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import KINDS as DEVICES
from testbed.cluster.strategies import STRATEGIES, Deployment
from testbed.decoding import Matches, OneOf, ProcessCount
from testbed.verdict.verdict import KINDS


@dataclass(frozen=True)
class AtlasVersion:
    """One version of TensorFlow, and the run that shows it."""

    name: str
    """TensorFlow's version, with that of Keras where two runs have the same TensorFlow."""
    tensorflow: str
    """The version of TensorFlow."""
    keras: str
    """The version of Keras."""
    python: str
    """The version of Python."""
    testbed: str
    """The version of testbed that wrote the record."""
    began: str
    """When the run began: ISO 8601, UTC."""
    cases: int
    """How many cases it has."""
    unexpected: int
    """How many of them do not show what their scenario expects."""


@dataclass(frozen=True)
class AtlasOutcome:
    """What a case shows in successive versions."""

    first: str
    """The name of the first of these versions."""
    last: str
    """The name of the last one."""
    verdict: Annotated[str, OneOf(KINDS)]
    """The result of the case."""
    symptom: SymptomName | None
    """How it broke; None where it did not."""
    exception: str
    """The class of the exception that ended it; empty where none did."""
    evidence: tuple[str, ...]
    """The different numbers or messages behind the symptom, each in one line."""

    @property
    def named(self) -> str:
        """The symptom or the kind of verdict, with the class of the exception."""
        named = self.symptom or self.verdict
        return f"{named} ({self.exception})" if self.exception else named


@dataclass(frozen=True)
class AtlasCell:
    """One case in all versions: scenario x strategy x cluster x site x mode."""

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
    outcomes: tuple[AtlasOutcome, ...]
    """Its outcomes, in the order of the versions. A version between two of them is missing where
    its run does not have the case."""

    @property
    def case(self) -> Case:
        """The case, without a version."""
        deployment = Deployment(self.strategy, Cluster(self.workers, self.replicas))
        return Case(self.scenario, self.site, self.mode, deployment)

    @property
    def changes(self) -> bool:
        """Whether it does not show the same in all versions that have it."""
        return len({each.named for each in self.outcomes}) > 1


@dataclass(frozen=True)
class AtlasScenario:
    """A scenario as text."""

    id: str
    """Script and function."""
    claim: str
    """Its claim."""
    title: str
    """The title of its script."""
    group: str
    """The group of its script in the catalogue."""


@dataclass(frozen=True, kw_only=True)
class Atlas:
    """All cases in all versions. A new field does not increase the version of its format."""

    kind: Literal["atlas"] = "atlas"
    """What it is."""
    # Increased when a field changes its meaning or is removed.
    version: Literal[1] = 1
    """The version of this format."""
    device: Annotated[str, OneOf(DEVICES)]
    """The device kind of the runs."""
    versions: tuple[AtlasVersion, ...]
    """The versions, the earliest first."""
    scenarios: tuple[AtlasScenario, ...]
    """The scenarios, in the order of the catalogue."""
    cells: tuple[AtlasCell, ...]
    """The cases, in the order of the table."""

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)

    def require_consistent(self) -> None:
        """Check that each cell stands there once, and that its versions and scenario are there.

        Raises:
            ValueError: a rule does not hold; the message says which, and where.
        """
        names = [each.name for each in self.versions]
        scenarios = {each.id for each in self.scenarios}
        seen: set[str] = set()
        for cell in self.cells:
            if cell.case.id in seen:
                raise ValueError(f"two cells are {cell.case.id}")
            if cell.scenario not in scenarios:
                raise ValueError(f"cell {cell.case.id} names a scenario that the atlas lacks")
            ends = [end for each in cell.outcomes for end in (each.first, each.last)]
            places = [names.index(end) for end in ends if end in names]
            if len(places) < len(ends) or places != sorted(places):
                raise ValueError(f"cell {cell.case.id}: its versions are unknown or not in order")
            seen.add(cell.case.id)
