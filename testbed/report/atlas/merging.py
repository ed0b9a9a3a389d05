"""Merges the records of runs with several versions of TensorFlow into an atlas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from testbed.catalogue.releases import order_of
from testbed.errors import UsageError
from testbed.report.atlas.atlas import (
    Atlas,
    AtlasCell,
    AtlasOutcome,
    AtlasScenario,
    AtlasVersion,
)
from testbed.report.formats.words import printable
from testbed.report.records.record import RunRecord
from testbed.verdict.raised_error import RaisedError
from testbed.verdict.reading import Raised
from testbed.verdict.verdict import Verdict

_LONGEST = 300

# What is different in each run, and says nothing.
_VOLATILE = (
    (re.compile(r"0x[0-9a-f]{6,}"), "0x..."),
    (re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):\d+"), r"\1:..."),
    (re.compile(r"(?<![\w.])/\S*/(?=[^/\s]+\.py\b)"), ""),
    (re.compile(r"_\d{3,}\b"), "_..."),
)


def atlas_of(records: Sequence[RunRecord]) -> Atlas:
    """Merge records into an atlas, ordered by the versions of TensorFlow and Keras.

    Args:
        records: of at least one run each; together of different versions.

    Raises:
        UsageError: two runs have the same versions or different devices, or a run does not know
            its version.
    """
    ordered = sorted(records, key=_order)
    versions = tuple(_versions(ordered))
    newest = {script.name: script for record in ordered for script in record.scripts}
    return Atlas(
        device=_device(ordered),
        versions=versions,
        scenarios=tuple(
            AtlasScenario(each.id, each.claim, script.title, script.group)
            for script in newest.values()
            for each in script.scenarios
        ),
        cells=tuple(_cells(ordered, [each.name for each in versions])),
    )


def _order(record: RunRecord) -> tuple[Any, ...]:
    versions = record.versions
    if versions.tensorflow is None:
        raise UsageError(f"{record.run}: no worker of this run reported TensorFlow's version")
    return order_of(versions.tensorflow), order_of(versions.keras or "")


def _versions(records: Sequence[RunRecord]) -> Iterator[AtlasVersion]:
    known = Counter(record.versions.tensorflow for record in records)
    names: dict[str, str] = {}
    for record in records:
        name, keras = record.versions.tensorflow or "", record.versions.keras or ""
        if known[name] > 1:
            name = f"{name} with Keras {keras}"
        if name in names:
            raise UsageError(
                f"{names[name]} and {record.run} are both of TensorFlow {name}; an atlas has one"
                " run of each version"
            )
        names[name] = record.run
        unexpected = sum(not verdict.as_expected for verdict in record.verdicts)
        yield AtlasVersion(
            name,
            record.versions.tensorflow or "",
            keras,
            record.versions.python,
            record.versions.testbed,
            record.began,
            len(record.cases),
            unexpected,
        )


def _device(records: Sequence[RunRecord]) -> str:
    devices = {record.device: record.run for record in records}
    if len(devices) > 1:
        (one, first), (other, second), *_ = devices.items()
        raise UsageError(
            f"{first} is of {one}, {second} of {other}; an atlas is of one kind of device"
        )
    return records[0].device


def _cells(records: Sequence[RunRecord], names: Sequence[str]) -> Iterator[AtlasCell]:
    seen = [{verdict.case: verdict for verdict in record.verdicts} for record in records]
    # A run of another selection may have other cases; the newest run decides their order.
    for case in dict.fromkeys(case for each in reversed(seen) for case in each):
        deployment = case.deployment
        yield AtlasCell(
            case.scenario,
            case.strategy,
            deployment.cluster.workers,
            deployment.cluster.replicas_per_worker,
            case.site,
            case.mode,
            tuple(_outcomes([each.get(case) for each in seen], names)),
        )


def _outcomes(verdicts: Sequence[Verdict | None], names: Sequence[str]) -> Iterator[AtlasOutcome]:
    """The outcomes of one case; successive versions with the same outcome are one."""
    for alike, span in groupby(zip(names, verdicts, strict=True), lambda each: _outcome(each[1])):
        known = [(name, verdict) for name, verdict in span if verdict]
        if alike is None or not known:
            continue
        (first, one), (last, _) = known[0], known[-1]
        evidence = dict.fromkeys(_evidence(verdict) for _, verdict in known)
        yield AtlasOutcome(
            first,
            last,
            one.kind,
            one.symptom or None,
            _exception(one),
            tuple(filter(None, evidence)),
        )


def _outcome(verdict: Verdict | None) -> tuple[str, str, str] | None:
    """What makes two outcomes different."""
    return (verdict.kind, verdict.symptom, _exception(verdict)) if verdict else None


def _raised(verdict: Verdict) -> Raised | None:
    """The exception that the verdict is about."""
    raised = [report.raised for report in verdict.reports if report.raised]
    return next((each for each in raised if verdict.evidence.startswith(each.type)), None)


def _exception(verdict: Verdict) -> str:
    raised = _raised(verdict)
    return raised.type if raised else ""


def _evidence(verdict: Verdict) -> str:
    """The evidence in one line, of an exception its message, without what differs in each run."""
    text = verdict.evidence
    if raised := _raised(verdict):
        text = f"{raised.type}: {RaisedError(raised.type, raised.message).plain}"
    text = " ".join(printable(text).split())
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
