"""Shows faults and their outcomes in a terminal."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from testbed.chaos.draw import NONE
from testbed.chaos.rates import Summary, summaries, wilson
from testbed.chaos.record import CaseRecord, ChaosRecord, Outcome, Reaction, Resumed
from testbed.report.formats.text import escape

_COUNTED = {
    "recovered": "recovered",
    "wrong": "recovered but wrong",
    "lost": "not recovered",
    "missed": "did not strike",
}
COLUMNS = ("fault", "recovered (95 %)", "noticed after", "unnoticed", "hung")
_GOOD, _DOUBTFUL, _BAD = "green", "yellow", "bold red"
_STYLES = {"recovered": _GOOD, "wrong": _BAD, "lost": _BAD, "missed": _DOUBTFUL}


def show_chaos(record: ChaosRecord, console: Console) -> None:
    """Print a whole record, in the form in which the run printed it."""
    _show(seed_line(record.seed), console)
    for case in record.cases:
        _show(case_lines(case), console)
        for outcome in case.outcomes:
            _show(outcome_lines(outcome), console)
    show_sums(record, console)


def show_sums(record: ChaosRecord, console: Console) -> None:
    """Print the sums over all faults."""
    outcomes = record.outcomes
    console.print()
    if len(outcomes) > 1:
        _show_rates(outcomes, console)
    faults = [each for each in outcomes if each.fault]
    what = (
        _counted(len(faults), "fault"),
        _counted(len(outcomes) - len(faults), "undisturbed repetition"),
    )
    broken = sum(not case.undisturbed.finished for case in record.cases)
    results = [*_results(faults), f"{_counted(broken, 'case')} failed undisturbed" * bool(broken)]
    done, became = " and ".join(filter(None, what)), ", ".join(filter(None, results))
    console.print(
        f"[bold]{': '.join(filter(None, (done or 'no fault', became)))}[/bold]"
        f" in {record.seconds:.0f} s",
        soft_wrap=True,
    )


def _results(faults: list[Outcome]) -> Iterator[str]:
    """The number of faults for each result; a 0 appears only for recovered ones."""
    for result, words in _COUNTED.items():
        count = sum(each.result == result for each in faults)
        if count or (faults and result == "recovered"):
            yield f"{count} {words}"


def _counted(count: int, word: str) -> str:
    """`2 faults`; empty for 0."""
    return f"{count} {word}{'s' * (count != 1)}" if count else ""


def seed_line(seed: int) -> Iterator[str]:
    """The line with the seed that draws the same faults again."""
    yield f"seed {seed}: --seed {seed} draws the same faults"


def case_lines(case: CaseRecord) -> Iterator[str]:
    """The lines of the undisturbed run of a case."""
    yield ""
    yield f"[bold]{escape(case.id)}[/bold]"
    run = case.undisturbed
    fails = f"{run.symptom}: {run.evidence}" if run.symptom else run.evidence
    if not run.finished:
        yield f"  [{_BAD}]fails undisturbed[/{_BAD}], so no fault is injected: {escape(fails)}"
        return
    steps = f"{run.steps} step{'s' * (run.steps != 1)}, " if run.steps else ""
    yield f"  undisturbed: {steps}all have reported after {max(run.reported):.2f} s"
    if fails:
        yield f"  [{_DOUBTFUL}]its claims fail undisturbed[/{_DOUBTFUL}]: {escape(fails)}"


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """The lines of one outcome: the fault, the reaction of each worker, the result of the case.

    An undisturbed repetition is shown only where it failed.
    """
    if outcome.fault is None and outcome.result == "recovered":
        return
    word = "fault" if outcome.fault else "repetition"
    yield f"  {word} {outcome.number}: {escape(str(outcome.fault or 'undisturbed again'))}"
    for reaction in outcome.reactions:
        yield f"    worker {reaction.worker}: {escape(_did(reaction, outcome))}"
    if outcome.hang:
        yield f"    hang: {escape(outcome.hang)}"
    if outcome.struck is not None:
        yield f"    {_noticed(outcome)}"
    style = _STYLES[outcome.result]
    headline, rest = _became(outcome)
    yield f"    [{style}]{headline}[/{style}]{escape(rest)}"
    if outcome.result != "recovered":
        yield f"    logs: {escape(outcome.logs)}"
    yield f"    again: {escape(outcome.replay)}"


def _did(reaction: Reaction, outcome: Outcome) -> str:
    """The reaction of one worker in one line."""
    phase, fault = f"phase '{reaction.phase}'", outcome.fault
    if fault and fault.worker == reaction.worker and reaction.kind == "ended":
        if fault.about.from_the_start:
            return "never started"
        if fault.kind == "kill":
            return f"was killed in {phase}"
    if reaction.kind == "finished":
        late = reaction.delay
        return "finished" + ("" if late is None else f", {late:+.2f} s against undisturbed")
    if reaction.kind == "hung":
        return f"hung in {phase} until the time was over"
    # It raised or ended.
    after = "" if reaction.after is None else f" after {reaction.after:.2f} s"
    where = f"at {reaction.where}" if reaction.where else f"in {phase}"
    return f"{reaction.kind}{after}, {where}: {reaction.told}"


def _noticed(outcome: Outcome) -> str:
    if outcome.noticed is not None:
        return f"noticed after {outcome.noticed:.2f} s"
    return "no worker noticed" + " until the time was over" * bool(outcome.hang)


def _became(outcome: Outcome) -> tuple[str, str]:
    """The result of the case: its word, and the rest of the sentence."""
    times = {0: ", without a restart", 1: " after one restart"}
    restarted = times.get(outcome.restarts, f" after {outcome.restarts} restarts")
    fails = f"{outcome.symptom}: {outcome.evidence}" if outcome.symptom else outcome.evidence
    if outcome.result == "missed" and outcome.fault:
        fault = outcome.fault
        return "did not strike", f": worker {fault.worker} never came to {fault.phase}"
    if outcome.resumed:
        restarted += f", {_went_on(outcome.resumed)}"
    elif outcome.restarts and outcome.steps and outcome.result != "lost":
        restarted += f", took {_counted(outcome.steps, 'step')}"
    # A line above already shows the sentence of the hang.
    why = f": {fails}" if fails and fails != outcome.hang else ""
    return _COUNTED[outcome.result], restarted + why


def _went_on(resumed: Resumed) -> str:
    if resumed.at > resumed.of:
        return f"went on after {resumed.word} {resumed.of}, the last"
    if resumed.at == 1:
        return f"began again at {resumed.word} 1 of {resumed.of}"
    return f"went on at {resumed.word} {resumed.at} of {resumed.of}"


def _show_rates(outcomes: list[Outcome], console: Console) -> None:
    found = summaries(outcomes)
    if injected := [each for each in found if each.kind != NONE]:
        console.print(_table_of(injected))
    for each in found:
        if each.kind == NONE:
            console.print(f"failed undisturbed (95 %): {each.good}", soft_wrap=True)


def _table_of(injected: list[Summary]) -> Table:
    """One row for each kind of fault, and one for all where there are several."""
    table = Table()
    for number, heading in enumerate(COLUMNS):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for each in injected:
        table.add_row(
            each.kind, str(each.good), _seconds(each), str(each.unnoticed), str(each.hung)
        )
    if len(injected) > 1:
        rates = [each.good for each in injected]
        recovered = wilson(sum(rate.hits for rate in rates), sum(rate.of for rate in rates))
        unnoticed = sum(each.unnoticed for each in injected)
        hung = sum(each.hung for each in injected)
        table.add_section()
        table.add_row("all", str(recovered), "", str(unnoticed), str(hung))
    return table


def _seconds(summary: Summary) -> str:
    """The median, the minimum and the maximum: `9.51 s (9.40 to 9.62)`."""
    seconds = summary.noticed
    if not seconds:
        return "-"
    spread = f" ({seconds[0]:.2f} to {seconds[-1]:.2f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.2f} s{spread}"


def _show(lines: Iterator[str], console: Console) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)
