"""The ways in which a command or a launch ends early, each with words that a user can act on."""

from __future__ import annotations

import errno

_LIMITS = {
    errno.EMFILE: "this process may have no more open files: raise ulimit -n, or use fewer workers",
    errno.ENFILE: "this machine has no more open files (fs.file-max): end something, or use fewer",
    errno.EAGAIN: "no more processes or threads may run: see ulimit -u and the control group's"
    " pids.max, or use fewer workers",
    errno.ENOMEM: "this machine has no more memory: end something, or use fewer workers",
}


def limit_reached(problem: OSError) -> str:
    """Which limit of the machine an error tells, and what to do; nothing for any other error."""
    if hasattr(problem, "characters_written"):
        # The same number as for a process too many: output that its reader does not take yet.
        return ""
    return _LIMITS.get(problem.errno or 0, "")


# Exit statuses that all commands share.
OK = 0
UNEXPECTED = 1
"""Something unexpected was seen, or could not be judged."""
WRONG_COMMAND = 2
INTERRUPTED = 130
"""As a shell gives it of SIGINT."""


class UsageError(Exception):
    """The command cannot be carried out as written: what is wrong, and what is valid.

    The command line prints the message alone and exits with status 2.
    """


class LaunchError(Exception):
    """The machine did not give what a run needs: what happened, where to look, what to do."""


class WorkerFailedError(Exception):
    """A function that was launched did not return in every worker.

    The text is one sentence that says which worker failed first and how, and where the logs are;
    where the worker raised, its traceback follows.
    """

    def __init__(self, text: str, *, worker: int | None = None, traceback: str = "") -> None:
        super().__init__(text + f"\n\n{traceback.rstrip()}" * bool(traceback))
        self.worker = worker
        """The worker that failed first; None of a hang, in which they wait for each other."""
        self.traceback = traceback
        """Of what it raised, without the frames that only start the function; may be empty."""


class TooFewDevicesError(UsageError):
    """This host has fewer GPUs than a cluster of this size takes."""

    def __init__(self, message: str, workers: int, replicas_per_worker: int) -> None:
        super().__init__(message)
        self.workers = workers
        self.replicas_per_worker = replicas_per_worker
