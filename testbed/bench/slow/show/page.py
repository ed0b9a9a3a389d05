"""The page of a program's benchmark: one file that contains all it shows and loads nothing.

Its parts are the files in the folder `page` beside this module.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from testbed.bench.show.units import shown
from testbed.bench.slow.record import (
    PARTS,
    ProgramBenchRecord,
    RecordedCause,
    RecordedScale,
    RecordedWorker,
)
from testbed.bench.slow.show.text import LETTERS, main_cause, near, notes
from testbed.bench.slow.show.timeline import Span, beginning, timeline
from testbed.report.formats.page import PARTS as SHARED
from testbed.report.formats.page import PageParts, assemble
from testbed.report.formats.page_data import Pool
from testbed.report.formats.words import conditions
from testbed.verdict.device_memory import HOST

_OWN = Path(__file__).with_suffix("")
_SCRIPTS = ("answer.js", "scaling.js", "parts.js", "workers.js", "drawing.js", "timeline.js")

_PARTS = PageParts(
    _OWN / "program.html",
    [SHARED / "base.css", _OWN / "program.css", _OWN / "timeline.css"],
    [SHARED / "dom.js", *(_OWN / name for name in (*_SCRIPTS, "program.js"))],
)


def page_of_program(record: ProgramBenchRecord) -> str:
    """The page of a program's benchmark."""
    return assemble(program_data(record), _PARTS)


def program_data(record: ProgramBenchRecord) -> dict[str, Any]:
    """All data of the page, as JSON types; names of events are numbers of `names`."""
    names, zero = Pool(), beginning(record)
    return {
        "program": record.program,
        "headline": record.headline,
        "boundBy": record.bound_by,
        "main": _cause(main_cause(record)),
        "further": list(map(_cause, record.further)),
        "on": str(record.deployment),
        "step": _times(record.scales[-1]),
        "scales": list(map(_scale, record.scales)),
        "parts": _parts(record),
        "unknown": _unknown(record),
        "reduced": _reduced(record),
        "input": [{**asdict(each), "file": near(each.file)} for each in record.input],
        "workers": [_worker(each, record, names, zero) for each in record.workers],
        "names": names.things,
        "notes": list(notes(record)),
        "conditions": conditions(record),
        "command": shlex.join(["testbed", *record.command]),
        "began": record.began,
        "seconds": record.seconds,
    }


def _cause(cause: RecordedCause) -> dict[str, Any]:
    return {**asdict(cause), "file": near(cause.file)}


def _times(scale: RecordedScale) -> dict[str, str]:
    step = scale.step
    return {
        "value": shown(step.value, "s"),
        "low": shown(step.low, "s"),
        "high": shown(step.high, "s"),
    }


def _scale(scale: RecordedScale) -> dict[str, Any]:
    return {
        "workers": scale.workers,
        "replicas": scale.replicas,
        "inSync": scale.in_sync,
        "step": _times(scale),
        "stepsASecond": 1 / scale.step.value,
        "rows": scale.rows,
        "rowsASecond": scale.rows_a_second,
        "speedup": asdict(scale.speedup) if scale.speedup else None,
    }


def _parts(record: ProgramBenchRecord) -> list[dict[str, Any]]:
    step = record.scales[-1].step.value
    return [
        {
            "name": part.name,
            "letter": LETTERS[part.name],
            "meaning": PARTS[part.name],
            "share": asdict(part.share),
            "time": shown(part.share.value * step, "s"),
        }
        for part in record.parts
    ]


def _unknown(record: ProgramBenchRecord) -> list[str]:
    """The parts that could not be measured."""
    known = {part.name for part in record.parts}
    return [meaning for name, meaning in PARTS.items() if name not in known]


def _reduced(record: ProgramBenchRecord) -> str:
    if not record.reductions:
        return ""
    values = f"{record.reductions} value{'s' * (record.reductions != 1)}"
    return f"A step reduces {shown(record.reduced_bytes, 'B')} in {values}."


def _worker(
    worker: RecordedWorker, record: ProgramBenchRecord, names: Pool, zero: float
) -> dict[str, Any]:
    return {
        "worker": worker.worker,
        "rows": worker.rows,
        "busy": worker.busy,
        "memory": [
            shown(each.peak, "B")
            for each in record.memory
            if each.worker == worker.worker and each.device != HOST
        ],
        "timeline": [
            {
                "kind": row.kind,
                "title": row.title,
                "spans": [_span(span, names) for span in row.spans],
            }
            for row in timeline(worker, zero)
        ],
    }


def _span(span: Span, names: Pool) -> tuple[int, float, float]:
    """Its name, begin and duration; the last two in microseconds."""
    return names.number(span.name), round(span.begin * 1e6, 1), round(span.seconds * 1e6, 1)
