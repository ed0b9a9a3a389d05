"""GitHub-flavoured Markdown of a program's benchmark, for an issue or a job summary."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.bench.show.units import shown
from testbed.bench.slow.record import PARTS, ProgramBenchRecord, RecordedCause
from testbed.bench.slow.show.text import main_cause, near, notes
from testbed.report.formats.markdown import code, text
from testbed.report.formats.words import conditions


def markdown_of_program(record: ProgramBenchRecord) -> str:
    """The result, how the program scales, and the parts of a step."""
    return "\n".join(_page(record)) + "\n"


def _page(record: ProgramBenchRecord) -> Iterator[str]:
    yield f"# {text(record.program)}: {text(record.headline)}\n"
    main = main_cause(record)
    if main.evidence:
        yield f"{text(main.evidence)}\n"
    if main.cure:
        yield f"**Change first:** {_change(main)}\n"
    for cause in record.further:
        yield f"Also, {cause.share:.0%} of a step: {text(cause.evidence)}: {_change(cause)}\n"
    yield "| workers | replicas | step | rows a second | speed-up |\n|---|---|---|---|---|"
    for scale in record.scales:
        rows = f"{scale.rows_a_second:,.0f}" if scale.rows_a_second else "-"
        up = scale.speedup
        speedup = f"{up.value:.2f} ({up.low:.2f} to {up.high:.2f})" if up else "-"
        yield (
            f"| {scale.workers} | {scale.in_sync} | {shown(scale.step.value, 's')}"
            f" ±{scale.step.spread:.0%} | {rows} | {speedup} |"
        )
    yield "\n| part of a step | share |\n|---|---|"
    for part in record.parts:
        share = part.share
        yield f"| {PARTS[part.name]} | {share.value:.0%} ({share.low:.0%} to {share.high:.0%}) |"
    yield "\n| | |\n|---|---|"
    for what, value in conditions(record).items():
        yield f"| {what} | {text(value)} |"
    yield ""
    for note in notes(record):
        yield f"- {text(note)}"


def _change(cause: RecordedCause) -> str:
    where = f"{code(f'{near(cause.file)}:{cause.line}')}: " if cause.file else ""
    return f"{where}{text(cause.cure)}"
