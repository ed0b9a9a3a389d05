"""Where worker 0 waits, and the token of the run: a file that one user alone can read."""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.launcher.trusted import read_private, write_private

_LONGEST = 2**16


@dataclass(frozen=True)
class Invitation:
    """Where worker 0 waits, and how its agents prove that they may come in."""

    host: str
    port: int
    token: str
    folder: str
    """The path of the run's folder on worker 0's host."""

    def write(self, path: Path) -> None:
        """Write it for this user alone.

        Raises:
            OSError: see `write_private`.
        """
        write_private(path, json.dumps(asdict(self)).encode())


def read_invitation(path: Path) -> Invitation:
    """The invitation that worker 0 has written.

    Raises:
        OSError: there is none, or another user could have written it; says why.
    """
    data = read_private(path, _LONGEST)
    try:
        told = json.loads(data)
        found = Invitation(
            str(told["host"]), int(told["port"]), str(told["token"]), str(told["folder"])
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise _unreadable(path) from None
    if not (found.host and found.token and 0 < found.port < 2**16):
        raise _unreadable(path)
    return found


def _unreadable(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it says not where worker 0 waits", str(path))
