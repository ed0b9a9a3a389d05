"""Headlines of a benchmark: its main results in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.bench.figures.figure import Figure, Row
from testbed.bench.record import BenchRecord
from testbed.bench.request import MODEL, WEIGHT
from testbed.bench.show.units import shown, shown_figure


def label(row: Row) -> str:
    """A short label of a row's program."""
    if row.program == WEIGHT:
        return f"weight of {shown(4 * row.sizes['elements'], 'B')}"
    if row.program == MODEL:
        return "model"
    return row.program.partition(".")[0]


def headlines(record: BenchRecord) -> list[str]:
    """The main results, one sentence each."""
    return [*_mirrored_against_outside(record), *_own_cost(record)]


def _mirrored_against_outside(record: BenchRecord) -> Iterator[str]:
    """Compare a variable outside the scope with the same one mirrored."""
    rows = [row for row in record.of("sharing") if row.program == WEIGHT]
    for inside in rows:
        outside = next(
            (
                row
                for row in rows
                if row.site == "outside_scope" != inside.site
                and (row.deployment, row.sizes) == (inside.deployment, inside.sizes)
            ),
            None,
        )
        if outside is None or inside.in_sync == 1:
            continue
        steps = [row.figures["step_p50"] for row in (outside, inside)]
        writes = [row.figures["writes"] for row in (outside, inside)]
        yield (
            f"{inside.deployment}, {label(inside)}: mirrored, a step takes"
            f" {shown_figure('step_p50', steps[1])}"
            f" instead of {shown_figure('step_p50', steps[0])}"
            f" ({_times(*steps)}), a write {shown(1 / writes[1].value, 's')}"
            f" instead of {shown(1 / writes[0].value, 's')} ({_times(*reversed(writes))})"
        )


def _times(before: Figure, after: Figure) -> str:
    """The factor between two figures, or that they are alike within noise."""
    if before.low <= after.high and after.low <= before.high:
        return "alike within noise"
    return f"{after.value / before.value:.1f}x"


def _own_cost(record: BenchRecord) -> Iterator[str]:
    for row in record.of("own_cost"):
        hand = row.figures.get("over_hand")
        if hand:
            yield (
                f"{row.deployment}: under testbed launch a small program takes {hand.value:.2f}"
                f" ({hand.low:.2f} to {hand.high:.2f}) times as long as started by hand"
            )
        ratio = row.figures.get("ratio")
        if ratio:
            yield (
                f"{row.deployment}: a step takes {ratio.value - 1:+.1%} in the testbed"
                f" ({ratio.low - 1:+.1%} to {ratio.high - 1:+.1%})"
            )
