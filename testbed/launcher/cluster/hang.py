"""Describes a hang in one sentence: which workers keep which waiting, the odd one first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.launcher.cluster.stacks import NOWHERE, StackPlace
from testbed.launcher.cluster.step_count import Steps

_STEP = re.compile(r"step (\d+)")


@dataclass(frozen=True)
class Standing:
    """The progress and the place of one worker of a cluster."""

    worker: int
    phase: str
    """The last phase that it reported."""
    phases: int
    """How many phases it reported: a worker with fewer is behind."""
    joined: bool = True
    reported: bool = False
    ended: bool = False
    place: StackPlace = NOWHERE
    peers: int = 1
    """How many other workers its cluster has."""
    steps: Steps | None = None
    """The steps that a user's program had begun, where they are counted."""

    @property
    def collective(self) -> str:
        """The collective in which it waits, as `step 3's collective`; empty where it is in none.

        Inferred: a step of a worker with peers has called TensorFlow, which does not return.
        """
        if self.reported or not (self.place.in_tensorflow and self.peers):
            return ""
        if self.steps:
            # A user's program calls TensorFlow between its steps, too.
            inside = self.steps.begun and self.steps.inside and self.place.in_step
            return f"step {self.steps.begun}'s collective" * bool(inside)
        step = _STEP.fullmatch(self.phase)
        return f"step {step[1]}'s collective" if step else ""

    @property
    def over(self) -> str:
        """How its work ended: `has reported`, `ended after 3 steps`; empty where it continues."""
        if self.ended:
            return "ended"
        if not self.reported or self.steps is None:
            return "reported" * self.reported
        steps = self.steps.begun
        return f"ended after {steps} step{'s' * (steps != 1)}" if steps else "ended"


def describe_hang(standings: Sequence[Standing]) -> str:
    """One sentence on all workers: workers in the same place together, the odd one first.

    `worker 1 is at train.py:42 in step, in phase 'step 3', and has not entered step 3's
    collective; workers 0, 2, 3 wait in it, at train.py:40 in step`.
    """
    groups: dict[object, list[Standing]] = {}
    for each in standings:
        groups.setdefault(each.over or (each.phase, each.place, each.steps), []).append(each)
    first, *others = sorted(groups.values(), key=_oddness)
    missed = next((group[0].collective for group in others if group[0].collective), "")
    if first[0].collective or (first[0].over and first[0].steps):
        # A worker whose program has ended enters no collective any more.
        missed = ""
    return "; ".join([_sentence(first, missed), *(_sentence(each, "", missed) for each in others)])


def _oddness(group: list[Standing]) -> tuple[object, ...]:
    """Sort key: workers without a stack, then not waiting, then in small groups, then behind."""
    first = group[0]
    silent = first.ended or not (first.place.known or first.reported)
    waits = bool(first.collective), first.place.in_tensorflow, first.reported
    return not silent, waits, len(group), first.phases, first.worker


def _sentence(group: list[Standing], missed: str = "", known: str = "") -> str:
    """Describe a group; `missed` is a collective it has not entered, `known` one named before."""
    first, one = group[0], len(group) == 1
    who = f"worker{'s' * (not one)} {', '.join(str(each.worker) for each in group)}"
    has, is_ = ("has", "is") if one else ("have", "are")
    without = f", and {has} not entered {missed}" if missed else ""
    if first.over:
        return f"{who} {f'{has} ' * (' ' not in first.over)}{first.over}{without}"
    at = f", at {first.place.at}" if first.place.at else ""
    if first.collective:
        inside = "it" if first.collective == known else first.collective
        if first.steps:
            return f"{who} {is_} in {inside}{at}"
        return f"{who} wait{'s' * one} in {inside}{at}"
    if not first.place.known:
        at = ", without a stack to show (stopped, or held by the kernel)"
    elif first.place.in_tensorflow:
        at = ", in TensorFlow" + (f", called at {first.place.at}" if at else "")
    if not first.joined:
        return f"{who} {has} not joined and {is_} in phase '{first.phase}'{at}"
    return f"{who} {is_} in phase '{first.phase}'{at}{without}"
