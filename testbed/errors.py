"""The errors that end a command or a launch, each with a message that a user can act on."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence

_LIMITS = {
    errno.EMFILE: "this process may have no more open files: raise ulimit -n, or use fewer workers",
    errno.ENFILE: "this machine has no more open files (fs.file-max): end something, or use fewer",
    errno.EAGAIN: "no more processes or threads may run: see ulimit -u and the control group's"
    " pids.max, or use fewer workers",
    errno.ENOMEM: "this machine has no more memory: end something, or use fewer workers",
}


def limit_reached(problem: OSError) -> str:
    """The machine limit that an error reports, and the cure; empty for any other error."""
    if hasattr(problem, "characters_written"):
        # The error number is that of a process limit, but the cause is a reader that is too slow.
        return ""
    return _LIMITS.get(problem.errno or 0, "")


# Exit statuses that all commands share.
OK = 0
UNEXPECTED = 1
"""Something unexpected was seen, or could not be judged."""
WRONG_COMMAND = 2
INTERRUPTED = 130
"""The status that a shell reports after SIGINT."""


MOST_NAMED = 8
"""The longest list that an error shows besides what was meant."""


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """The question after a mistyped name, like `; did you mean 'mirrored'?`; empty without one."""
    close = difflib.get_close_matches(name, list(valid), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def unknown_name(what: str, name: str, valid: Iterable[str]) -> str:
    """The error for a name outside a closed list: what was meant, and the whole list."""
    names = list(valid)
    return f"unknown {what} '{name}'{choose_from(name, names)}"


def choose_from(name: str, valid: Sequence[str]) -> str:
    """What follows a mistyped name: what was meant, and the whole list if that is short."""
    hint = did_you_mean(name, valid)
    if hint and len(valid) > MOST_NAMED:
        return hint
    return f"{hint or ':'} choose from {', '.join(valid)}"


class UsageError(Exception):
    """The command is not valid as written: says what is wrong, and what is valid.

    The command line prints the message alone and exits with status 2.
    """


class LaunchError(Exception):
    """The machine lacks what a run needs: says what happened, where to look, what to do."""


class WorkerFailedError(Exception):
    """A launched function did not return in every worker.

    The text is one sentence: which worker failed first and how, and where the logs are. Where the
    worker raised an exception, its traceback follows.
    """

    def __init__(self, text: str, *, worker: int | None = None, traceback: str = "") -> None:
        super().__init__(text + f"\n\n{traceback.rstrip()}" * bool(traceback))
        self.worker = worker
        """The worker that failed first; None for a hang, where workers wait for each other."""
        self.traceback = traceback
        """The traceback of its exception, without the frames that start the function, or empty."""


class TooFewDevicesError(UsageError):
    """This host has fewer GPUs than the cluster needs."""

    def __init__(self, message: str, workers: int, replicas_per_worker: int) -> None:
        super().__init__(message)
        self.workers = workers
        self.replicas_per_worker = replicas_per_worker
