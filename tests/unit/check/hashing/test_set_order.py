"""The question whether the order of a set of texts can matter in a program."""

from __future__ import annotations

import ast
import textwrap

import pytest

from testbed.check.hashing.set_order import line_of_ordered_set


def line_in(*texts: str) -> tuple[str, int] | None:
    """File and line of the first set whose order is used, in files `0.py`, `1.py` and so on."""
    trees = {f"{number}.py": ast.parse(textwrap.dedent(text)) for number, text in enumerate(texts)}
    line = line_of_ordered_set(trees)
    return (line.file, line.line) if line else None


@pytest.mark.parametrize(
    "text",
    [
        "vocab = {w: i for i, w in enumerate(set(words))}",
        "labels = list(set(all_labels))",
        "labels = tuple(frozenset(all_labels))",
        "labels = [*set(all_labels)]",
        "labels = [each.lower() for each in set(all_labels)]",
        "labels = list({row['label'] for row in rows})",
        "labels = list({'cat', 'dog'})",
        "labels = list({*first, *second})",
        "labels = list(set(first) | set(second))",
        "labels = list(set(first).union(second))",
        "labels = list(set(first) - {'unknown'})",
        "labels = list(first.keys() & second.keys())",
        "labels = list(set(first) if first else set(second))",
        "labels = list(a := set(words))",
        "numbers = dict.fromkeys(set(words))",
        "numbers = dict(zip(set(words), range(100)))",
        "text = ' '.join(set(words))",
        "first = next(iter(set(words)))",
        "first = list(set(words))[0]",
        "first = set(words).pop()",
        "first, second = set(words)",
        "for word in set(words): numbers.append(word)",
        "array = np.array(list(set(words)))",
        "layer = StringLookup(vocabulary=list(set(words)))",
        "found = set(words)\nnumbers = {w: i for i, w in enumerate(found)}",
        "found: set = set()\nfound.add(word)\nlabels = list(found)",
        "found = {'a', 'b'}\nfound |= set(more)\nlabels = list(found)",
        "other = {'a'}\nother |= set(more)\nlabels = list(other)",
        "def words():\n    return set(texts)\nlabels = list(words())",
        "def number(words):\n    return {w: i for i, w in enumerate(words)}\nnumber(set(texts))",
        "def number(one, *, words):\n    return list(words)\nnumber(1, words=set(texts))",
        "class A:\n    seen = set()\n    def all(self):\n        return list(self.seen)",
        "class A:\n    seen: set = field(default_factory=set)\n    def f(self): list(self.seen)",
        "class A:\n    def __init__(self): self.seen = set()\n    def f(self): list(self.seen)",
        "class A:\n    def number(self, words): return list(words)\nA().number(set(texts))",
        "def f():\n    yield from set(words)",
        "numbers.extend(set(words))",
    ],
)
def test_sets_whose_order_is_used(text: str) -> None:
    """The line of the use is found."""
    found = line_in(text)
    assert found is not None


@pytest.mark.parametrize(
    "text",
    [
        "vocab = {w: i for i, w in enumerate(sorted(set(words)))}",
        "vocab = sorted({w.lower() for w in words})",
        "vocab = sorted(list(set(words)))",
        "vocab = sorted(w for w in set(words) if w)",
        "vocab = sorted(set(first) | set(second), key=len)",
        "vocab = list(set(words))\nvocab.sort()",
        "number = len(set(words))",
        "if word in {'a', 'b'}: pass",
        "stop = {'the', 'of'}\nkept = [w for w in words if w not in stop]",
        "stop = set(words)\nstop.add('a')\nstop.update(more)\nis_known = 'a' in stop",
        "same = set(first) == set(second)",
        "small = set(first) <= set(second)",
        "any(word in text for word in set(words))",
        "lengths = {len(w) for w in set(words)}",
        "numbers = list({len(w) for w in words})",
        "numbers = list({1, 2, 3})",
        "rest = list(set(range(100)) - set(test))",
        "numbers = list(set([len(w) for w in words]))",
        "labels = list({'only'})",
        "print(set(words))",
        "print(f'{set(words)}')",
        "parser.add_argument('--size', choices={'small', 'large'})",
        "call(exclude={'bias', 'scale'})",
        "vocab = list(dict.fromkeys(words))",
        "vocab = list(words)",
        "table = {'a': 1, 'b': 2}\nfor key in table: pass",
        "def f():\n    words = set(texts)\n    return len(words)\nfor word in words: pass",
        "def items():\n    return set(texts)\nfor key in table.items(): pass",
        "known = {frozenset(pair): 1}\nknown[frozenset(pair)]",
        "set()",
        "",
    ],
)
def test_sets_whose_order_is_not_used(text: str) -> None:
    """Sorted sets, sets of numbers, membership tests, sizes and comparisons."""
    assert line_in(text) is None


def test_the_line_of_the_use() -> None:
    """The line that lists the set is named, and not the line that makes it."""
    assert line_in("words = set(texts)\n\nnumber = len(words)\nlabels = list(words)") == ("0.py", 4)


def test_names_of_other_files() -> None:
    """A set that another file imports, or gets as an argument or a result."""
    assert line_in("from data import LABELS as L\nlist(L)", "LABELS = set(x)") == ("0.py", 2)
    assert line_in("from data import LABELS\nlist(LABELS)", "def f():\n LABELS = set(x)") is None
    assert line_in("n = number(set(x))", "def number(words):\n return [*words]") == ("1.py", 2)
    assert line_in("n = list(data.words())", "def words():\n return set(x)") == ("0.py", 1)


def test_names_of_names() -> None:
    """A set may have any number of names; each file is in any order."""
    text = "def f(a):\n    return list(a)\nb = set(x)\nc = b\nd = c | e\nf(d)"
    assert line_in(text) == ("0.py", 2)
