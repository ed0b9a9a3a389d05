"""Compares the first steps of a program with those of the same program on one replica."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.parity.first_steps import METRIC, OTHER, TRAINED
from testbed.check.parity.pairing import PairedStep, Side, paired
from testbed.check.parity.ratios import is_near
from testbed.check.parity.reports import ReportJudge
from testbed.check.parity.updates import UpdateJudge
from testbed.check.text import paragraphs

_RESULTS_AGREE = 1e-5


@dataclass(frozen=True)
class Parity:
    """The comparison of a program with itself on one replica."""

    findings: tuple[Finding, ...] = ()
    sentence: str = ""
    """What was compared, or why nothing was; empty if the comparison was not asked for."""
    unlike_data: bool = False
    """Whether nothing was compared because a replica of several may have other data."""
    compared: bool = False
    """Whether steps were compared."""

    def __str__(self) -> str:
        """The findings and the sentence, as `testbed check` prints them."""
        return "\n".join([*paragraphs(self.findings), self.sentence])

    @property
    def agrees(self) -> bool:
        """Whether steps were compared, and no difference was found."""
        return self.compared and not self.findings


class _NotComparableError(Exception):
    """Why the two runs do not show whether the program computes the same."""

    def __init__(self, reason: str, *, unlike_data: bool = False) -> None:
        super().__init__(reason)
        self.unlike_data = unlike_data


def compare(many: Side, one: Side) -> Parity:
    """Compare the first steps of two runs.

    Args:
        many: the run with several replicas.
        one: the run with one replica.
    """
    try:
        return _compared(many, one)
    except _NotComparableError as reason:
        return Parity((), f"not compared with one replica: {reason}", reason.unlike_data)


def _compared(many: Side, one: Side) -> Parity:
    steps = _comparable(many, one)
    updates, reports = UpdateJudge(many), ReportJudge(many)
    rate = 1.0
    compared = 0
    for step in steps:
        alike = _uses_same_data(step) and not many.first[0].differs
        alike = alike and not step.unequal_start(OTHER)
        # What each replica counts may be a factor of the update.
        counted = tuple(reports.counters(step, alike=alike))
        verdict = updates.judge(step, alike=alike, agreed=compared > 0)
        if compared and step.copies == 1 and not is_near(verdict.rate, rate):
            counted = (*counted, reports.rate(step, verdict.rate))
        found = counted or verdict.findings
        if not found and verdict.unlike:
            if not compared:
                raise _why_unlike(many, step)
            break
        found = found or tuple(reports.judge(step, alike=alike))
        rate = verdict.rate if not compared else rate
        if found:
            result = f"step {step.number} differs"
            return Parity(found, _sentence(many, one, step, result, rate), compared=True)
        if not compared and not (verdict.judged or reports.agrees(step)):
            raise _NotComparableError(_why_unjudged(step))
        compared += 1
        if not is_near(rate, 1.0):
            # From here on both train apart.
            break
    those = f"the first {compared} steps agree" if compared > 1 else "the first step agrees"
    return Parity((), _sentence(many, one, steps[0], those, rate), compared=True)


def _comparable(many: Side, one: Side) -> list[PairedStep]:
    """The steps from the first one that changes something; each starts from equal values.

    Raises:
        _NotComparableError: there are none.
    """
    omitted = next((each.omitted for each in (*many.first, *one.first) if each.omitted), "")
    if omitted:
        raise _NotComparableError(omitted)
    steps = list(paired(many, one))
    begin = next((n for n, each in enumerate(steps) if each.many.acts or each.one.acts), None)
    if begin is None:
        raise _NotComparableError("no step changes a variable or returns a number")
    first = steps[begin]
    if first.many.acts != first.one.acts:
        raise _NotComparableError("its first update comes in another step")
    if first.many.trains and not first.of_role(TRAINED):
        raise _NotComparableError("there it makes other variables")
    if name := first.unequal_start(TRAINED):
        raise _NotComparableError(f"{name} starts from another value")
    if first.same_elements is False:
        times = first.many.elements == many.replicas * first.one.elements
        raise _NotComparableError(_other_elements(first), unlike_data=times)
    return steps[begin:]


def _other_elements(step: PairedStep) -> str:
    many, one = step.many.elements, step.one.elements
    if many != one:
        return f"a step takes {many} elements, and {one} on one replica"
    return "a step takes other elements each time"


def _uses_same_data(step: PairedStep) -> bool:
    """Whether both runs took the same elements, or computed the same number from them."""
    if step.same_elements is not None:
        return step.same_elements
    results = zip(step.many.results, step.one.results, strict=False)
    metrics = ((sum(each.many.delta), sum(each.one.delta)) for each in step.of_role(METRIC))
    # Whole numbers are counts, which are the same for other data.
    return any(a % 1 and abs(a - b) <= _RESULTS_AGREE * abs(a) for a, b in [*results, *metrics])


def _why_unjudged(step: PairedStep) -> str:
    if any(any(update.delta) for update in step.many.updates):
        return "its variables are changed without gradients"
    return "its steps change no variable, and give sums over other numbers of rows"


def _why_unlike(many: Side, step: PairedStep) -> _NotComparableError:
    first = many.first[0]
    if first.draws:
        return _NotComparableError("its replicas draw random numbers")
    if first.takes:
        return _NotComparableError("its replicas take data from iterators of their own")
    if first.own_statistics:
        reason = "a normalisation takes the statistics of each replica's own batch"
        return _NotComparableError(reason)
    if name := step.own_statistics:
        return _NotComparableError(f"{name} keeps statistics of each replica's own batch")
    if first.short_floats:
        return _NotComparableError("its updates differ as rounding to 16 bits may let them")
    unknown = "it is not known whether both took the same data"
    return _NotComparableError(unknown, unlike_data=True)


def _sentence(many: Side, one: Side, step: PairedStep, result: str, rate: float) -> str:
    parts = [f"compared with one replica: {result}"]
    if not is_near(rate, 1.0):
        parts.append(f"the learning rate is {rate:g} times as high")
    batches = set(many.first[0].batches) & set(one.first[0].batches)
    if step.copies > 1:
        parts.append("each replica had the batch of the single one")
    elif batches:
        size = max(batches)
        parts.append(
            f"fit takes batches of {size} on both, so each replica gets {size / many.replicas:g}"
        )
    elif step.many.elements:
        parts.append(f"a step takes {step.many.elements} elements on both")
    return "; ".join(parts)
