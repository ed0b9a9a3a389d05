"""Rules about encodings of data that workers learn themselves: vocabularies and statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import CODES, Explanation, Finding
from testbed.check.observations.seen import WorkerObservations
from testbed.check.observations.vocabulary import Vocabulary
from testbed.check.rules.counterparts import Counterparts, of_one_line
from testbed.check.rules.words import distinguishable, name_of
from testbed.verdict.diagnosis import same

NORMALIZING = (
    "keras/src/layers/preprocessing/normalization.py",
    "tf_keras/src/layers/preprocessing/normalization.py",
)
"""The libraries whose variables are statistics of data."""

_OF_PYTHON = ("dict", "list")
# A dict with two tokens may list the workers, each with itself first.
_SMALLEST_DICT = 3

_OTHER_ORDER = Explanation(
    CODES["TB707"].what,
    "each worker numbers the same tokens in another order: one number means something else on each"
    " worker, and all train the same weights for it; a set of texts has another order in each"
    " process, because each has another hash seed",
    "number the tokens in one order on all workers: sorted(set(words)) in place of the set",
    CODES["TB707"].scenario,
)


def vocabularies(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find vocabularies that give one token another number on another worker."""
    if len(seen) < 2:
        return
    reported: list[Vocabulary] = []
    for counterparts in of_one_line([each.vocabularies for each in seen]):
        first = counterparts[0]
        compared = ((n, _difference(first, other, n)) for n, other in enumerate(counterparts))
        if first.kind == "hash":
            yield from _hashed(counterparts)
            continue
        worker, difference = next((each for each in compared if each[1]), (0, ""))
        if worker and not any(_is_made_of(first, each) for each in reported):
            reported.append(first)
            other = counterparts[worker]
            what = f"'{first.name}'" if first.kind in _OF_PYTHON else "the lookup table"
            if first.checksum == other.checksum and first.size == other.size:
                evidence = f"{what} has the same {first.size} tokens on workers 0 and {worker}"
                evidence += f" in another order: {difference}"
                yield Finding("TB707", first.place, evidence, explanation=_OTHER_ORDER)
                continue
            evidence = f"{what} has {first.size} tokens on worker 0 and"
            evidence += f" {other.size} on worker {worker}: {difference}"
            yield Finding("TB707", first.place, evidence)


def _hashed(counterparts: Sequence[Vocabulary]) -> Iterator[Finding]:
    """Report data that are computed from hashes of texts, which other processes salt otherwise."""
    first, tokens = counterparts[0], [dict(each.tokens) for each in counterparts]
    for token, number in first.tokens:
        others = [each.get(token, number) for each in tokens]
        if worker := next((n for n, other in enumerate(others) if other != number), 0):
            evidence = (
                f"for {token!r}, {first.name} is {number} on worker 0 and {others[worker]} on"
            )
            evidence += f" worker {worker}, and such numbers are in the data"
            yield Finding("TB708", first.place, evidence)
            return
    if not any(tokens[0].keys() & each.keys() for each in tokens[1:]):
        token, number = first.tokens[0]
        evidence = (
            f"for {token!r}, {first.name} is {number} on worker 0, and such numbers are in the"
        )
        evidence += f" data of {len(tokens)} workers, whose hashes have different salts"
        yield Finding("TB708", first.place, evidence)


def statistics(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find layers that have learned other statistics on another worker."""
    counterparts = Counterparts(seen)
    for birth in seen[0].births if len(seen) > 1 else ():
        if not birth.is_kept_by(*NORMALIZING):
            continue
        values = [each.copies[0] for each in counterparts.of(birth) if each and each.copies]
        if not all(same(value, values[0]) for value in values):
            on_workers = " | ".join(distinguishable(values))
            yield Finding("TB707", birth.place, f"{name_of(birth)} is {on_workers} on the workers")


def _difference(one: Vocabulary, other: Vocabulary, worker: int) -> str:
    """A token that a worker numbers otherwise than worker 0; empty if they agree."""
    numbers, others = dict(one.tokens), dict(other.tokens)
    differing = [token for token in numbers if numbers[token] != others.get(token, numbers[token])]
    smallest = min(one.size, other.size)
    if one.kind in _OF_PYTHON and (len(differing) < 2 or smallest < _SMALLEST_DICT):
        return ""
    if differing:
        token = differing[0]
        return f"{token!r} is {numbers[token]} on worker 0 and {others[token]} on worker {worker}"
    # Tables are made for any use, layers for data only: there a number has to mean one token.
    return _other_token(one, other, worker) if one.kind == "layer" else ""


def _other_token(one: Vocabulary, other: Vocabulary, worker: int) -> str:
    """A number that means another token on a worker than on worker 0; empty if none does."""
    tokens, others = ({number: token for token, number in each.tokens} for each in (one, other))
    for number, token in tokens.items():
        if others.get(number, token) != token:
            return f"{number} is {token!r} on worker 0 and {others[number]!r} on worker {worker}"
    return ""


def _is_made_of(one: Vocabulary, other: Vocabulary) -> bool:
    """Whether a vocabulary has the tokens of another one in the same order."""
    numbers, others = dict(one.tokens), dict(other.tokens)
    common = numbers.keys() & others.keys()
    steps = {numbers[token] - others[token] for token in common}
    return len(steps) == 1 and 2 * len(common) >= min(len(numbers), len(others))
