"""Numbers that are computed from the hash of texts, and become data."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest
import tensorflow as tf

from testbed.check.observations.vocabulary import Vocabulary
from testbed.worker.watching.data.text_hashes import salt_of
from testbed.worker.watching.events import Events
from testbed.worker.watching.python_hooks import text_hashes
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)
WORDS = ["rain", "sun", "snow", "hail", "wind", "fog", "mist", "frost"]
BUCKETS = 1000
plain_hash = hash


class Buckets:
    def __init__(self, number: int) -> None:
        self.number = number

    def of(self, word: str) -> int:
        return hash(word) % self.number  # at: attribute


class Word:
    """Equal to its text, and so of equal hash."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return self.text == other


def hashed(program: Callable[[], object]) -> list[Vocabulary]:
    return [each for each in observed(program).vocabularies if each.kind == "hash"]


def lines(program: Callable[[], object]) -> list[str]:
    return [HERE.name(each.place) for each in hashed(program)]


def dataset_of(*arrays: Any) -> None:
    tf.data.Dataset.from_tensor_slices(tuple(map(numpy.array, arrays)))


@contextmanager
def salted(salt: int) -> Iterator[list[tuple[Any, int]]]:
    """Salts hashes in the block; yields each text and its hash."""
    seen: list[tuple[Any, int]] = []
    events = Events()
    events.text_hashed.subscribe("test", lambda _, text, value: seen.append((text, value)))
    with text_hashes(events, salt):
        yield seen
    assert events.log.failures == ()


def test_elements_of_a_dataset() -> None:
    """The line is reported with its expression and the number of each word."""

    def program() -> None:
        dataset_of([hash(word) % BUCKETS for word in WORDS])  # at: elements

    (found,) = hashed(program)
    assert (HERE.name(found.place), found.name) == ("elements", "hash(word) % BUCKETS")
    assert found.size == len(WORDS)
    assert dict(found.tokens) == {word: plain_hash(word) % BUCKETS for word in WORDS}


def test_other_arithmetic() -> None:
    """The range may be an attribute or a mask, and further arithmetic may be around it."""

    def attribute() -> None:
        buckets = Buckets(97)
        dataset_of([[buckets.of(word)] * 1 for word in WORDS])

    def mask() -> None:
        dataset_of([2 + (abs(hash((word, 1))) & 255) for word in WORDS])  # at: mask

    assert lines(attribute) == ["attribute"]
    assert lines(mask) == ["mask"]


def test_elements_in_another_order() -> None:
    """Of a large range, so many numbers meet by no coincidence; of a small one they may."""

    def program(buckets: int) -> None:
        numbers = [hash(word) % buckets for word in WORDS]  # at: shuffled
        dataset_of(sorted(numbers, reverse=True), [0] * len(numbers))

    assert lines(lambda: program(10**6)) == ["shuffled"]
    assert lines(lambda: program(4)) == []


def test_columns_of_a_dataset() -> None:
    """The hashing trick: the numbers are the columns that are not zero."""

    def program(width: int) -> None:
        rows = numpy.zeros((len(WORDS), width), numpy.float32)
        for row, word in zip(rows, WORDS, strict=True):
            row[hash(word) % 512] += 1  # at: column
        dataset_of(rows)

    assert lines(lambda: program(512)) == ["column"]
    assert lines(lambda: program(600)) == []


def test_arguments_of_a_step(mirrored: Any) -> None:
    """Tensors that the program passes to a run or to a tf.function."""

    def numbers() -> tf.Tensor:
        return tf.constant([hash(word) % BUCKETS for word in WORDS])  # at: arguments

    assert lines(lambda: mirrored.run(tf.identity, (numbers(),))) == ["arguments"]
    assert lines(lambda: tf.function(tf.identity)(numbers())) == ["arguments"]


def test_hashes_that_are_no_data() -> None:
    """Shelves of a cache, whole hashes, other data, and numbers that are no texts."""

    def program() -> None:
        shelves: list[list[str]] = [[] for _ in range(16)]
        for word in WORDS:
            shelves[hash(word) % len(shelves)].append(word)
        dataset_of([zlib.crc32(word.encode()) % 16 for word in WORDS])
        dataset_of([len({hash(word) for word in WORDS})] * 8)
        dataset_of([hash(number) % 16 for number in range(40, 60)])
        both = [hash(word) % 9 + hash(word + "s") % 9 for word in WORDS]
        dataset_of(both)

    assert lines(program) == []


def test_a_salt_changes_the_hashes_of_texts_alone() -> None:
    """Explicit calls only: dicts work as before, also with keys that are equal to texts."""
    values: tuple[Any, ...] = (1, 2.5, None, (1, 2))
    expected = [plain_hash(each) for each in values]
    with salted(12345) as seen:
        assert [hash(each) for each in values] == expected
        assert hash("rain") == plain_hash("rain") ^ 12345
        assert hash((b"rain", 1)) != plain_hash((b"rain", 1))
        assert {"rain": 1}[Word("rain")] == 1  # type: ignore[index]
        assert len({hash(word) for word in WORDS}) == len(WORDS)
        with pytest.raises(TypeError, match="unhashable type: 'list'"):
            hash(([],))
    assert [text for text, _ in seen] == ["rain", (b"rain", 1), *WORDS]
    assert hash is plain_hash


def test_salts_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker has its own; a fixed seed of Python means the same hashes everywhere."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    salts = [salt_of(worker) for worker in range(50)]
    assert salts[0] == 0
    assert len(set(salts)) == 50
    # A hash has 64 bits, and one of them is its sign.
    assert all(salt is not None and salt.bit_length() < 62 for salt in salts)
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    assert salt_of(1) == salts[1]
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert salt_of(0) is salt_of(1) is None


def test_hash_in_a_tf_function() -> None:
    """AutoGraph calls it as it calls the built-in one."""

    def number() -> tf.Tensor:
        return tf.constant(hash("rain") % BUCKETS)

    with salted(5):
        assert tf.function(number)().numpy() == plain_hash("rain") % BUCKETS
