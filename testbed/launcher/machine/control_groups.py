"""Finds the control groups of this process, where the kernel counts and limits resources."""

from __future__ import annotations

from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")


def control_groups(controller: str = "") -> list[Path]:
    """The folders of this process's group and of all groups around it, innermost first.

    Args:
        controller: a controller of version 1, like `memory`; empty for version 2.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            top = _MOUNTED / controller
            own = top / path.lstrip("/")
            # In a container the path may be the host's, which does not exist here.
            return [each for each in (own, *own.parents) if each.is_relative_to(top)]
    return []


def number_in(file: Path) -> int | None:
    """The number in a file of a control group; None where it is missing, or is `max`."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
