"""Releases of TensorFlow, Keras and Python: how they are read and compared, and ranges of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from testbed.errors import UsageError

Release = tuple[int, int, int]
"""Major, minor and bug-fix number."""

# Records of others are read, too: Python refuses to convert thousands of digits.
_RELEASE = r"(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?"
_BOUND = re.compile(rf"(>=|<)\s*{_RELEASE}")


@dataclass(frozen=True)
class ReleaseRange:
    """A range of versions; without bounds it has all of them."""

    since: Release | None = None
    """The first version."""
    before: Release | None = None
    """The first version after the range."""

    def has(self, version: str) -> bool:
        """Whether a version is in the range; a pre-release counts as its release.

        A text that is no version is only in a range without bounds.
        """
        release = release_of(version)
        if release is None:
            return not (self.since or self.before)
        return not self.begins_after(version) and (not self.before or release < self.before)

    def begins_after(self, version: str) -> bool:
        """Whether a version is older than the range."""
        release = release_of(version)
        return bool(release and self.since and release < self.since)

    @property
    def minors(self) -> tuple[str, ...]:
        """The minor versions of a range with two bounds within one major version."""
        (major, first, _), (_, end, _) = self.since or (0, 0, 0), self.before or (0, 0, 0)
        return tuple(f"{major}.{minor}" for minor in range(first, end))

    @property
    def requirement(self) -> str:
        """The range for pip, like `>=2.15,<2.22`."""
        bounds = ((">=", self.since), ("<", self.before))
        return ",".join(f"{sign}{_short(bound)}" for sign, bound in bounds if bound)

    def words(self, product: str) -> str:
        """The range in words, like `since TensorFlow 2.18`; empty if it has every version."""
        parts = []
        if self.since:
            parts.append(f"since {product} {_short(self.since)}")
        if self.before:
            parts.append(f"before {'' if parts else f'{product} '}{_short(self.before)}")
        return " and ".join(parts)

    def __str__(self) -> str:
        """The first and last of its minor versions, like `2.15 to 2.21`."""
        return f"{self.minors[0]} to {self.minors[-1]}"


def release_of(version: str) -> Release | None:
    """The release numbers of a version, like (2, 22, 0) of `2.22.0-dev20261101`.

    Returns:
        None if the text does not begin with a version.
    """
    found = re.match(_RELEASE, version)
    return _numbers(found.groups()) if found else None


def order_of(version: str) -> tuple[Release, bool, str]:
    """A key by which versions are sorted; pre-releases come before their release."""
    rest = re.sub(f"^{_RELEASE}", "", version)
    return release_of(version) or (0, 0, 0), not rest, rest


def range_of(product: str, text: str) -> ReleaseRange:
    """The range that a text describes: `>=2.16`, `<3`, or both with a comma.

    Args:
        product: the argument that has the text, for messages.
        text: empty for every version.

    Raises:
        UsageError: the text is no range, or no version is in it.
    """
    bounds: dict[str, Release] = {}
    for part in text.split(",") if text else ():
        found = _BOUND.fullmatch(part.strip())
        if not found or found[1] in bounds:
            raise UsageError(
                f"{product}='{text}' is no range of versions; write one like '>=2.16', '<3' or"
                " '>=2.16,<2.18'"
            )
        bounds[found[1]] = _numbers(found.groups()[1:])
    since, before = bounds.get(">="), bounds.get("<")
    if since and before and since >= before:
        raise UsageError(f"no version is in {product}='{text}'")
    return ReleaseRange(since, before)


def _numbers(texts: tuple[str | None, ...]) -> Release:
    major, minor, fix = (int(each or 0) for each in texts)
    return major, minor, fix


def _short(release: Release) -> str:
    """A version without the zeros at its end, like 3 or 2.18."""
    return re.sub(r"(\.0)+$", "", ".".join(map(str, release)))


TENSORFLOW = ReleaseRange((2, 15, 0), (2, 22, 0))
"""The versions of TensorFlow with which the testbed is tested."""
PYTHON = ReleaseRange((3, 10, 0), (3, 14, 0))
"""The versions of Python with which the testbed is tested."""
