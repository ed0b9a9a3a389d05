"""Names and values as evidence tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from testbed.check.seen import VariableCreated
from testbed.verdict.diagnosis import same, show

_LONGEST = 40


def name_of(birth: VariableCreated) -> str:
    """A variable by its name."""
    return f"'{bare(birth.name)}'"


def bare(name: str) -> str:
    """A variable's name as its author gave it."""
    return name.removesuffix(":0")


def told_apart(values: Sequence[Any]) -> list[str]:
    """Values that are not all the same, so that this is seen: more digits, or the element."""
    for digits in (4, 9):
        texts = [_brief(value, digits) for value in values]
        if len(set(texts)) > 1:
            return texts
    lists = [value for value in values if isinstance(value, list)]
    if len(lists) == len(values):
        for elements in zip(*lists, strict=False):
            if not all(same(element, elements[0]) for element in elements):
                return [f"[..., {text}, ...]" for text in told_apart(elements)]
    return texts


def _brief(value: Any, digits: int) -> str:
    """A value, cut where it would bury the sentence."""
    text = show(value, digits)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
