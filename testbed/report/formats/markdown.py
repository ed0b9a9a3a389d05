"""GitHub-flavoured Markdown page of a run or a comparison, for a job summary or an issue."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from testbed.report.formats.table import deployments_of, rows_of
from testbed.report.formats.words import conditions, printable, readings_in_words
from testbed.report.records.compare import CellChange, RunComparison
from testbed.report.records.record import RunRecord
from testbed.report.records.summary import counts
from testbed.verdict.verdict import Verdict


def markdown_of(record: RunRecord) -> str:
    """The counts, each unexpected case in full, and the matrix of every script."""
    return "\n".join(_page(record)) + "\n"


def markdown_of_comparison(comparison: RunComparison) -> str:
    """The differences between two runs, and every cell that changed."""
    return "\n".join(_comparison(comparison)) + "\n"


def _page(record: RunRecord) -> Iterator[str]:
    yield f"# {counts(record.verdicts)}\n"
    yield f"{text(record.began)}, {record.seconds:.0f} s, {code(_command(record))}\n"
    yield "| | |\n|---|---|"
    for what, value in conditions(record).items():
        yield f"| {what} | {text(value)} |"
    unexpected = [verdict for verdict in record.verdicts if not verdict.as_expected]
    if unexpected:
        yield "\n## Unexpected"
    for verdict in unexpected:
        yield from _in_full(verdict)
    groups = record.groups
    for group, of_group in groupby(record.verdicts, key=lambda each: groups[each.case.script]):
        yield f"\n## {text(group.capitalize())}"
        for script, of_script in groupby(of_group, key=lambda verdict: verdict.case.script):
            yield f"\n### {text(script)}\n"
            yield from _matrix(list(of_script))


def _in_full(verdict: Verdict) -> Iterator[str]:
    yield f"\n### {code(verdict.case.id)}\n"
    yield f"- expected {code(str(verdict.expected))}"
    yield f"- saw {code(verdict.seen)}"
    if verdict.cure:
        yield f"- cure: {text(verdict.cure)}"
    lines = [
        f"worker {report.worker}: {line}"
        for report in verdict.reports
        for line in readings_in_words(report)
    ]
    if lines:
        yield ""
        yield from _block(lines)


def _matrix(verdicts: Sequence[Verdict]) -> Iterator[str]:
    deployments = deployments_of(verdicts)
    yield f"| claim | made | {' | '.join(map(str, deployments))} |"
    yield f"|---|---|{'---|' * len(deployments)}"
    for claim, site, row in rows_of(verdicts):
        cells = [_cell([v for v in row if v.case.deployment == d]) for d in deployments]
        yield f"| {text(claim)} | {text(site)} | {' | '.join(cells)} |"


def _cell(verdicts: Sequence[Verdict]) -> str:
    """The outcome of one cell: one phrase if all modes agree, otherwise one for each mode."""
    if len({(verdict.seen, verdict.as_expected) for verdict in verdicts}) == 1:
        return _phrase(verdicts[0])
    return "<br>".join(f"{verdict.case.mode}: {_phrase(verdict)}" for verdict in verdicts)


def _phrase(verdict: Verdict) -> str:
    phrase = text(verdict.symptom or verdict.kind)
    if verdict.symptom == "rejected":
        phrase += f" {code(verdict.evidence.partition(':')[0])}"
    elif verdict.evidence:
        phrase += f" {code(verdict.evidence)}"
    return phrase if verdict.as_expected else f"**UNEXPECTED** {phrase}"


def _comparison(comparison: RunComparison) -> Iterator[str]:
    yield f"# {comparison.counts}\n"
    for side, record in (("A", comparison.before), ("B", comparison.after)):
        yield f"- {side}: {text(record.began)}, {counts(record.verdicts)}, {code(_command(record))}"
    yield "\n## What differs between the runs\n"
    if comparison.differences:
        yield "| | A | B |\n|---|---|---|"
    else:
        yield "Nothing: the same versions, machine and scripts."
    for each in comparison.differences:
        yield f"| {text(each.what)} | {text(each.before)} | {text(each.after)} |"
    if not comparison.changes:
        return
    yield "\n## Cells\n"
    yield "| case | | A | B |\n|---|---|---|---|"
    for change in comparison.changes:
        sides = f"{_side(change.before)} | {_side(change.after)}"
        yield f"| {code(change.id)} | {_kind(change)} | {sides} |"


def _kind(change: CellChange) -> str:
    return f"{change.kind}: {', '.join(change.what)}" if change.what else change.kind


def _side(verdict: Verdict | None) -> str:
    return _phrase(verdict) if verdict else ""


def _command(record: RunRecord) -> str:
    return " ".join(["testbed", *record.command])


def text(anything: str) -> str:
    """Escape a text from a record, so that Markdown shows it unchanged in one line."""
    shown = html.escape(_one_line(anything), quote=False)
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", shown)


def code(anything: str) -> str:
    """A text from a record as inline code, also valid within a table."""
    one_line = _one_line(anything)
    if not one_line:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", one_line)), default=0) + 1)
    # If the text begins or ends with a backtick, the fence needs a space, which is not shown.
    pad = " " if one_line[0] == "`" or one_line[-1] == "`" else ""
    return f"{fence}{pad}{one_line}{pad}{fence}".replace("|", r"\|")


def _one_line(anything: str) -> str:
    return " ".join(printable(anything).split())


def _block(lines: Sequence[str]) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from lines
    yield fence
