"""Preloaded, it lets a server fork three workers: then the kernel refuses, as at a limit."""

import errno
import itertools
import os

_fork = os.fork
_forks = itertools.count()


def fork() -> int:
    if next(_forks) < 3:
        return _fork()
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


os.fork = fork
