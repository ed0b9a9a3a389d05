"""Judges what a program reports: metrics, results of steps, and counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import CODES, Explanation, Finding
from testbed.check.observations.seen import Access, SourceLine
from testbed.check.parity.first_steps import METRIC, OTHER, RATE, SLOT
from testbed.check.parity.pairing import PairedStep, PairedUpdate, Side
from testbed.check.parity.ratios import Ratio, is_near, ratio_of
from testbed.check.rules.words import name_of

_REPORTED, _COUNTED = "TB904", "TB906"

_RATE = Explanation(
    "the learning rate changes at another speed than on one replica",
    "the length or the rate of its schedule comes from the batch of one replica, or each replica"
    " adds to the counter of its steps",
    "take the length of a schedule from the batch of all replicas; count a step once: outside of"
    " strategy.run, or with aggregation=ONLY_FIRST_REPLICA",
    CODES[_COUNTED].scenario,
)


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

    def counters(self, step: PairedStep, *, alike: bool) -> Iterator[Finding]:
        """Find counters that run faster or slower; `alike` as for `judge`."""
        for each in step.of_role(OTHER, SLOT, METRIC):
            if len(each.many.delta) != 1 or not each.one.delta[0] or not self._counts(each):
                continue
            factor = each.many.delta[0] / each.one.delta[0]
            if is_near(factor, self._factors[0]) or (alike and is_near(factor, self._factors[1])):
                yield Finding(
                    _COUNTED,
                    self._written_at(each) or each.birth.place,
                    f"step {step.number} adds {each.many.delta[0]:.4g} to {name_of(each.birth)}"
                    f" on {self.many.replicas} replicas, and {each.one.delta[0]:.4g} on one",
                )

    def _counts(self, each: PairedUpdate) -> bool:
        """Whether a variable is a counter: of integers, or with whole numbers added to it."""
        if each.many.role == SLOT:
            return each.counts
        if each.many.role == OTHER:
            return not each.one.delta[0] % 1
        # What a library reads on demand is a part of a metric.
        added = [access for access in self._writes(each) if access.replica is not None]
        known = bool(added) and all(access.delta is not None for access in added)
        return known and not self._calls_library(each)

    def _calls_library(self, each: PairedUpdate) -> bool:
        """Whether the program calls a library to write a variable, as `update_state` of Keras."""
        return any(access.called for access in self._writes(each))

    def _writes(self, each: PairedUpdate) -> list[Access]:
        return [
            access
            for access in self.many.seen[0].accesses
            if access.variable == each.birth.number and access.writes and access.place
        ]

    def rate(self, step: PairedStep, ratio: float) -> Finding:
        """Report a learning rate that was equal before, and is another multiple now."""
        births = self.many.seen[0].births
        counter = (each.place for each in births if "iteration" in each.name and each.place)
        kept = (each for each in step.of_role(RATE) if not each.is_scheduled)
        written = map(self._written_at, kept)
        place = next(filter(None, written), None)
        return Finding(
            _COUNTED,
            place or next(counter, step.many.place),
            f"in step {step.number} the learning rate is {ratio:.4g} times as high as on one"
            " replica, and it was not before",
            explanation=_RATE,
        )

    def _metrics(self, step: PairedStep, *, alike: bool) -> Iterator[Finding]:
        """Find variables of metrics that are a multiple, while what they belong to is none."""
        ratios = [(each, ratio) for each in step.of_role(METRIC) if (ratio := _ratio(each))]
        certain = alike or any(ratio.is_near(1.0) for _, ratio in ratios)
        for each, ratio in ratios:
            others = [other for of, other in ratios if of is not each and _alike(of, each)]
            # A mean is the same if its total and its count are the same multiple.
            mixed = any(other.is_near(1.0) for other in others) if others else certain
            own = not self._calls_library(each) and not sum(each.one.delta) % 1
            multiple = any(ratio.is_near(factor) for factor in self._factors)
            # An own variable of whole numbers may be a flag of each replica.
            if multiple and mixed and not own:
                yield Finding(
                    _REPORTED,
                    self._written_at(each) or each.birth.place,
                    f"step {step.number} adds {sum(each.many.delta):.4g} to {ratio.name} on"
                    f" {self.many.replicas} replicas, and {sum(each.one.delta):.4g} on one",
                    each.birth.place,
                )

    def _results(self, step: PairedStep) -> Iterator[Finding]:
        """Find numbers that are a multiple. Others may differ for what replicas see."""
        if len(step.many.results) != len(step.one.results):
            return
        pairs = list(zip(step.many.results, step.one.results, strict=True))
        if step.copies > 1 and any(self._is_count(*pair) for pair in pairs):
            # Copies have as many times the rows; sums over them are to be divided by the count.
            return
        returned = len(pairs) - len(step.many.reduced)
        for number, (many, one) in enumerate(pairs):
            multiple = bool(one) and any(is_near(many / one, each) for each in self._factors)
            reduced = number >= returned
            # The number of rows is another one where the data are, which may be unknown.
            known = many % 1 or one % 1 or step.same_elements
            if multiple and known:
                yield Finding(
                    _REPORTED,
                    (step.many.reduced[number - returned] if reduced else None) or step.many.place,
                    f"step {step.number} gives {many:.4g} on {self.many.replicas} replicas, and"
                    f" {one:.4g} on one",
                )

    def _is_count(self, many: float, one: float) -> bool:
        """Whether a result counts the rows of all replicas."""
        return bool(one) and not many % 1 and not one % 1 and is_near(many / one, self._factors[0])

    def _written_at(self, update: PairedUpdate) -> SourceLine | None:
        """The line at which the program writes a variable: in a replica, together, or outside."""
        writes = self._writes(update)
        writes.sort(key=lambda each: (each.replica is None, each.who == "outside"))
        return writes[0].place if writes else None


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
