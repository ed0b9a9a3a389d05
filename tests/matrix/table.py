"""The table of the matrix: a row for each version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.matrix.outcome import Outcome


def table(outcomes: Iterable[Outcome], parts: Sequence[str]) -> str:
    """The Markdown table of the outcomes, and below it the surprises and problems.

    Args:
        outcomes: in the order of the versions.
        parts: in the order of their columns; those that no version ran have none.
    """
    rows: dict[str, dict[str, Outcome]] = {}
    for each in outcomes:
        rows.setdefault(each.version, {})[each.part] = each
    run = [part for part in parts if any(part in found for found in rows.values())]
    heads = ["version", "Python", "TensorFlow", "Keras", "numpy", *run, "unexpected"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    lines += [_version_row(name, found, run) for name, found in rows.items()]
    for name, found in rows.items():
        for part, outcome in found.items():
            wrong = [outcome.result.problem, *outcome.result.surprises]
            lines += [f"- {name} {part}: {text}" for text in wrong if text]
    # A blank line ends the table.
    lines.insert(2 + len(rows), "")
    return "\n".join(lines).rstrip() + "\n"


def _version_row(name: str, found: dict[str, Outcome], parts: Sequence[str]) -> str:
    software = next(iter(found.values())).software
    cells = [_cell(found.get(part)) for part in parts]
    unexpected = sum(len(each.result.surprises) for each in found.values())
    versions = [software.python, software.tensorflow, software.keras, software.numpy]
    return _row([name, *versions, *cells, str(unexpected)])


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return f"{outcome.result.count}, {outcome.seconds:.0f} s" if outcome.ended else "not run"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
