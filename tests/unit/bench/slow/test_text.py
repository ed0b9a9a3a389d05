"""What bounds a program, in the terminal and as Markdown."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from testbed.bench.slow.bounds import NONE
from testbed.bench.slow.changes import changes_of
from testbed.bench.slow.record import PARTS, ProgramBenchRecord
from testbed.bench.slow.show.markdown import markdown_of_program
from testbed.bench.slow.show.text import (
    LETTERS,
    change_of,
    main_cause,
    notes,
    scale_lines,
    show_changes,
    show_program,
)
from tests.unit.bench.slow.builders import record_of, scale_of, worker_of


def shown(record: ProgramBenchRecord) -> str:
    console = Console(file=io.StringIO(), width=100)
    show_program(record, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_answer_comes_first() -> None:
    """What bounds it, the evidence, and the line to change; then what else takes time."""
    lines = [line for line in shown(record_of()).splitlines() if line]
    assert lines[:5] == [
        "train.py --lr 0.1: bound by its input: 80% of a step",
        "  a step of 50.0 ms takes 10.0 ms with its batches in memory",
        "  /home/me/train.py:8: map(..., num_parallel_calls=tf.data.AUTOTUNE)",
        "also, 20% of a step: it reduces 1 MiB",
        "  a larger batch",
    ]


def test_each_number_of_replicas_has_a_bar() -> None:
    """The bar is as long as the rows a second are many, and the interval stands beside it."""
    fast = scale_of(rounds=(0.025, 0.025, 0.025))
    _, slow, quick = scale_lines(record_of(scales=(scale_of(replicas=1), fast)))
    assert (slow.count("█"), quick.count("█")) == (12, 24)
    assert quick.split()[:4] == ["2", "25.0", "ms", "2,560"]
    _, _, interval = scale_lines(record_of())
    assert interval.endswith("1.25 (1.10 to 1.50)")


def test_without_rows_steps_are_counted() -> None:
    """A program that shows no rows is compared by its steps a second."""
    heads, line, _ = scale_lines(
        record_of(scales=(scale_of(replicas=1, rows=0), scale_of(rows=0, speedup=None)))
    )
    assert "steps/s" in heads
    assert line.split()[3] == "20"


def test_workers_are_named() -> None:
    """Two workers of two replicas are `2 x 2`."""
    scales = (scale_of(replicas=1), scale_of(2, 2, speedup=None))
    record = record_of(strategy="multi_worker_mirrored", scales=scales)
    *_, line = scale_lines(record)
    assert line.startswith("2 x 2 ")
    assert line.endswith(" -")
    assert "a step on multi_worker_mirrored-2x2: 50.0 ms" in shown(record)


def test_the_parts_of_a_step_are_letters() -> None:
    """The bar has each part's letter as often as its share says, and a legend."""
    lines = shown(record_of()).splitlines()
    bar = next(line.strip() for line in lines if line.strip().startswith("ii"))
    assert (bar.count("i"), bar.count("x"), bar.count("c")) == (48, 9, 3)
    assert len(bar) == 60
    assert "  i  80% waiting for the input (70% to 90%)" in lines
    assert not any("tracing" in line for line in lines)
    assert set(LETTERS) == set(PARTS)
    assert len(set(LETTERS.values())) == len(PARTS)


def test_notes_say_what_is_not_known() -> None:
    """The rounds, the runs that were not possible, and the files that the program wrote."""
    found = list(notes(record_of()))
    assert found[0].startswith("3 rounds of 30 steps; ")
    assert "the run 'local' on mirrored-2 was not possible: ValueError: no" in found[2]
    assert "a.h5, b.h5, c.h5 and 1 more" in found[3]
    several = list(notes(record_of(steps_of_a_call=5.0)))
    assert several[0].startswith("3 rounds of 30 calls of 5 steps; ")
    assert len(list(notes(record_of(rounds=1, memory=(), lacking=(), written=())))) == 1


def test_notes_say_what_memory_is_full_first() -> None:
    """Of several devices it is the one for which the fewest rows fit."""
    gpus = record_of().memory
    assert list(notes(record_of()))[1] == (
        "memory: GPU:0 of the process took at most 1 GiB of 16 GiB; a row of each replica takes"
        " 1 MiB, so more than about 15,000 rows a replica would not fit"
    )
    tighter = replace(gpus[1], worker=1, rows=900)
    workers = record_of(memory=(*gpus, tighter), workers=(worker_of(0), worker_of(1)))
    assert list(notes(workers))[1].startswith("memory: GPU:1 of worker 1 took at most 512 MiB")


def test_notes_say_where_rows_do_not_show() -> None:
    """The memory of a process, and no estimate without a difference."""
    process = replace(record_of().memory[1], device="CPU")
    assert list(notes(record_of(memory=(process,))))[1] == (
        "memory: the process took at most 512 MiB of 16 GiB; how much a row takes does not show"
    )


def test_a_headline_with_the_evidence_is_not_repeated() -> None:
    """Where the evidence is the headline, it stands there alone."""
    record = record_of(bound_by=NONE, share=0.0, evidence="1.9 times", cure="more cores", file="")
    assert main_cause(record).evidence == ""
    assert shown(record).count("1.9 times") == 1


def test_a_file_is_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in this folder needs no long path."""
    monkeypatch.chdir(tmp_path)
    cause = replace(main_cause(record_of()), file=str(tmp_path / "a" / "train.py"))
    assert change_of(cause).startswith("a/train.py:8: map")


def test_markdown_has_the_answer_and_the_tables() -> None:
    """An issue gets the result, how it scales, the parts, and the conditions."""
    page = markdown_of_program(record_of())
    assert page.startswith("# train.py --lr 0.1: bound by its input: 80% of a step\n")
    assert "**Change first:** `/home/me/train.py:8`: map(" in page
    assert "| 1 | 2 | 50.0 ms ±" in page
    assert "| 1,280 | 1.25 (1.10 to 1.50) |" in page
    assert "| waiting for the input | 80% (70% to 90%) |" in page
    assert "| TensorFlow | 2.21 |" in page
    assert "\n\n\n" not in page


def test_markdown_obeys_no_text() -> None:
    """A name in a record is no markup."""
    page = markdown_of_program(record_of(program="<img src=x> *a* | b", written=("[a](b)",)))
    assert "<img" not in page
    assert "\\*a\\*" in page
    assert "[a](b)" not in page


def show(record: ProgramBenchRecord, later: ProgramBenchRecord) -> str:
    console = Console(file=io.StringIO(), width=200)
    show_changes(changes_of(record, later, 0.1), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_step_that_takes_longer_is_slower() -> None:
    """Both results are named, and each number of replicas with its factor."""
    steady = record_of(scales=(scale_of(replicas=1, rounds=(0.05,) * 6),))
    later = record_of(
        program="new.py", scales=(scale_of(replicas=1, rounds=(0.1,) * 6),), share=0.9
    )
    changes = changes_of(steady, later, 0.1)
    assert [each.verdict for each in changes.scales] == ["slower"]
    assert changes.slower
    assert changes.slower[0].factor == pytest.approx(2.0)
    text = show(steady, later)
    assert "then: train.py --lr 0.1: bound by its input: 80% of a step" in text
    assert "now:  new.py: bound by its input: 90% of a step" in text
    assert "slower on mirrored-1: x2.00" in text
    assert [each.verdict for each in changes_of(later, steady, 0.1).scales] == ["faster"]


def test_another_machine_is_named() -> None:
    """More cores are no change of the program."""
    old, new = record_of(), record_of(machine=replace(record_of().machine, cores=64))
    assert "\nnot the same machine: cores: " in show(old, new)
    assert "not the same machine" not in show(old, old)


def test_a_larger_batch_counts() -> None:
    """Twice the rows in twice the time is alike: rows are compared, not steps."""
    once = record_of(scales=(scale_of(rounds=(0.05,) * 6, rows=64),))
    twice = record_of(scales=(scale_of(rounds=(0.1,) * 6, rows=128),))
    assert [each.verdict for each in changes_of(once, twice, 0.1).scales] == ["alike"]
    unknown = record_of(scales=(scale_of(rounds=(0.1,) * 6, rows=0),))
    assert [each.verdict for each in changes_of(once, unknown, 0.1).scales] == ["slower"]


@pytest.mark.parametrize(
    "later", [(scale_of(rounds=(0.05,)),), (scale_of(2, 1, rounds=(0.05,) * 6),)]
)
def test_what_cannot_be_compared_is_said(later: tuple[object, ...]) -> None:
    """One round has no noise, and other numbers of replicas are other programs."""
    assert "nothing can be compared" in show(record_of(), record_of(scales=later))
