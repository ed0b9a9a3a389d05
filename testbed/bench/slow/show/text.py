"""Shows in a terminal how a program scales, and what bounds it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from testbed.bench.show.console import show_machine
from testbed.bench.show.units import shown
from testbed.bench.slow.changes import ProgramChanges
from testbed.bench.slow.record import (
    PARTS,
    ProgramBenchRecord,
    RecordedCause,
    RecordedMemory,
    RecordedPart,
    RecordedScale,
)
from testbed.report.formats.text import literal
from testbed.verdict.device_memory import HOST

_BAR = 24
_STEP = 60
_COLOURS = {
    "input": "magenta",
    "tracing": "red",
    "fetch": "yellow",
    "communication": "blue",
    "uneven": "bright_red",
    "fixed": "cyan",
    "compute": "green",
}
# The letter of each part in the bar of a step; for who sees no colours.
LETTERS = {
    "input": "i",
    "tracing": "t",
    "fetch": "f",
    "communication": "x",
    "uneven": "w",
    "fixed": "o",
    "compute": "c",
}
_MOST_FILES = 3


def show_program(record: ProgramBenchRecord, console: Console) -> None:
    """Print the result, how the program scales, and the parts of a step."""
    whole = not console.is_terminal

    def line(text: str = "", style: str = "") -> None:
        if whole:
            console.print(literal(text), soft_wrap=True)
            return
        indent = len(text) - len(text.lstrip())
        # The further lines of a long text begin below its first one.
        console.print(Padding(literal(text.lstrip()), (0, 0, 0, indent)), style=style or None)

    line()
    line(f"{record.program}: {record.headline}", "bold")
    for text in _details(record):
        line(f"  {text}")
    for cause in record.further:
        line(f"also, {cause.share:.0%} of a step: {cause.evidence}")
        line(f"  {change_of(cause)}")
    line()
    for scale in scale_lines(record):
        line(scale)
    line()
    line(f"a step on {record.deployment}: {shown(record.scales[-1].step.value, 's')}")
    console.print(_bar(record.parts))
    for part in record.parts:
        if part.share.value >= 0.005 or part.name == "compute":
            line(f"  {part_line(part)}")
    for text in notes(record):
        line(text, "dim")


def change_of(cause: RecordedCause) -> str:
    """Where to change what."""
    where = f"{near(cause.file)}:{cause.line}" if cause.file else ""
    return ": ".join(filter(None, (where, cause.cure)))


def main_cause(record: ProgramBenchRecord) -> RecordedCause:
    """What bounds the program; its evidence is empty where the headline already has it."""
    evidence = "" if record.evidence in record.headline else record.evidence
    return RecordedCause(
        record.bound_by, record.share, evidence, record.cure, record.file, record.line
    )


def _details(record: ProgramBenchRecord) -> Iterator[str]:
    main = main_cause(record)
    if main.evidence:
        yield main.evidence
    if main.cure:
        yield change_of(main)


def scale_lines(record: ProgramBenchRecord) -> Iterator[str]:
    """A line for each number of replicas, with a bar."""
    knows_rows = all(each.rows for each in record.scales)
    best = max(map(_speed, record.scales))
    speed = "rows/s" if knows_rows else "steps/s"
    yield f"{'replicas':10}{'step':>10}{speed:>12}  {'':{_BAR}}  speed-up"
    for each in record.scales:
        bar = "█" * max(1, round(_BAR * _speed(each) / best))
        yield (
            f"{_replicas(each):10}{shown(each.step.value, 's'):>10}{_speed(each):>12,.0f}"
            f"  {bar:{_BAR}}"
            f"  {_speedup(each)}"
        )


def _replicas(scale: RecordedScale) -> str:
    return f"{scale.workers} x {scale.replicas}" if scale.workers > 1 else f"{scale.replicas}"


def _speed(scale: RecordedScale) -> float:
    """Rows a second; steps a second where the rows are not known."""
    return scale.rows_a_second or 1 / scale.step.value


def _speedup(scale: RecordedScale) -> str:
    if scale.speedup is None:
        return "-"
    if scale.in_sync == 1:
        return "1.00"
    share = scale.speedup
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def part_line(part: RecordedPart) -> str:
    """A part in one line: its letter, its share and its meaning."""
    share = part.share
    spread = f" ({share.low:.0%} to {share.high:.0%})" if share.high > share.low else ""
    return f"{LETTERS[part.name]} {share.value:4.0%} {PARTS[part.name]}{spread}"


def _bar(parts: tuple[RecordedPart, ...]) -> Text:
    """The parts of a step in letters and colours."""
    total = sum(part.share.value for part in parts) or 1.0
    text, taken, filled = Text("  "), 0.0, 0
    for part in parts:
        taken += part.share.value
        cells = round(_STEP * taken / total) - filled
        filled += cells
        text.append(LETTERS[part.name] * cells, style=f"black on {_COLOURS[part.name]}")
    return text


def notes(record: ProgramBenchRecord) -> Iterator[str]:
    """What was run, what is not known, and what the program may have written."""
    of_a_call = record.steps_of_a_call
    steps = (
        f"{record.steps} steps"
        if of_a_call == 1
        else f"{record.steps} calls of {of_a_call:.3g} steps"
    )
    runs = f"{record.rounds} round{'s' * (record.rounds != 1)} of {steps}"
    yield f"{runs}; each run was ended after its steps, and its output is in the run folder"
    if memory := _memory(record):
        yield memory
    for each in record.lacking:
        yield f"not known: the run '{each.variant}' on {each.on} was not possible: {each.why}"
    if record.written:
        more = len(record.written) - _MOST_FILES
        named = ", ".join(record.written[:_MOST_FILES]) + (f" and {more} more" if more > 0 else "")
        yield f"changed here meanwhile: {named}; the runs were ended early, so look at them"


def _memory(record: ProgramBenchRecord) -> str:
    """The memory of the device that is full first; empty where none is known."""
    tightest = min(record.memory, key=_room, default=None)
    if tightest is None:
        return ""
    process = "the process" if len(record.workers) == 1 else f"worker {tightest.worker}"
    where = process if tightest.device == HOST else f"{tightest.device} of {process}"
    most = f" of {shown(tightest.most, 'B')}" if tightest.most is not None else ""
    text = f"memory: {where} took at most {shown(tightest.peak, 'B')}{most}"
    if tightest.row is None:
        return f"{text}; how much a row takes does not show"
    row = f"{text}; a row of each replica takes {shown(tightest.row, 'B')}"
    if tightest.rows is None:
        return row
    rows = int(float(f"{tightest.rows:.2g}"))
    return f"{row}, so more than about {rows:,} rows a replica would not fit"


def _room(memory: RecordedMemory) -> tuple[float, float]:
    """How many rows fit, and how much is free."""
    free = math.inf if memory.most is None else memory.most - memory.peak
    return math.inf if memory.rows is None else memory.rows, free


def near(file: str) -> str:
    """A path relative to this folder, where it is inside; an unknown one stays empty."""
    if not file:
        return ""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd()))
    except ValueError:
        return file


def show_changes(changes: ProgramChanges, console: Console) -> None:
    """Print what changed since an older benchmark of the program."""
    styles = {"slower": "bold red", "faster": "green", "alike": ""}
    console.print()
    console.print(literal(f"then: {changes.before}"), soft_wrap=True)
    console.print(literal(f"now:  {changes.now}"), soft_wrap=True)
    show_machine(changes.machine, console)
    for each in changes.scales:
        console.print(
            literal(
                f"{each.verdict} on {each.deployment}: x{each.factor:.2f}"
                f" ({each.low:.2f} to {each.high:.2f}),"
                f" a step of {shown(each.old.step.value, 's')} -> {shown(each.new.step.value, 's')}"
            ),
            style=styles[each.verdict] or None,
            soft_wrap=True,
        )
    if not changes.scales:
        console.print("nothing can be compared: no number of replicas ran in both, twice or more")
