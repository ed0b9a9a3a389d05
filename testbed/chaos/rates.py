"""Rates of outcomes, with confidence intervals."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.chaos.draw import CHOICES, NONE
from testbed.chaos.record import Outcome

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """A number of hits among trials, with Wilson's interval of the share."""

    hits: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        """`3 of 10 (11 to 60 %)`; with no hits or only hits, one bound: `at most 3.7 %`."""
        if not self.of:
            return "0 of 0"
        if not self.hits:
            bounds = f"at most {_percent(self.high)} %"
        elif self.hits == self.of:
            bounds = f"at least {_percent(self.low)} %"
        else:
            bounds = f"{_percent(self.low)} to {_percent(self.high)} %"
        return f"{self.hits} of {self.of} ({bounds})"


@dataclass(frozen=True)
class Summary:
    """The outcomes of all faults of one kind."""

    kind: str
    good: Rate
    """The rate of recoveries; for undisturbed repetitions, the rate of failures."""
    noticed: tuple[float, ...]
    """Seconds until a worker noticed, in rising order; only of the faults that one noticed."""
    unnoticed: int
    """The number of faults after which no worker raised, ended or hung."""
    hung: int


def wilson(hits: int, of: int, confidence: float = CONFIDENCE) -> Rate:
    """Wilson's score interval, which is also accurate for few trials and for no hits."""
    if not of:
        return Rate(0, 0, 0.0, 1.0)
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    share, scale = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    reach = z * ((share * (1 - share) + z * z / (4 * of)) / of) ** 0.5 / scale
    # At the ends of the scale the bound is exact, and rounding must not change it.
    low = 0.0 if hits == 0 else middle - reach
    high = 1.0 if hits == of else middle + reach
    return Rate(hits, of, low, high)


def summaries(outcomes: Sequence[Outcome]) -> list[Summary]:
    """One summary for each kind of fault that was injected, in the order of `CHOICES`."""
    return [
        _summary(kind, found)
        for kind in CHOICES
        if (found := [each for each in outcomes if kind_of(each) == kind and _happened(each)])
    ]


def kind_of(outcome: Outcome) -> str:
    """The kind of the injected fault, or `none`."""
    return outcome.fault.kind if outcome.fault else NONE


def _happened(outcome: Outcome) -> bool:
    return outcome.fault is None or outcome.struck is not None


def _summary(kind: str, outcomes: Sequence[Outcome]) -> Summary:
    recovered = sum(each.result == "recovered" for each in outcomes)
    counted = len(outcomes) - recovered if kind == NONE else recovered
    noticed = sorted(each.noticed for each in outcomes if each.noticed is not None)
    return Summary(
        kind,
        wilson(counted, len(outcomes)),
        tuple(noticed),
        unnoticed=sum(each.noticed is None and not each.hang for each in outcomes),
        hung=sum(bool(each.hang) for each in outcomes),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.1 or share > 0.9 else f"{100 * share:.0f}"
