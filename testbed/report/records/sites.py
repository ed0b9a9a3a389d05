"""Failing cases by the site of creation: what the thesis rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from testbed.catalogue.scenario import SITES
from testbed.cluster.strategies import STRATEGIES
from testbed.report.records.record import RunRecord
from testbed.report.records.summary import of_several_ways
from testbed.verdict.verdict import Verdict


@dataclass(frozen=True)
class FailingCases:
    """How many of some cases fail, as documented or not; skipped cases do not count."""

    failing: int
    of: int
    unexpected: int


@dataclass(frozen=True)
class SitesCompared:
    """Failing cases of claims that several ways of sharing make, by site of creation."""

    claims: tuple[str, ...]
    """The names of the claims; empty if no claim is made by several ways. Then the table has all
    cases of the run."""
    ways: int
    """The number of scripts."""
    columns: tuple[str, ...]
    """The strategies, or deployments, that have cases."""
    rows: Mapping[str, tuple[FailingCases, ...]]
    """The cases of each site, one column after the other."""
    alike: bool
    """Whether all ways show the same, at each site, on each deployment and in each mode."""

    @property
    def place_decides(self) -> bool:
        """Whether the thesis holds here: only the site of creation makes a difference."""
        if not self.claims or not self.alike or not {"outside_scope", "in_scope"} <= set(self.rows):
            return False
        outside, inside = (
            sum(each.failing for each in self.rows[site]) for site in ("outside_scope", "in_scope")
        )
        return outside > 0 and inside == 0


def strategies_of(record: RunRecord) -> tuple[str, ...]:
    """The strategies of a run, in the order in which all pages show them."""
    found = {each.case.strategy for each in record.verdicts}
    return tuple(name for name in STRATEGIES if name in found)


def failing_of(verdicts: Sequence[Verdict]) -> FailingCases:
    """Count the failing cases of some."""
    ran = [each for each in verdicts if each.kind != "skipped"]
    failing = sum(each.kind != "behaves" for each in ran)
    return FailingCases(failing, len(ran), sum(not each.as_expected for each in ran))


def strategy_of(verdict: Verdict) -> str:
    """The strategy of a verdict's case."""
    return verdict.case.strategy


def sites_compared(
    record: RunRecord, columns: Sequence[str], column_of: Callable[[Verdict], str] = strategy_of
) -> SitesCompared:
    """Compare the sites of creation, over the claims that several ways of sharing make.

    Args:
        record: of the run.
        columns: the columns of the table, in order; those without a case are left out.
        column_of: the column of a case.
    """
    claims = record.claims_of_ways
    several = of_several_ways(record.verdicts, claims)
    verdicts = several or record.verdicts
    filled = set(map(column_of, verdicts))
    shown = tuple(each for each in columns if each in filled)
    rows = {}
    for site in SITES:
        if here := [each for each in verdicts if each.case.site == site]:
            rows[site] = tuple(
                failing_of([each for each in here if column_of(each) == name]) for name in shown
            )
    return SitesCompared(
        tuple(dict.fromkeys(each.case.claim for each in several)),
        len({each.case.script for each in verdicts}),
        shown,
        rows,
        _alike(several, claims),
    )


def _alike(verdicts: Sequence[Verdict], claims: Mapping[str, str]) -> bool:
    shown: dict[tuple[str, str, str, str], set[str]] = {}
    for verdict in verdicts:
        if verdict.kind in ("behaves", "breaks"):
            case = verdict.case
            place = (claims[case.scenario], case.site, str(case.deployment), case.mode)
            shown.setdefault(place, set()).add(verdict.symptom or verdict.kind)
    return all(len(each) == 1 for each in shown.values())
