"""Engines, which create the processes of a cluster on this machine or on several hosts.

The contract: each engine but `local` has a module of its name here. Four points define an engine:

process creation
    `local`: the preloaded server of this machine. `environment`: another launcher has created the
    processes, and runs the same command in each. `slurm`, `ray` and `kubernetes`: that engine,
    which runs this command again in every process it starts, with the engine `environment` and a
    shared folder (`InnerCommand`).
place of a worker
    A worker reads its place from its environment only (`hosts/rank.py`): its number, the number of
    workers, and the addresses of the others. Then all workers connect (`hosts/rendezvous.py`), and
    a network problem on which TensorFlow would hang is reported.
reports
    As on one machine, through the files of the run folder, which all hosts share. Worker 0 is the
    launching process; the others are its agents, and start workers on its request.
end
    As on one machine, all workers end together. A lost agent ends the job with an error that names
    it; an agent that has lost worker 0 ends its workers. `end.json` in the run folder holds the
    exit status.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InnerCommand:
    """The command that an engine runs in every process of a job."""

    words: tuple[str, ...]
    """The words after `python -m testbed`, like `run --engine environment --folder F NAME`."""
    folder: str
    """The run folder, which every host has at this path."""
    workers: int
    """The number of processes."""
    gpus_per_worker: int = 0
