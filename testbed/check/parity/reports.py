"""Judges what a program reports: metrics, results of steps, and counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.parity.first_steps import METRIC, OTHER, SLOT
from testbed.check.parity.pairing import PairedStep, PairedUpdate, Side
from testbed.check.parity.ratios import Ratio, is_near, ratio_of
from testbed.check.rules.words import name_of
from testbed.check.seen import SourceLine

_REPORTED, _COUNTED = "TB904", "TB906"


@dataclass(frozen=True)
class ReportJudge:
    """Judges the reports of a run with many replicas, where the updates are those of one."""

    many: Side

    def judge(self, step: PairedStep, *, alike: bool) -> Iterator[Finding]:
        """Judge what a step reports.

        Args:
            step: the step, whose updates are equal.
            alike: whether it is known that the step computed with the same data.
        """
        yield from self._counters(step)
        yield from self._metrics(step, alike=alike)
        if alike or step.many.trains:
            yield from self._results(step)

    def agrees(self, step: PairedStep) -> bool:
        """Whether something that a step reports is the same."""
        results = zip(step.many.results, step.one.results, strict=False)
        ratios = (_ratio(each) for each in step.of_role(METRIC))
        return any(a and is_near(b / a, 1.0) for a, b in results) or any(
            ratio.is_near(1.0) for ratio in ratios if ratio
        )

    @property
    def _factors(self) -> tuple[float, float]:
        return float(self.many.replicas), 1.0 / self.many.replicas

    def _counters(self, step: PairedStep) -> Iterator[Finding]:
        for each in step.of_role(OTHER, SLOT):
            scalar = len(each.many.delta) == 1 and each.one.delta[0]
            if not scalar or (each.many.role == SLOT and not each.counts):
                continue
            if is_near(each.many.delta[0] / each.one.delta[0], self._factors[0]):
                yield Finding(
                    _COUNTED,
                    self._written_at(each) or each.birth.place,
                    f"step {step.number} adds {each.many.delta[0]:.4g} to {name_of(each.birth)}"
                    f" on {self.many.replicas} replicas, and {each.one.delta[0]:.4g} on one",
                )

    def _metrics(self, step: PairedStep, *, alike: bool) -> Iterator[Finding]:
        """Find variables of metrics that are a multiple, while what they belong to is none."""
        ratios = [(each, ratio) for each in step.of_role(METRIC) if (ratio := _ratio(each))]
        certain = alike or any(ratio.is_near(1.0) for _, ratio in ratios)
        for each, ratio in ratios:
            others = [other for of, other in ratios if of is not each and _alike(of, each)]
            # A mean is the same if its total and its count are the same multiple.
            mixed = any(other.is_near(1.0) for other in others) if others else certain
            if any(ratio.is_near(factor) for factor in self._factors) and mixed:
                yield Finding(
                    _REPORTED,
                    self._written_at(each) or each.birth.place,
                    f"step {step.number} adds {sum(each.many.delta):.4g} to {ratio.name} on"
                    f" {self.many.replicas} replicas, and {sum(each.one.delta):.4g} on one",
                    each.birth.place,
                )

    def _results(self, step: PairedStep) -> Iterator[Finding]:
        if len(step.many.results) != len(step.one.results):
            return
        pairs = list(zip(step.many.results, step.one.results, strict=True))
        returned = len(pairs) - len(step.many.reduced)
        for number, (many, one) in enumerate(pairs):
            factor = next((f for f in self._factors if one and is_near(many / one, f)), None)
            if factor is None:
                continue
            reduced = number >= returned
            place = step.many.reduced[number - returned] if reduced else self._reduction(factor)
            yield Finding(
                _REPORTED,
                place or step.many.place,
                f"step {step.number} gives {many:.4g} on {self.many.replicas} replicas, and"
                f" {one:.4g} on one",
            )

    def _reduction(self, factor: float) -> SourceLine | None:
        """The line in a tf.function that makes such a multiple, if there is only one."""
        op = "SUM" if factor > 1 else "MEAN"
        reductions = self.many.first[0].reductions
        lines = [line for kind, line in reductions if kind == op]
        return lines[0] if len(lines) == 1 else None

    def _written_at(self, update: PairedUpdate) -> SourceLine | None:
        """The line at which replicas write the variable."""
        for each in self.many.seen[0].accesses:
            if each.variable == update.birth.number and each.writes and each.replica is not None:
                return each.place
        return None


def _ratio(each: PairedUpdate) -> Ratio | None:
    return ratio_of(name_of(each.birth), each.many, each.one)


def _alike(one: PairedUpdate, other: PairedUpdate) -> bool:
    """Whether two variables belong to one metric, as far as the places of their creation show.

    A library creates the variables of a metric at one line of the program, a class of the program
    in one function.
    """

    def metric(each: PairedUpdate) -> object:
        place = each.birth.place
        return place if each.birth.libraries or not place else (place.file, place.function)

    return metric(one) == metric(other)
