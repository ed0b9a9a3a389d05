"""The file with worker 0's address and the run's token, readable by one user only."""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.launcher.trusted import read_private, write_private

_LONGEST = 2**16


@dataclass(frozen=True)
class Invitation:
    """The address at which worker 0 waits, and the token by which its agents prove themselves."""

    host: str
    port: int
    token: str
    folder: str
    """The path of the run's folder on worker 0's host."""

    def write(self, path: Path) -> None:
        """Write it as a file that only this user can read.

        Raises:
            OSError: it cannot be written for this user only: see `write_private`.
        """
        write_private(path, json.dumps(asdict(self)).encode())


def read_invitation(path: Path) -> Invitation:
    """Read the invitation that worker 0 has written.

    Raises:
        OSError: there is none, or another user could have written it; the error says why.
    """
    data = read_private(path, _LONGEST)
    try:
        fields = json.loads(data)
        found = Invitation(
            str(fields["host"]), int(fields["port"]), str(fields["token"]), str(fields["folder"])
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise _unreadable(path) from None
    if not (found.host and found.token and 0 < found.port < 2**16):
        raise _unreadable(path)
    return found


def _unreadable(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it does not say where worker 0 waits", str(path))
