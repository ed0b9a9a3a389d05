"""Slurm, asked by its own commands: what became of a job, and which hosts a list names.

Its accounting is often off, so that `sacct` is never asked: the queue knows a job that waits or
runs, its controller remembers one that is over for some minutes, and then nobody knows it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testbed.engines.job import JobState
from testbed.errors import LaunchError

COMMAND_S = 60.0
"""A command gives up by itself some 20 s after the controller has."""

_UNKNOWN = "Invalid job id"
_ENDS = {
    "COMPLETED": "completed",
    "CANCELLED": "cancelled",
    "TIMEOUT": "timed out",
    "OUT_OF_MEMORY": "out of memory",
    "NODE_FAIL": "failed, a node was lost",
    "BOOT_FAIL": "failed, a node did not start",
    "PREEMPTED": "preempted",
    "DEADLINE": "not done before its deadline",
}


@dataclass(frozen=True)
class Answer:
    """What a command has left."""

    status: int
    out: str
    err: str = ""

    @property
    def complaint(self) -> str:
        """The last line of its complaints, some of which go to the standard output."""
        lines = self.err.strip().splitlines() or self.out.strip().splitlines()
        return (lines or [f"exit status {self.status}"])[-1]


Run = Callable[[Sequence[str]], Answer]


def run_command(words: Sequence[str]) -> Answer:
    """Run a command of Slurm's.

    Raises:
        LaunchError: it is not there, or does not answer.
    """
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=COMMAND_S,
            env={**os.environ, "SLURM_TIME_FORMAT": "standard"},
            # Ctrl-C is for the testbed, which has the job cancelled by such a command.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise LaunchError(
            f"no Slurm here: there is no {words[0]}; go where you would type sbatch"
        ) from None
    except subprocess.TimeoutExpired:
        raise LaunchError(f"{words[0]} has not answered for {COMMAND_S:.0f} s") from None
    except OSError as problem:
        raise LaunchError(f"{words[0]} cannot be run: {problem.strerror}") from problem
    return Answer(done.returncode, done.stdout, done.stderr)


class Scheduler:
    """The Slurm that this machine belongs to.

    Args:
        run: runs a command.
    """

    def __init__(self, run: Run = run_command) -> None:
        self._run = run

    def hostnames(self, nodelist: str) -> list[str]:
        """The hosts of a list like `rack[1-2]n[1-10]`, in the order in which Slurm counts them."""
        return self._asked("scontrol", "show", "hostnames", nodelist).split()

    def addresses(self, nodelist: str) -> dict[str, str]:
        """Where others reach the nodes of a list, by their names, in the order of `hostnames`.

        A node may be called otherwise by Slurm than by anybody else.
        """
        told = self._asked("scontrol", "--oneliner", "show", "node", nodelist)
        of_all = {
            each.get("NodeName"): each.get("NodeAddr") for each in map(_fields, told.splitlines())
        }
        found = {}
        for node in self.hostnames(nodelist):
            if not (address := of_all.get(node)):
                raise LaunchError(f"Slurm knows no address of its node {node}")
            found[node] = address
        return found

    def job_state(self, job: str) -> JobState:
        """What has become of a job.

        Raises:
            LaunchError: Slurm cannot be asked at the moment.
        """
        queued = self._known("squeue", "--noheader", f"--jobs={job}", "--format=%T|%r|%N|%S")
        if queued.strip():
            state, reason, nodes, start = queued.strip().splitlines()[0].split("|")
            return _state(state, reason, nodes, start)
        told = _fields(self._known("scontrol", "--oneliner", "show", "job", job))
        if not told:
            return JobState(over=True, text="over, and Slurm has forgotten how")
        state = told.get("JobState", "")
        return _state(state, told.get("Reason", ""), told.get("NodeList", ""), exit_=told)

    def cancel(self, job: str) -> None:
        """Have a job ended; nothing if it is over.

        Raises:
            LaunchError: Slurm has not taken it.
        """
        answer = self._run(["scancel", job])
        if answer.status and not self.job_state(job).over:
            raise LaunchError(f"{answer.complaint}; end it yourself: scancel {job}")

    def _known(self, *words: str) -> str:
        """What a command says of a job, or nothing where there is no such job any more."""
        answer = self._run(words)
        return "" if answer.status and _UNKNOWN in answer.err else _text(words, answer)

    def _asked(self, *words: str) -> str:
        return _text(words, self._run(words))


def _text(words: Sequence[str], answer: Answer) -> str:
    if answer.status:
        raise LaunchError(f"{words[0]}: {answer.complaint}")
    return answer.out


def _fields(line: str) -> dict[str, str]:
    """`A=1 B=2` by name; what comes first counts, since free texts come last."""
    found: dict[str, str] = {}
    for name, text in re.findall(r"(\w+)=(\S*)", line):
        found.setdefault(name, text)
    return found


def _state(
    state: str, reason: str, nodes: str, start: str = "", exit_: dict[str, str] | None = None
) -> JobState:
    """A state of Slurm's as people read it."""
    if state == "FAILED":
        code, _, number = (exit_ or {}).get("ExitCode", "").partition(":")
        how = f"signal {number}" if number not in ("", "0") else f"exit code {code or 'unknown'}"
        return JobState(over=True, text=f"failed, {how}")
    if state in _ENDS:
        return JobState(over=True, text=_ENDS[state])
    if state == "PENDING":
        why = f" ({reason})" if reason not in ("", "None") else ""
        # The minute: Slurm guesses anew all the time.
        when = "" if start in ("", "N/A") else f", expected to start at {start[:16]}"
        return JobState(over=False, text=f"waiting{why}{when.replace('T', ' ')}")
    word = "running" if state == "RUNNING" else state.lower().replace("_", " ")
    return JobState(over=False, text=f"{word} on {nodes}" if nodes else word)
