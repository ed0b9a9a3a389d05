"""Vocabularies: lookup tables, layers, and dicts and lists that number tokens."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import pytest
import tensorflow as tf

from testbed.check.observations.vocabulary import Vocabulary
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)
WORDS = ["b", "a", "c", "a", "b", "b"]


class Tokenizer:
    def __init__(self) -> None:
        self.numbers = {"<pad>": 0}

    def fit(self, words: list[str]) -> None:
        for word in words:
            if word not in self.numbers:
                self.numbers[word] = len(self.numbers)  # at: entry


def tables(program: Callable[[], object]) -> list[tuple[str, str, tuple[tuple[str, int], ...]]]:
    """Line, kind and tokens of each table of a program."""
    seen = observed(program).vocabularies
    kinds = ("table", "layer")
    return [(HERE.name(each.place), each.kind, each.tokens) for each in seen if each.kind in kinds]


def dicts(program: Callable[[], object]) -> list[Vocabulary]:
    return [each for each in observed(program).vocabularies if each.kind == "dict"]


def lists(program: Callable[[], object]) -> list[Vocabulary]:
    return [each for each in observed(program).vocabularies if each.kind == "list"]


def create_table(keys: Any, values: Any) -> tf.lookup.StaticHashTable:
    filled = tf.lookup.KeyValueTensorInitializer(tf.constant(keys), tf.constant(values))
    return tf.lookup.StaticHashTable(filled, tf.constant(values)[0])  # at: table


@pytest.mark.parametrize(
    ("keys", "values", "tokens"),
    [
        (["b", "a"], [1, 0], (("a", 0), ("b", 1))),
        ([0, 1], ["a", "b"], (("a", 0), ("b", 1))),
        ([7, 5], [0, 1], (("7", 0), ("5", 1))),
    ],
)
def test_a_table_of_fixed_entries(keys: Any, values: Any, tokens: Any) -> None:
    """The tokens may be its keys or its values."""

    def program() -> None:
        create_table(keys, tf.constant(values))

    if isinstance(values[0], int):
        values = tf.constant(values, tf.int64)
    if isinstance(keys[0], int):
        keys = tf.constant(keys, tf.int64)
    assert tables(program) == [("table", "table", tokens)]


def test_tables_that_number_nothing() -> None:
    """Weights of tokens, a single token, and tables whose entries change, which may be counts."""

    def program() -> None:
        create_table(["a", "b"], [0.5, 2.0])
        create_table(["a"], tf.constant([1], tf.int64))
        counts = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)
        counts.insert(["a", "b"], tf.constant([0, 1], tf.int64))

    assert tables(program) == []


def test_a_table_from_a_file(tmp_path: Path) -> None:
    """The file of each worker may have other lines."""
    file = tmp_path / "words.txt"
    file.write_text("b\na\n")

    def program() -> None:
        index = tf.lookup.TextFileIndex
        lines = tf.lookup.TextFileInitializer(
            str(file), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
        )
        tf.lookup.StaticHashTable(lines, -1)  # at: from file

    assert tables(program) == [("from file", "table", (("b", 0), ("a", 1)))]


def test_a_layer_that_adapts() -> None:
    """The line that adapts it fills its table; another layer may take the words over."""

    def program() -> None:
        lookup = keras.layers.StringLookup(num_oov_indices=0)
        keras.layers.StringLookup(vocabulary=WORDS[:2])  # at: vocabulary
        lookup.adapt(tf.constant(WORDS))  # at: adapt

    adapted, given = tables(program)
    assert adapted == ("adapt", "layer", (("b", 0), ("a", 1), ("c", 2)))
    assert given[:2] == ("vocabulary", "layer")


def test_tokens_of_a_large_vocabulary() -> None:
    """Of two orders of the same words, the same words are kept besides the first ones."""
    words = [f"word {number}" for number in range(5000)]

    def kept(words: list[str]) -> tuple[tuple[str, int], ...]:
        numbers = tf.range(len(words), dtype=tf.int64)
        ((_, _, tokens),) = tables(lambda: create_table(words, numbers))
        return tokens

    one, other = dict(kept(words)), dict(kept(words[::-1]))
    assert len(one) < 50
    assert [one.get(f"word {number}") for number in range(24)] == list(range(24))
    assert len([word for word in one.keys() & other.keys() if one[word] != other[word]]) >= 24


def test_a_dict_of_a_function_that_runs_a_step(mirrored: Any) -> None:
    """The function's local variables are seen, too, and the line that fills the dict."""

    def program() -> None:
        ids: dict[str, int] = {}
        for word in WORDS:
            ids.setdefault(word, len(ids))  # at: setdefault
        mirrored.run(lambda: tf.constant(0))

    (vocabulary,) = dicts(program)
    assert (HERE.name(vocabulary.place), vocabulary.name) == ("setdefault", "ids")
    assert vocabulary.tokens == (("b", 0), ("a", 1), ("c", 2))


def test_a_dict_of_an_object(mirrored: Any) -> None:
    """The line that adds entries is reported, and not the one that makes the first of them."""

    def program() -> None:
        tokenizer = Tokenizer()
        tokenizer.fit(WORDS)
        mirrored.run(lambda: tf.constant(0))

    (vocabulary,) = dicts(program)
    assert HERE.name(vocabulary.place) == "entry"
    assert vocabulary.tokens == (("<pad>", 0), ("b", 1), ("a", 2), ("c", 3))


def test_a_list_whose_positions_are_numbers(mirrored: Any) -> None:
    """The program asks it for positions, so its order numbers the texts."""

    def program() -> None:
        labels = list(dict.fromkeys(WORDS))  # at: labels
        mirrored.run(lambda: tf.constant([labels.index(word) for word in WORDS]))

    (vocabulary,) = lists(program)
    assert (HERE.name(vocabulary.place), vocabulary.name) == ("labels", "labels")
    assert vocabulary.tokens == (("b", 0), ("a", 1), ("c", 2))


def test_lists_that_number_nothing(mirrored: Any) -> None:
    """A list that only has an order, one with a text twice, and one of other things."""

    def program() -> None:
        ordered, doubled, numbers = ["a", "b"], ["p", "q", "p"], [7, 8]
        mirrored.run(lambda: tf.constant(doubled.index("q") + numbers.index(7) + len(ordered)))

    assert lists(program) == []


def test_a_checksum_of_all_tokens() -> None:
    """It is that of the tokens, and not of their order."""

    def checksum(keys: list[str]) -> int:
        (table,) = observed(lambda: create_table(keys, tf.range(3, dtype=tf.int64))).vocabularies
        return table.checksum

    assert checksum(["a", "b", "c"]) == checksum(["c", "a", "b"]) != checksum(["a", "b", "d"])


def test_a_dict_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported once, under its first name that is computed in the file."""
    file = tmp_path / "names.py"
    file.write_text("first = {}\nids = number(words)\nalias = ids\n")
    module = ModuleType("names")
    ids = {"a": 1, "b": 2}
    vars(module).update(__file__=str(file), unknown=ids, first=ids, ids=ids, alias=ids)
    monkeypatch.setitem(sys.modules, "names", module)
    (vocabulary,) = dicts(lambda: None)
    place = vocabulary.place
    assert place is not None
    assert (place.file, place.line, vocabulary.name) == (str(file), 2, "ids")


def test_dicts_that_are_no_vocabulary(mirrored: Any) -> None:
    """Counts, numbers of other things than texts, a single entry, and other values."""

    def program() -> None:
        counts = dict(Counter(WORDS))
        rows = dict(zip([7, 9, 8], range(3), strict=True))
        late = dict(zip("abc", range(40, 43), strict=True))
        single = dict(zip("a", range(1), strict=True))
        values = dict(zip("abc", [0, tf.constant([1, 2]), "x"], strict=True))
        flags = dict(zip("ab", [False, True], strict=True))
        mirrored.run(lambda: tf.constant(len((counts, rows, late, single, values, flags))))

    assert dicts(program) == []
