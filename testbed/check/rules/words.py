"""Names and values as evidence tells them."""

from __future__ import annotations

from testbed.check.seen import Birth
from testbed.diagnosis import show

_LONGEST = 40


def name_of(birth: Birth) -> str:
    """A variable by its name."""
    return f"'{birth.name.removesuffix(':0')}'"


def brief(value: object) -> str:
    """A value, cut where it would bury the sentence."""
    text = show(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
