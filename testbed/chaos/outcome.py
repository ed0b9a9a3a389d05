"""Derives the outcome of a fault from the ends of the workers: pure functions."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from testbed.catalogue.fault import Fault
from testbed.chaos.draw import phases_of
from testbed.chaos.record import Outcome, Reaction, Resumed, Undisturbed
from testbed.cluster.cluster import Cluster
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, describe_end
from testbed.run.attempt import Attempt
from testbed.verdict.diagnosis import diagnose
from testbed.verdict.reading import WorkerReport

_NUMBERED = re.compile(r"(\S+) (\d+)")
_STEP = "step"

_BY_SIGTERM = describe_end(signal.SIGTERM)


def undisturbed_of(attempt: Attempt, in_sync: Cluster) -> Undisturbed:
    """Summarise a run of a case without a fault."""
    symptom, evidence = _fails(attempt, in_sync)
    return Undisturbed(
        finished=attempt.finished,
        symptom=symptom,
        evidence=evidence,
        phases=tuple(_phases(end) for end in attempt.end.workers),
        reported=tuple(_reported_after(end) for end in attempt.end.workers),
        steps=_steps(attempt),
        seconds=round(attempt.end.seconds, 3),
    )


def outcome_of(
    number: int,
    attempts: Sequence[Attempt],
    undisturbed: Undisturbed,
    in_sync: Cluster,
    *,
    replay: str = "",
    logs: str = "",
) -> Outcome:
    """Summarise the attempts of a case; its fault was injected into the first one.

    Args:
        number: the number of the repetition, from 1.
        attempts: the result of `CaseRun.attempts`.
        undisturbed: the same case without a fault.
        in_sync: the part of the cluster that takes a step together.
        replay: the command that repeats this fault.
        logs: the folder of its logs.
    """
    first, last = attempts[0], attempts[-1]
    symptom, evidence = _fails(last, in_sync)
    result = _result(first, last, (symptom, evidence), undisturbed)
    if result == "recovered":
        symptom, evidence = "", ""
    reactions = _reactions(first, undisturbed)
    return Outcome(
        number=number,
        fault=first.fault,
        struck=_rounded(first.end.injected_at),
        reactions=reactions,
        noticed=_noticed(reactions, first.fault),
        hang=first.end.hang if first.end.missed_deadline else "",
        restarts=len(attempts) - 1,
        steps=_steps(last),
        resumed=_resumed(undisturbed, attempts) if result == "recovered" else None,
        result=result,
        symptom=symptom,
        evidence=evidence,
        seconds=round(sum(attempt.end.seconds for attempt in attempts), 3),
        replay=replay,
        logs=logs,
    )


def _fails(attempt: Attempt, in_sync: Cluster) -> tuple[str, str]:
    """The symptom and evidence of failed claims, or why the attempt did not finish; else empty.

    An unfinished attempt has a symptom only where a worker raised.
    """
    if attempt.unreadable:
        return "", attempt.unreadable
    if not attempt.finished and not any(report.raised for report in attempt.reports):
        end = attempt.end
        return "", end.hang if end.missed_deadline else end.cause
    found = diagnose(attempt.reports, in_sync)
    return (found.symptom, found.evidence) if found else ("", "")


def _result(first: Attempt, last: Attempt, fails: tuple[str, str], undisturbed: Undisturbed) -> str:
    if not last.finished:
        return "lost"
    # The fault did no damage where the claims hold, or fail as they do undisturbed.
    if fails not in (("", ""), (undisturbed.symptom, undisturbed.evidence)):
        return "wrong"
    return "missed" if first.fault and first.end.injected_at is None else "recovered"


def _reactions(attempt: Attempt, undisturbed: Undisturbed) -> tuple[Reaction, ...]:
    reports = {report.worker: report for report in attempt.reports}
    return tuple(
        _reaction(end, reports.get(end.worker), attempt.end, undisturbed)
        for end in attempt.end.workers
    )


def _reaction(
    end: WorkerEnd, report: WorkerReport | None, cluster: ClusterEnd, undisturbed: Undisturbed
) -> Reaction:
    phase = next((each.phase for each in reversed(end.ledger) if each.phase != "reported"), "")
    if end.reported:
        after = _reported_after(end)
        if raised := report and report.raised:
            since, where = _since(cluster, after), raised.where
            told = str(raised)
            return Reaction(end.worker, "raised", phase, after=since, told=told, where=where)
        delay = round(after - undisturbed.reported[end.worker], 3)
        return Reaction(end.worker, "finished", phase, delay=delay)
    if end.ended_for or end.status is not None:
        told = end.ended_for or describe_end(end.status or 0)
        told += f" ({end.words})" if end.words else ""
        return Reaction(end.worker, "ended", phase, after=_since(cluster, end.after), told=told)
    return Reaction(end.worker, "hung", phase)


def _noticed(reactions: Sequence[Reaction], fault: Fault | None) -> float | None:
    """Seconds until the first worker raised or ended, except by the fault itself."""
    if fault is None:
        return None
    return min(
        (
            each.after
            for each in reactions
            if each.after is not None and each.after >= 0 and not _is_the_fault(each, fault)
        ),
        default=None,
    )


def _is_the_fault(reaction: Reaction, fault: Fault) -> bool:
    """Whether the fault itself ended the worker; a worker that handles SIGTERM ends differently."""
    if reaction.worker != fault.worker:
        return False
    by_sigterm = fault.kind == "terminate" and reaction.told == _BY_SIGTERM
    return fault.about.ends_worker or by_sigterm


def _resumed(undisturbed: Undisturbed, attempts: Sequence[Attempt]) -> Resumed | None:
    """Where the workers went on after the last restart; None where that is not known.

    All workers for which it is known must agree.
    """
    if len(attempts) == 1:
        return None
    resumed = [
        _resumed_at(phases, [_phases(attempt.end.workers[worker]) for attempt in attempts])
        for worker, phases in enumerate(undisturbed.phases)
    ]
    found = {each for each in resumed if each}
    return found.pop() if len(found) == 1 else None


def _resumed_at(phases: Sequence[str], attempts: Sequence[Sequence[str]]) -> Resumed | None:
    """Where one worker went on, from the phases of each attempt.

    `bed.run` numbers the steps of every attempt from 1. So the step at which a worker went on
    follows from the number of steps it still took. It is known only if the steps that it did not
    take are no more than the steps of the earlier attempts. Phases that a script numbers itself,
    like epochs, name the place directly.
    """
    words = dict.fromkeys(word for word, _ in _numbers(phases))
    if _STEP in words:
        whole, *taken = (_count(each) for each in (phases, *attempts))
        missing = whole - taken[-1]
        if 0 <= missing <= sum(taken[:-1]):
            return Resumed(_STEP, missing + 1, whole)
        return None
    if len(words) != 1:
        return None
    (word,) = words
    again = [number for _, number in _numbers(attempts[-1])]
    return Resumed(word, again[0], _numbers(phases)[-1][1]) if again else None


def _steps(attempt: Attempt) -> int:
    """The number of begun steps, of the worker that began most."""
    return max((_count(_phases(end)) for end in attempt.end.workers), default=0)


def _count(phases: Sequence[str]) -> int:
    return sum(word == _STEP for word, _ in _numbers(phases))


def _numbers(phases: Sequence[str]) -> list[tuple[str, int]]:
    found = (_NUMBERED.fullmatch(phase) for phase in phases)
    return [(each[1], int(each[2])) for each in found if each]


def _phases(end: WorkerEnd) -> tuple[str, ...]:
    return phases_of([each.phase for each in end.ledger])


def _reported_after(end: WorkerEnd) -> float:
    """The seconds after which a worker reported, or reached its last phase."""
    return round(end.ledger[-1].after, 3) if end.ledger else 0.0


def _since(cluster: ClusterEnd, after: float) -> float | None:
    return None if cluster.injected_at is None else _rounded(after - cluster.injected_at)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
