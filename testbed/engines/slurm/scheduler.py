"""Asks Slurm through its commands for the state of a job, and for the hosts of a node list.

Slurm's accounting is often off, so `sacct` is not used. The queue lists a job that waits or runs,
the controller keeps one that is over for some minutes, and after that its end is unknown.
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
"""Timeout of a command; Slurm's commands give up some 20 s after their controller is lost."""

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
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str = ""

    @property
    def complaint(self) -> str:
        """The last line of its error output; some commands write errors to standard output."""
        lines = self.err.strip().splitlines() or self.out.strip().splitlines()
        return (lines or [f"exit status {self.status}"])[-1]


Run = Callable[[Sequence[str]], Answer]


def run_command(words: Sequence[str]) -> Answer:
    """Run a command of Slurm.

    Raises:
        LaunchError: the command is missing, cannot be run, or does not answer.
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
            # Ctrl-C must reach only the testbed, which then cancels the job by such a command.
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
        """The addresses of the nodes of a list, by node name, in the order of `hostnames`.

        The name of a node in Slurm may differ from its name in the network.
        """
        nodes = self._asked("scontrol", "--oneliner", "show", "node", nodelist)
        of_all = {
            each.get("NodeName"): each.get("NodeAddr") for each in map(_fields, nodes.splitlines())
        }
        found = {}
        for node in self.hostnames(nodelist):
            if not (address := of_all.get(node)):
                raise LaunchError(f"Slurm knows no address of its node {node}")
            found[node] = address
        return found

    def job_state(self, job: str) -> JobState:
        """The state of a job.

        Raises:
            LaunchError: Slurm does not answer at the moment.
        """
        queued = self._known("squeue", "--noheader", f"--jobs={job}", "--format=%T|%r|%N|%S")
        if queued.strip():
            state, reason, nodes, start = queued.strip().splitlines()[0].split("|")
            return _state(state, reason, nodes, start)
        ended = _fields(self._known("scontrol", "--oneliner", "show", "job", job))
        if not ended:
            return JobState(over=True, text="over, and Slurm has forgotten how")
        state = ended.get("JobState", "")
        return _state(state, ended.get("Reason", ""), ended.get("NodeList", ""), exit_=ended)

    def cancel(self, job: str) -> None:
        """Cancel a job; does nothing if it is over.

        Raises:
            LaunchError: Slurm has rejected the request.
        """
        answer = self._run(["scancel", job])
        if answer.status and not self.job_state(job).over:
            raise LaunchError(f"{answer.complaint}; end it yourself: scancel {job}")

    def _known(self, *words: str) -> str:
        """The output of a command about a job; empty where Slurm no longer knows the job."""
        answer = self._run(words)
        return "" if answer.status and _UNKNOWN in answer.err else _text(words, answer)

    def _asked(self, *words: str) -> str:
        return _text(words, self._run(words))


def _text(words: Sequence[str], answer: Answer) -> str:
    if answer.status:
        raise LaunchError(f"{words[0]}: {answer.complaint}")
    return answer.out


def _fields(line: str) -> dict[str, str]:
    """`A=1 B=2` by name; the first value of a name counts, because free texts come last."""
    found: dict[str, str] = {}
    for name, text in re.findall(r"(\w+)=(\S*)", line):
        found.setdefault(name, text)
    return found


def _state(
    state: str, reason: str, nodes: str, start: str = "", exit_: dict[str, str] | None = None
) -> JobState:
    """A state of Slurm in words."""
    if state == "FAILED":
        code, _, number = (exit_ or {}).get("ExitCode", "").partition(":")
        how = f"signal {number}" if number not in ("", "0") else f"exit code {code or 'unknown'}"
        return JobState(over=True, text=f"failed, {how}")
    if state in _ENDS:
        return JobState(over=True, text=_ENDS[state])
    if state == "PENDING":
        why = f" ({reason})" if reason not in ("", "None") else ""
        # Up to the minute: Slurm estimates the start again and again.
        when = "" if start in ("", "N/A") else f", expected to start at {start[:16]}"
        return JobState(over=False, text=f"waiting{why}{when.replace('T', ' ')}")
    word = "running" if state == "RUNNING" else state.lower().replace("_", " ")
    return JobState(over=False, text=f"{word} on {nodes}" if nodes else word)
