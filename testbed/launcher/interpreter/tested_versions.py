"""The versions of TensorFlow and Python with which the testbed is tested, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int]


@dataclass(frozen=True)
class VersionRange:
    """All versions between two minor versions, both included."""

    first: Version
    last: Version

    def __contains__(self, version: str) -> bool:
        """Whether a version like `2.18.1` or `2.22.0.dev20261101` is in the range."""
        return self.first <= _minor(version) <= self.last

    def begins_after(self, version: str) -> bool:
        """Whether a version is older than the range."""
        return _minor(version) < self.first

    def __str__(self) -> str:
        """Like `2.15 to 2.21`."""
        return f"{_text(self.first)} to {_text(self.last)}"

    @property
    def requirement(self) -> str:
        """The range for pip, like `>=2.15,<2.22`."""
        major, minor = self.last
        return f">={_text(self.first)},<{_text((major, minor + 1))}"


def _minor(version: str) -> Version:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _text(version: Version) -> str:
    return ".".join(map(str, version))


TENSORFLOW = VersionRange((2, 15), (2, 21))
PYTHON = VersionRange((3, 10), (3, 13))
