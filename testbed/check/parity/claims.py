"""Judges recorded steps whose parity a program asks for, or a test claims."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from testbed.check.judge import chosen, incomplete
from testbed.check.parity.comparison import Parity, compare
from testbed.check.parity.first_steps import RecordedRun
from testbed.check.parity.pairing import Side
from testbed.orders.case import ParityClaim


def parity_of(many: Sequence[RecordedRun], one: RecordedRun) -> Parity:
    """Compare recorded steps, and leave out findings that a comment silences.

    Args:
        many: the steps of all replicas, as each worker recorded them.
        one: the steps of a single replica.
    """
    if lost := incomplete([each.seen for each in (*many, one)]):
        return Parity(sentence=f"not compared with one replica: {lost[0]}")
    found = compare(_side(many), _side([one]))
    return replace(found, findings=tuple(chosen(found.findings)))


def broken(stated: Sequence[Sequence[ParityClaim]]) -> Iterator[str]:
    """Each claim that does not hold, or that cannot be judged, in words.

    Args:
        stated: the claims of every worker, worker 0 first.
    """
    for number in range(max(map(len, stated), default=0)):
        claims = [each[number] for each in stated if len(each) > number]
        if text := _problem(claims, len(stated)):
            place = claims[0].place
            yield f"{text}\n  {os.path.relpath(place.file)}:{place.line}: {place.text}"


def _problem(claims: Sequence[ParityClaim], workers: int) -> str:
    """Why a claim does not hold; empty where it does."""
    if len(claims) < workers:
        return f"not compared with one replica: {len(claims)} of {workers} workers claim it"
    one = claims[0].runs.one
    if one is None:
        # The strategy has one replica.
        return ""
    parity = parity_of([each.runs.many for each in claims], one)
    return "" if parity.agrees else str(parity)


def _side(runs: Sequence[RecordedRun]) -> Side:
    return Side([each.seen for each in runs], [each.first for each in runs])
