"""Vocabularies and statistics that are different on each worker."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.check.judge import judge
from testbed.check.observations.seen import Given, WorkerObservations
from testbed.check.observations.vocabulary import Vocabulary
from testbed.check.rules.data.encodings import statistics, vocabularies
from tests.unit.check.builders import at, born, mirrored, seen_of, told

NORMALIZATION = ("keras/src/layers/preprocessing/normalization.py",)


def words(*tokens: str, line: int = 5, kind: str = "dict", first: int = 0) -> Vocabulary:
    numbered = tuple((token, number) for number, token in enumerate(tokens, first))
    checksum = sum(map(ord, tokens))
    return Vocabulary(at(line), "ids", kind, len(tokens), numbered, checksum)


def workers(*of_workers: Vocabulary | tuple[Vocabulary, ...]) -> list[WorkerObservations]:
    return [
        seen_of(worker=number, vocabularies=each if isinstance(each, tuple) else (each,))
        for number, each in enumerate(of_workers)
    ]


def test_a_dict_that_each_worker_builds() -> None:
    """The evidence names the worker, both sizes, and one token with both of its numbers."""
    same = words("a", "b", "c")
    evidence = "'ids' has 3 tokens on worker 0 and 4 on worker 2:"
    evidence += " 'b' is 1 on worker 0 and 2 on worker 2"
    found = vocabularies(workers(same, same, words("a", "d", "b", "c")))
    assert told(list(found)) == [("TB707", 5, evidence)]


@pytest.mark.parametrize("kind", ["table", "layer"])
def test_a_table_that_each_worker_builds(kind: str) -> None:
    """One token suffices."""
    evidence = "the lookup table has 2 tokens on worker 0 and 1 on worker 1:"
    evidence += " 'b' is 1 on worker 0 and 0 on worker 1"
    found = vocabularies(workers(words("a", "b", kind=kind), words("b", kind=kind)))
    assert told(list(found)) == [("TB707", 5, evidence)]


@pytest.mark.parametrize(
    "other",
    [
        words("a", "b", "c"),
        words("a", "b", "c", "d"),
        words("a", "b"),
        words("x", "y", "z"),
        words("x", "a", "y"),
        words("c", "b", "a", line=6),
    ],
    ids=["equal", "longer", "shorter", "other tokens", "one token", "other line"],
)
def test_dicts_that_may_be_right(other: Vocabulary) -> None:
    """Dicts that agree, and those that number each worker's own things."""
    assert told(vocabularies(workers(words("a", "b", "c"), other))) == []


@pytest.mark.parametrize("kind", ["dict", "list"])
def test_another_order_of_the_same_tokens(kind: str) -> None:
    """The cure is to sort them, and not to read all data on every worker."""
    one, other = words("a", "b", "c", kind=kind), words("a", "c", "b", kind=kind)
    (found,) = vocabularies(workers(one, one, other))
    evidence = "'ids' has the same 3 tokens on workers 0 and 2 in another order:"
    evidence += " 'b' is 1 on worker 0 and 2 on worker 2"
    assert told([found]) == [("TB707", 5, evidence)]
    assert found.about.cure.endswith("sorted(set(words)) in place of the set")
    (found,) = vocabularies(workers(one, words("c", "a", "b", "d", kind=kind)))
    assert "from all of the data" in found.about.cure


def test_a_list_of_the_workers() -> None:
    """Two workers may list each other, each with itself first."""
    assert told(vocabularies(workers(words("a", "b"), words("b", "a")))) == []


def test_other_tokens_for_one_number() -> None:
    """They are reported for a layer, which is for data, and not for a table of any use."""
    evidence = "the lookup table has 2 tokens on worker 0 and 2 on worker 1:"
    evidence += " 0 is 'a' on worker 0 and 'x' on worker 1"
    for kind, expected in (("layer", [("TB707", 5, evidence)]), ("table", [])):
        apart = workers(words("a", "b", kind=kind), words("x", "y", kind=kind))
        assert told(vocabularies(apart)) == expected


def test_a_table_made_of_a_dict() -> None:
    """Only the dict is reported, also if the table reserves numbers, but another table is."""

    def of(*tokens: str) -> tuple[Vocabulary, ...]:
        other = words(*reversed(tokens), line=7, kind="table")
        return words(*tokens), words(*tokens, line=6, kind="table", first=2), other

    found = vocabularies(workers(of("a", "b", "c"), of("c", "b", "a")))
    assert [line for _, line, _ in told(list(found))] == [5, 7]


def test_one_worker_has_nothing_to_compare() -> None:
    """Nor has a worker that has no such vocabulary."""
    apart = workers(words("a", "b", "c"), words("c", "b", "a"))
    assert told(vocabularies(apart[:1])) == []
    assert told(vocabularies([apart[0], seen_of(worker=1)])) == []


def test_batches_of_equal_numbers_are_no_equal_batches() -> None:
    """Other tokens may have the same numbers on each worker."""
    batches = ("4 a", "4 b")
    given = Given("step", at(9), calls=3, source=at(8), batches=batches, fed=True, trains=True)

    def codes(*of_workers: Vocabulary) -> list[str]:
        seen = [
            seen_of(worker=number, given=(given,), vocabularies=(each,))
            for number, each in enumerate(of_workers)
        ]
        return [finding.code for finding in judge(seen)]

    one, other = words("a", "b", "c"), words("c", "b", "a")
    assert (codes(one, other), codes(one, one)) == (["TB707"], ["TB702"])


@pytest.mark.parametrize("make", [born, mirrored])
def test_statistics_of_own_data(make: Any) -> None:
    """A normalization layer that each worker adapts is reported, and not its variables as such."""
    births = [make(0, "mean", 4, libraries=NORMALIZATION, copies=(value,)) for value in (2.0, 5.0)]
    seen = [seen_of(birth, worker=number) for number, birth in enumerate(births)]
    evidence = "'mean' is 2 | 5 on the workers"
    assert told(list(statistics(seen))) == [("TB707", 4, evidence)]
    assert [finding.code for finding in judge(seen)] == ["TB707"]
    assert told(statistics(seen[:1])) == []
    assert told(statistics([seen[0], seen[0]])) == []


def test_other_variables_are_no_statistics() -> None:
    """A plain variable may have a value for each worker."""
    seen = [seen_of(born(0, copies=(value,))) for value in (2.0, 5.0)]
    assert told(statistics(seen)) == []


def test_data_of_hashes() -> None:
    """The evidence has the expression, and a text with its number on two workers."""
    place, name = at(7), "hash(word) % 9"
    numbers = [(("a", 3), ("b", 4)), (("b", 4),), (("a", 3), ("b", 8)), (("c", 3),)]
    one, same, other, own = (Vocabulary(place, name, "hash", 2, each) for each in numbers)
    evidence = "for 'b', hash(word) % 9 is 4 on worker 0 and 8 on worker 2"
    evidence += ", and such numbers are in the data"
    assert told(vocabularies(workers(one, same, other))) == [("TB708", 7, evidence)]
    assert told(vocabularies(workers(one, same))) == []
    evidence = "for 'a', hash(word) % 9 is 3 on worker 0, and such numbers are in the data of 2"
    evidence += " workers, whose hashes have different salts"
    assert told(vocabularies(workers(one, own))) == [("TB708", 7, evidence)]
