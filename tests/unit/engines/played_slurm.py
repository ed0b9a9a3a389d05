"""Slurm's commands, played."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.engines.slurm.scheduler import Answer, Scheduler
from testbed.errors import LaunchError

NOT_KNOWN = Answer(1, "", "slurm_load_jobs error: Invalid job id specified\n")
NOT_THERE = Answer(
    1, "", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"
)
NO_ACCOUNTS = Answer(1, "", "Slurm accounting storage is disabled\n")


class PlayedSlurm:
    """Answers as Slurm does.

    Args:
        queue: what squeue says at each question, a line or an answer; the last one stays.
        record: what scontrol says of the job; nothing where it is forgotten.
        others: what other commands say, by what they begin with.
    """

    def __init__(
        self, *queue: str | Answer, record: str = "", others: dict[str, Answer] | None = None
    ) -> None:
        self.calls: list[str] = []
        self._queue, self._record, self._others = list(queue), record, others or {}

    @property
    def scheduler(self) -> Scheduler:
        return Scheduler(self)

    def __call__(self, words: Sequence[str]) -> Answer:
        call = " ".join(words)
        self.calls.append(call)
        for begin, answer in self._others.items():
            if call.startswith(begin):
                return answer
        if words[0] == "squeue":
            said = self._queue.pop(0) if len(self._queue) > 1 else self._queue[0]
            return said if isinstance(said, Answer) else Answer(0, said and f"{said}\n")
        if call.startswith("scontrol --oneliner show job"):
            return Answer(0, self._record) if self._record else NOT_KNOWN
        if words[0] == "scancel":
            self._queue, self._record = [""], record_of("CANCELLED", "0:15")
            return Answer(0, "")
        if words[0] == "sacct":
            return NO_ACCOUNTS
        raise LaunchError(f"no Slurm here: there is no {words[0]}")


def record_of(state: str, code: str = "0:0", nodes: str = "n[1-2]") -> str:
    """What `scontrol show job` says of a job, as far as it matters."""
    return (
        f"JobId=17 JobName=testbed UserId=me(1000) JobState={state} Reason=None Dependency=(null)"
        f" ExitCode={code} NodeList={nodes} Comment=JobState=RUNNING \n"
    )
