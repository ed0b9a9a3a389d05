"""Processes that a worker starts, and that outlive it unless somebody ends them."""

import subprocess
import sys


def start_family(*, close_fds: bool = True) -> list[int]:
    """A child, and a daemon that took a session and a parent of its own."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(sleep, close_fds=close_fds)
    script = (
        f"import subprocess; print(subprocess.Popen({sleep!r}, start_new_session=True,"
        f" stdout=subprocess.DEVNULL, close_fds={close_fds}).pid)"
    )
    # The process in between ends at once, so the daemon is an orphan from its first moment on.
    between = [sys.executable, "-c", script]
    daemon = subprocess.run(between, stdout=subprocess.PIPE, check=True, close_fds=close_fds)
    return [child.pid, int(daemon.stdout)]
