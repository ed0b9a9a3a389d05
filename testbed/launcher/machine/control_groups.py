"""The control groups of this process: where the kernel tells and limits what it may take."""

from __future__ import annotations

from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")


def control_groups(controller: str = "") -> list[Path]:
    """The folders of this process's own group and of all around it, the own first.

    Args:
        controller: of version 1, like `memory`; without one, those of version 2.
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
            # In a container the path may be one of the machine's, which is not there.
            return [each for each in (own, *own.parents) if each.is_relative_to(top)]
    return []


def number_in(file: Path) -> int | None:
    """The number that stands in a file of a control group; None where it is not there, or `max`."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
