"""Settings of glibc's heap with which a worker is forked and joins in less CPU time."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

_VARIABLE = "GLIBC_TUNABLES"
_HUGE_PAGES = "glibc.malloc.hugetlb=1"
_M_ARENA_MAX = -8


def huge_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable that makes glibc request huge pages; none where the user has set it.

    A fork copies one entry for a huge page instead of 512, and a worker needs fewer page faults.
    glibc reads the variable when the process starts. Older versions than 2.35 ignore it.
    """
    return {} if _VARIABLE in environment else {_VARIABLE: _HUGE_PAGES}


def hide_request() -> None:
    """Remove the variable from this process, so that no program in a worker inherits it."""
    if os.environ.get(_VARIABLE) == _HUGE_PAGES:
        del os.environ[_VARIABLE]


def share_heap() -> None:
    """Let all threads of this process allocate from one heap; call it before they start.

    A thread's own heap grows by one page a system call, and the eight threads of TensorFlow's
    server allocate 4 MB each. Other C libraries have no such option.
    """
    if (set_option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        set_option(_M_ARENA_MAX, 1)
