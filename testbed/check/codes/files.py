"""Codes of mistakes with files that several workers use."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB801",
        "workers_diverge",
        WARNING,
        "several workers write one file",
        "workers with a common file system write it at the same time: the last one wins, a reader"
        " may meet half a file, and a worker may remove or lock what another one writes",
        "let the chief (task_id 0) write the file; where writing needs all workers (a checkpoint or"
        " a model with variables that are summed when they are read), let the others write to a"
        " temporary folder; or put the task's number into the name",
        "files.written_by_all",
        fine_if="the workers write the same content, one after another; or no two workers share a"
        " file system",
    ),
    Code(
        "TB802",
        "workers_diverge",
        ERROR,
        "a worker reads a file that another worker has not written yet",
        "nothing makes a worker wait until another one has written a file: it finds no file, half"
        " of it, or that of an earlier run",
        "let every worker run a collective between the writing and the reading, for example"
        ' strategy.reduce("SUM", strategy.run(lambda: tf.constant(1.0)), axis=None), and let all'
        " use one path",
        "files.read_before_written",
        fine_if="the worker waits for the file in another way, or is meant to read the older file",
    ),
)
