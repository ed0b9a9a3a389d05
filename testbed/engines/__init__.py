"""Beyond one machine: the engines, each of which creates processes on hosts that it knows.

The contract. An engine has a module of its name here, and answers four questions:

who creates the processes
    `local`: the preloaded server of this machine. `environment`: somebody else has, and runs the
    same command in each. `slurm`, `ray` and `kubernetes`: that engine, which runs this command
    again in every process it starts, with the engine `environment` and a shared folder
    (`InnerCommand`).
how a worker learns its place
    From its environment (`hosts/rank.py`), and from nothing else: which worker it is, of how
    many, and where the others are. Then all meet (`hosts/rendezvous.py`), and what TensorFlow
    would hang on is told.
how reports come back
    As on one machine, through the files of the run's folder, which all hosts share. Worker 0 is the
    launching process; the others are its agents, and start workers when it asks them to.
how it ends
    As on one machine: all leave together. An agent that is gone ends the job with its name; an
    agent that has lost worker 0 ends its workers. `end.json` in the folder tells the status.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InnerCommand:
    """What an engine has every one of its processes run."""

    words: tuple[str, ...]
    """What follows `python -m testbed`, like `run --engine environment --folder F NAME`."""
    folder: str
    """Of the run; every host has it at this path."""
    workers: int
    """How many processes."""
    gpus_per_worker: int = 0
