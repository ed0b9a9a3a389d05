"""Formats names and values for evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from testbed.check.observations.seen import VariableCreated
from testbed.verdict.diagnosis import same, show

_LONGEST = 40

_UNNAMED = re.compile(r"[Vv]ariable(_\d+)?")
"""The names that TensorFlow and Keras give."""


def name_of(birth: VariableCreated) -> str:
    """The quoted name of a variable, or its line if the program gave it no name."""
    name = bare(birth.name)
    if birth.place and _UNNAMED.fullmatch(name):
        return f"the variable of line {birth.place.line}"
    return f"'{name}'"


def bare(name: str) -> str:
    """The name of a variable as the user gave it."""
    return name.removesuffix(":0")


def distinguishable(values: Sequence[Any]) -> list[str]:
    """Format different values so that the difference shows: more digits, or only one element."""
    for digits in (4, 9):
        texts = [_brief(value, digits) for value in values]
        if len(set(texts)) > 1:
            return texts
    elements = _differing_elements(values)
    return [f"[..., {text}, ...]" for text in distinguishable(elements)] if elements else texts


def _differing_elements(values: Sequence[Any]) -> Sequence[Any]:
    """The first elements in which lists differ; empty if there are none."""
    if not all(isinstance(value, list) for value in values):
        return ()
    pairs = zip(*values, strict=False)
    return next((each for each in pairs if not all(same(one, each[0]) for one in each)), ())


def _brief(value: Any, digits: int) -> str:
    """A value, cut to a length that fits into a sentence."""
    text = show(value, digits)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
