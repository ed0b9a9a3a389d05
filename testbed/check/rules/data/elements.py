"""Rules about the data of a step: equal batches, overlapping parts, empty and uneven shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.observations.seen import Given, Sharded, Shuffle, WorkerObservations
from testbed.check.rules.counterparts import of_one_line

# A single batch may be a model's first call, or be the same each time on purpose.
_FEWEST = 2

# Two random halves of the same data share a third of their rows.
_LEAST_SHARED = 0.25


def same_for_replicas(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find batches of a plain dataset that every replica of a worker receives whole."""
    for given in _used(seen[0]):
        # A step that draws random numbers may want several answers to one batch.
        apart = given.asked or given.own_draws or (given.draws and not given.trains)
        if given.replicas > 1 and _different(given.plain) >= _FEWEST and not apart:
            evidence = f"each of {given.replicas} replicas of a worker receives the whole batch"
            yield Finding("TB701", given.source, f"{evidence}, in {_calls(given)}", given.place)


def same_for_workers(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find batches that are the same on every worker."""
    if len(seen) < 2 or any(each.raised for each in seen):
        return
    for given in _used(seen[0]):
        if _all_share(given, seen[1:]) and _different(given.batches) >= _FEWEST:
            evidence = f"the first {len(given.batches)} batches are the same on {len(seen)} workers"
            yield Finding("TB702", given.source, evidence, given.place)


def _all_share(given: Given, others: Sequence[WorkerObservations]) -> bool:
    """Whether all workers receive the same batches, and then do the same with them."""
    steps = (given, *(_alike(given, other) for other in others))
    # Workers that differ by design, or that draw random numbers, may share a batch.
    return all(each and not (each.asked or each.own_draws) for each in steps)


def _used(seen: WorkerObservations) -> Iterator[Given]:
    """Steps whose result depends on how often each element is used: they train, or are summed.

    Two sums may be the parts of a mean, which is right however often an element is used.
    """
    summing = [given for given in seen.given if given.summed]
    for given in seen.given:
        if given.trains or (given.summed and len(summing) == 1):
            yield given


def _alike(given: Given, other: WorkerObservations) -> Given | None:
    """The step of another worker that receives the same batches."""
    for each in other.given:
        same_step = (each.place, each.function) == (given.place, given.function)
        if same_step and each.batches == given.batches:
            return each
    return None


def _different(batches: Sequence[str]) -> int:
    """How many different batches of one shape there are: a last batch may only be smaller."""
    of_shape: dict[str, set[str]] = {}
    for each in batches:
        shapes, _, digest = each.partition(" ")
        of_shape.setdefault(shapes, set()).add(digest)
    return max((len(each) for each in of_shape.values()), default=0)


def _calls(given: Given) -> str:
    return f"{given.calls} calls of {given.function}"


def taken(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find iterators from which each replica takes a separate element."""
    for each in seen[0].taken:
        if each.replicas > 1:
            evidence = f"{each.replicas} replicas of a worker each take a separate element"
            yield Finding("TB703", each.place, f"{evidence} in a step")


def shuffled_before_division(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find datasets that workers divide after each of them has shuffled them in another order."""
    if len(seen) < 2:
        return
    for parts in of_one_line([each.sharded for each in seen]):
        distinct = len({(part.parts, part.part) for part in parts}) == len(parts)
        shuffle, how = _other_orders(parts) if distinct else (None, "")
        read, common = _read(seen)
        if shuffle and _may_overlap(parts, read, common):
            evidence = f"{len(seen)} workers shuffle {how}, and then each takes its part"
            if common:
                evidence += f": of {read} elements, {common} reached several workers"
            yield Finding("TB706", shuffle.place, evidence, parts[0].place)
        elif distinct:
            yield from _ordered_otherwise(parts)


def _ordered_otherwise(parts: Sequence[Sharded]) -> Iterator[Finding]:
    """Find data that each worker has brought into another order before it made the dataset."""
    rows = [part.rows for part in parts if part.rows and part.rows.are_told_apart]
    if len(rows) < len(parts) or len({part.source for part in parts}) == 1:
        return
    shared = min(rows[0].shared_with(other) for other in rows[1:])
    if shared < _LEAST_SHARED:
        return
    which = f"hold the same {rows[0].number} rows in different orders"
    if shared < 1:
        which = f"hold different choices of the same rows (about {shared:.0%} are on both)"
    evidence = f"{len(parts)} workers {which}, and then each takes its part"
    yield Finding("TB706", rows[0].place, evidence, parts[0].place)


def _other_orders(parts: Sequence[Sharded]) -> tuple[Shuffle | None, str]:
    """The first shuffle that gives each worker another order, and how it does so."""
    for shuffle in (shuffle for part in parts for shuffle in part.shuffles):
        if not any(shuffle.seeds):
            return shuffle, "without a seed"
    for counterparts in zip(*(part.shuffles for part in parts), strict=False):
        if len({shuffle.seeds for shuffle in counterparts}) > 1:
            # The first seed is the program's, the second one the shuffle's.
            each = next(
                s for s in zip(*(c.seeds for c in counterparts), strict=False) if len({*s}) > 1
            )
            return counterparts[0], f"by different seeds ({_listed(each)})"
    return None, ""


def _may_overlap(parts: Sequence[Sharded], read: int, common: int) -> bool:
    """Whether the parts of workers may overlap: not where each worker divides other data."""
    sources = {part.source for part in parts}
    return bool(common) or (len(sources) == 1 and ("" not in sources or not read))


def _read(seen: Sequence[WorkerObservations]) -> tuple[int, int]:
    """How many different elements workers read in one pass, and how many of them several read.

    Of the step for which the second number is the largest.
    """
    found = [(0, 0)]
    for given in seen[0].given:
        steps = [given, *(_counterpart(given, other) for other in seen[1:])]
        counts = Counter(element for step in steps for element in _first_pass(step))
        found.append((len(counts), sum(count > 1 for count in counts.values())))
    return max(found, key=lambda each: (each[1], each[0]))


def _counterpart(given: Given, other: WorkerObservations) -> Given | None:
    same = (g for g in other.given if (g.place, g.function) == (given.place, given.function))
    return next(same, None)


def _first_pass(given: Given | None) -> Iterator[str]:
    """The elements before the first one that occurs again: there the data begin anew."""
    passed = set[str]()
    for element in given.elements if given else ():
        if element in passed:
            return
        passed.add(element)
        yield element


def empty(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find values that became NaN because a replica's share of a batch was empty."""
    for each in seen:
        for given in each.given:
            if given.not_a_number:
                shares = f"a batch has {_listed(given.empty)} elements for the replicas"
                evidence = f"{shares} of worker {each.worker}, and then {given.not_a_number} is NaN"
                yield Finding("TB704", given.source or given.place, evidence, given.place)
                return


def uneven(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find means over shares of different sizes that are averaged with equal weights."""
    for given in seen[0].given:
        if given.averaged and given.uneven and not given.not_a_number:
            evidence = f"the means of {_listed(given.uneven)} elements count the same"
            yield Finding("TB705", given.averaged, evidence, given.source)


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(str(number) for number in numbers)
